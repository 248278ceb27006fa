"""Submit a package, see where its analysis stands."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from packamal.server.analyses.models import Analysis
from packamal.server.analyses.queue import position
from packamal.server.analyses.states import Category, Lane, State
from packamal.server.api import links
from packamal.server.api.auth import READ, SUBMIT, asker
from packamal.server.api.once import PARAMETER, once
from packamal.server.api.problems import Problem
from packamal.server.pipeline.submit import submit
from packamal.targets import MAX_CHARS

router = Router(tags=["analyses"])
Purl = Annotated[str, Field(max_length=MAX_CHARS, examples=["pkg:pypi/requests@2.32.3"])]
"""A package address; without a version the newest is meant."""


class Submission(Schema):
    """What is to be judged."""

    model_config = ConfigDict(extra="forbid")
    purl: Purl
    lane: Literal["interactive", "bulk"] = "bulk"
    """interactive: somebody waits for the answer."""
    force: StrictBool = False
    """Judge again though there is an answer."""


class VerdictOut(Schema):
    """The answer in short; the report holds all of it."""

    level: str
    score: int
    reason: str


class ErrorOut(Schema):
    """Why there is no answer."""

    category: Category
    message: str


class LinksOut(Schema):
    """Where to go on."""

    self: str
    report: str | None
    """Once there is one."""
    page: str


class AnalysisOut(Schema):
    """An analysis as it stands."""

    id: UUID
    purl: str
    requested: str
    state: State
    lane: Lane
    stage: str
    """What is being done; text, not a state."""
    steps_done: int
    steps_total: int
    queue_position: int | None
    """1 is next; only while queued."""
    attempt: int
    rules_version: str
    created_at: datetime.datetime
    started_at: datetime.datetime | None
    finished_at: datetime.datetime | None
    verdict: VerdictOut | None
    error: ErrorOut | None
    links: LinksOut


def shown(row: Analysis) -> AnalysisOut:
    """A row for callers."""
    has_report = row.state == State.DONE
    return AnalysisOut(
        id=row.pk,
        purl=row.purl,
        requested=row.requested,
        state=State(row.state),
        lane=Lane(row.lane),
        stage=row.stage if row.state == State.RUNNING else "",
        steps_done=row.steps_done,
        steps_total=row.steps_total,
        queue_position=position(row),
        attempt=row.attempt,
        rules_version=row.rules_version,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        verdict=VerdictOut(level=row.level, score=row.score or 0, reason=row.reason) if has_report else None,
        error=ErrorOut(category=Category(row.error_category), message=row.error) if row.error_category else None,
        links=LinksOut(
            self=links.analysis(row.pk), report=links.report(row.pk) if has_report else None, page=links.page(row.pk)
        ),
    )


@router.post(
    "/analyses",
    auth=SUBMIT,
    response={202: AnalysisOut, 200: AnalysisOut, (400, 401, 403, 409, 422, 429): Problem},
    url_name="analyses",
    openapi_extra=PARAMETER,
)
def submit_analysis(
    request: HttpRequest, response: HttpResponse, body: Submission
) -> Status[AnalysisOut] | HttpResponse:
    """Submit a package: 202 for a new analysis, 200 when the same package was or is judged under the same rules."""

    def work() -> Status[AnalysisOut]:
        claimed = submit(body.purl, asker(request), Lane(body.lane), body.force)
        answer = shown(claimed.analysis)
        response["Location"] = answer.links.self
        return Status(202 if claimed.is_new else 200, answer)

    return once(request, response, request.body, work)


@router.get(
    "/analyses/{uuid:analysis_id}",
    auth=READ,
    response={200: AnalysisOut, (401, 403, 404, 429): Problem},
    url_name="analysis",
)
def get_analysis(request: HttpRequest, analysis_id: UUID) -> AnalysisOut:
    """Where an analysis stands. Its id cannot be guessed; whoever has it and a key may read it."""
    return shown(get_object_or_404(Analysis, pk=analysis_id))
