"""Watched packages over the API: added one by one or by lock file, and what happened to them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from packamal.server.analyses.states import State
from packamal.server.api import links
from packamal.server.api.auth import READ, SUBMIT, actor, asker, owner
from packamal.server.api.cursors import MAX_LIMIT, Paging, page
from packamal.server.api.many import FILE_BODY, FileName, received
from packamal.server.api.once import PARAMETER, once
from packamal.server.api.problems import Problem
from packamal.server.watches import lists
from packamal.server.watches.lists import Entry
from packamal.server.watches.models import Kind, Watch, WatchEvent
from packamal.targets import MAX_CHARS

router = Router(tags=["watches"])
MAX_MANY = 1000
REFUSALS = (400, 401, 403, 404, 409, 422, 429)


class WatchesIn(Schema):
    """Packages to watch; the version in an address does not count."""

    model_config = ConfigDict(extra="forbid")
    purls: Annotated[
        list[Annotated[str, Field(max_length=MAX_CHARS)]],
        Field(min_length=1, max_length=MAX_MANY, examples=[["pkg:pypi/requests"]]),
    ]


class AddedOut(Schema):
    """What became of one entry."""

    requested: str
    id: UUID | None = None
    purl: str = ""
    is_new: bool = False
    error: str = ""
    """Why it is not watched."""


class ManyAddedOut(Schema):
    """What became of all of them, in their order."""

    items: list[AddedOut]
    skipped: list[str] = Field(default_factory=list)
    """Lines of a lock file that name no version of an index."""


class WatchOut(Schema):
    """A watched package as it stands."""

    id: UUID
    purl: str
    newest_version: str
    """Empty until the index has answered."""
    analysis: str | None
    """Of the newest version."""
    state: State | None
    """Of that analysis."""
    level: str
    """Its verdict, once there is one."""
    last_event: Kind | None
    last_event_at: datetime.datetime | None
    checked_at: datetime.datetime | None
    trouble: str
    """Why the index could not be asked."""
    created_at: datetime.datetime


class WatchesOut(Schema):
    """One page, newest first."""

    items: list[WatchOut]
    next: str | None


class WatchEventOut(Schema):
    """Something that happened to a watched package."""

    id: int
    at: datetime.datetime
    kind: Kind
    package: str
    purl: str
    version: str
    level: str
    previous: str
    """The level before; empty: there was none."""
    analysis: str | None


class WatchEventsOut(Schema):
    """Newest first."""

    items: list[WatchEventOut]


class EventPaging(Schema):
    """Which part of the events."""

    before: Annotated[int | None, Field(ge=1, lt=2**63)] = None
    """Id of the last event of the page before."""
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50


@router.get("/watches", auth=READ, response={200: WatchesOut, REFUSALS: Problem}, url_name="watches")
def list_watches(request: HttpRequest, paging: Query[Paging]) -> WatchesOut:
    """What the key's owner watches."""
    found, following = page(lists.watches_of(owner(request)), paging.cursor, paging.limit)
    return WatchesOut(items=[_shown(row) for row in found], next=following)


@router.post(
    "/watches",
    auth=SUBMIT,
    response={201: ManyAddedOut, REFUSALS: Problem},
    url_name="watches-create",
    openapi_extra=PARAMETER,
)
def add_watches(request: HttpRequest, response: HttpResponse, body: WatchesIn) -> Status[ManyAddedOut] | HttpResponse:
    """Watch packages; what is wrong with one does not hold the others up."""
    return once(request, response, request.body, lambda: Status(201, ManyAddedOut(items=_add(request, body.purls))))


@router.post(
    "/watches/lock-files",
    auth=SUBMIT,
    response={201: ManyAddedOut, (413, *REFUSALS): Problem},
    url_name="watches-lock-files",
    openapi_extra=FILE_BODY,
)
def watch_lock_file(
    request: HttpRequest, response: HttpResponse, query: Query[FileName]
) -> Status[ManyAddedOut] | HttpResponse:
    """Watch every package that a lock file names; the file itself is the body."""
    content, found = received(request, query.name)

    def work() -> Status[ManyAddedOut]:
        items = _add(request, (one.purl for one in found.packages))
        return Status(201, ManyAddedOut(items=items, skipped=list(found.skipped)))

    return once(request, response, content, work)


@router.get("/watches/events", auth=READ, response={200: WatchEventsOut, REFUSALS: Problem}, url_name="watches-events")
def list_all_events(request: HttpRequest, paging: Query[EventPaging]) -> WatchEventsOut:
    """What happened to all that the key's owner watches."""
    return _events(request, paging, {})


@router.get("/watches/{uuid:watch_id}", auth=READ, response={200: WatchOut, REFUSALS: Problem}, url_name="watch")
def get_watch(request: HttpRequest, watch_id: UUID) -> WatchOut:
    """One."""
    return _shown(_one(request, watch_id))


@router.delete(
    "/watches/{uuid:watch_id}", auth=SUBMIT, response={204: None, REFUSALS: Problem}, url_name="watch-delete"
)
def delete_watch(request: HttpRequest, watch_id: UUID) -> Status[None]:
    """Watch it no longer."""
    lists.remove(actor(request), _one(request, watch_id))
    return Status(204, None)


@router.get(
    "/watches/{uuid:watch_id}/events",
    auth=READ,
    response={200: WatchEventsOut, REFUSALS: Problem},
    url_name="watch-events",
)
def list_events(request: HttpRequest, watch_id: UUID, paging: Query[EventPaging]) -> WatchEventsOut:
    """What happened to one package since it is watched."""
    return _events(request, paging, {"package": _one(request, watch_id).package_id})


def _one(request: HttpRequest, watch_id: UUID) -> Watch:
    return get_object_or_404(lists.watches_of(owner(request)), pk=watch_id)


def _add(request: HttpRequest, purls: Iterable[str]) -> list[AddedOut]:
    entries: Sequence[Entry] = lists.add(actor(request), owner(request), asker(request).key, purls)
    return [
        AddedOut(
            requested=entry.requested,
            id=entry.watch.pk if entry.watch else None,
            purl=entry.watch.package.purl if entry.watch else "",
            is_new=entry.is_new,
            error=entry.error,
        )
        for entry in entries
    ]


def _events(request: HttpRequest, paging: EventPaging, of: dict[str, int]) -> WatchEventsOut:
    rows = lists.events_of(owner(request)).filter(**of)
    rows = rows.filter(pk__lt=paging.before) if paging.before else rows
    return WatchEventsOut(items=[_event(row) for row in rows[: paging.limit]])


def _shown(row: Watch) -> WatchOut:
    package, latest = row.package, row.package.latest
    return WatchOut(
        id=row.pk,
        purl=package.purl,
        newest_version=package.newest_version,
        analysis=links.analysis(latest.pk) if latest else None,
        state=State(latest.state) if latest else None,
        level=latest.level if latest else "",
        last_event=getattr(row, "last_kind", None),
        last_event_at=getattr(row, "last_at", None),
        checked_at=package.checked_at,
        trouble=package.trouble,
        created_at=row.created_at,
    )


def _event(row: WatchEvent) -> WatchEventOut:
    return WatchEventOut(
        id=row.pk,
        at=row.at,
        kind=Kind(row.kind),
        package=row.package.purl,
        purl=row.purl,
        version=row.version,
        level=row.level,
        previous=row.previous,
        analysis=links.analysis(row.analysis_id) if row.analysis_id else None,
    )
