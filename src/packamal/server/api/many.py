"""Many packages in one call: a list of addresses, or a lock file. Each entry has an answer of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import ConfigDict, Field

from packamal.ecosystems.lockfiles import MAX_BYTES, LockFile, read_lock_file
from packamal.errors import UsageError
from packamal.server.accounts.quota import QuotaError
from packamal.server.analyses.states import Lane, State
from packamal.server.api import links
from packamal.server.api.auth import SUBMIT, asker
from packamal.server.api.fields import Text
from packamal.server.api.once import PARAMETER, once
from packamal.server.api.problems import Problem
from packamal.server.pipeline.submit import submit
from packamal.targets import MAX_CHARS

router = Router(tags=["analyses"])
MAX_BATCH = 1000
"""Each entry is a handful of statements: seconds for all of them."""
FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    **PARAMETER,
}


class Batch(Schema):
    """What is to be judged."""

    model_config = ConfigDict(extra="forbid")
    purls: Annotated[
        list[Annotated[str, Field(max_length=MAX_CHARS)]],
        Field(min_length=1, max_length=MAX_BATCH, examples=[["pkg:pypi/requests@2.32.3"]]),
    ]
    lane: Literal["interactive", "bulk"] = "bulk"


class EntryOut(Schema):
    """What became of one entry."""

    requested: str
    id: UUID | None = None
    state: State | None = None
    level: str = ""
    """Once there is an answer."""
    is_new: bool = False
    link: str = ""
    error: str = ""
    """Why it was not taken."""


class ManyOut(Schema):
    """What became of all of them, in their order."""

    items: list[EntryOut]
    skipped: list[str] = Field(default_factory=list)
    """Lines of a lock file that name no exact version of an index."""


class FileName(Schema):
    """Which kind of lock file it is."""

    name: Annotated[Text, Field(min_length=1, max_length=255, examples=["package-lock.json"])]


class NewLockFile(FileName):
    """The same, and how urgent it is."""

    lane: Literal["interactive", "bulk"] = "bulk"


@router.post(
    "/batches",
    auth=SUBMIT,
    response={202: ManyOut, (400, 401, 403, 409, 422, 429): Problem},
    url_name="batches",
    openapi_extra=PARAMETER,
)
def submit_batch(request: HttpRequest, response: HttpResponse, body: Batch) -> Status[ManyOut] | HttpResponse:
    """Submit many packages; what is wrong with one does not hold the others up."""
    return once(
        request,
        response,
        request.body,
        lambda: Status(202, ManyOut(items=_submit_all(request, body.purls, Lane(body.lane)))),
    )


@router.post(
    "/lock-files",
    auth=SUBMIT,
    response={202: ManyOut, (400, 401, 403, 409, 413, 422, 429): Problem},
    url_name="lock-files",
    openapi_extra=FILE_BODY,
)
def submit_lock_file(
    request: HttpRequest, response: HttpResponse, query: Query[NewLockFile]
) -> Status[ManyOut] | HttpResponse:
    """Submit every exact version that a lock file names; the file itself is the body."""
    content, found = received(request, query.name)

    def work() -> Status[ManyOut]:
        items = _submit_all(request, (one.purl for one in found.packages), Lane(query.lane))
        return Status(202, ManyOut(items=items, skipped=list(found.skipped)))

    return once(request, response, content, work)


def received(request: HttpRequest, name: str) -> tuple[bytes, LockFile]:
    """The body and the lock file that it is. Raises HttpError 413, 422."""
    content = request.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise HttpError(413, f"a lock file may have {MAX_BYTES >> 20} MB")
    try:
        return content, read_lock_file(name, content)
    except UsageError as error:
        raise HttpError(422, str(error)) from error


def _submit_all(request: HttpRequest, purls: Iterable[str], lane: Lane) -> list[EntryOut]:
    who, items = asker(request), []
    for purl in dict.fromkeys(purls):
        try:
            claimed = submit(purl, who, lane)
        except (UsageError, QuotaError) as error:
            items.append(EntryOut(requested=purl, error=str(error)))
            continue
        row = claimed.analysis
        items.append(
            EntryOut(
                requested=purl,
                id=row.pk,
                state=State(row.state),
                level=row.level,
                is_new=claimed.is_new,
                link=links.analysis(row.pk),
            )
        )
    return items
