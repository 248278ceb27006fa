"""The feeds: where each stands, and for administrators pause, resume and a look at once."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Path, Router, Schema, Status
from ninja.errors import HttpError

from packamal.server.api.auth import ADMIN, READ, actor
from packamal.server.api.problems import Problem
from packamal.server.feeds import state
from packamal.server.feeds.state import Standing

router = Router(tags=["feeds"])
Name = Annotated[Literal["pypi", "npm", "crates", "rubygems", "packagist", "go"], Path()]
CHANGES = (401, 403, 404, 409, 422, 429)


class FeedOut(Schema):
    """One feed."""

    name: str
    ecosystem: str
    """Type of its package addresses."""
    is_on: bool
    """It has an address in the settings."""
    is_paused: bool
    is_analysed: bool
    """Its releases are submitted; else they are listed alone."""
    cursor: str
    """Where it goes on from, in the words of its source."""
    age_s: int | None
    """Since its last answer; null: off, or no turn yet."""
    succeeded_at: datetime.datetime | None
    polled_at: datetime.datetime | None
    due_at: datetime.datetime | None
    """Of the next turn."""
    failures: int
    """In a row."""
    last_error: str
    missed: int
    """About how many releases a gap may have swallowed that was not made good."""
    gap: str
    gap_at: datetime.datetime | None
    held: str
    """Why releases wait at their source."""
    taken: int
    """Releases since it began."""


class FeedsOut(Schema):
    """Every feed that there is."""

    items: list[FeedOut]


@router.get("/feeds", auth=READ, response={200: FeedsOut, (401, 403, 429): Problem}, url_name="feeds")
def list_feeds(request: HttpRequest) -> FeedsOut:
    """Where each stands, those that are off as well."""
    return FeedsOut(items=[_shown(one) for one in state.standings()])


@router.post("/feeds/{name}/pause", auth=ADMIN, response={200: FeedOut, CHANGES: Problem}, url_name="feed-pause")
def pause_feed(request: HttpRequest, name: Name) -> Status[FeedOut]:
    """No turns until it is resumed; 409 when it is paused."""
    return _changed(state.pause, request, name, "this feed is paused")


@router.post("/feeds/{name}/resume", auth=ADMIN, response={200: FeedOut, CHANGES: Problem}, url_name="feed-resume")
def resume_feed(request: HttpRequest, name: Name) -> Status[FeedOut]:
    """Go on from the cursor; 409 when it is not paused."""
    return _changed(state.resume, request, name, "this feed is not paused")


@router.post("/feeds/{name}/poll", auth=ADMIN, response={200: FeedOut, CHANGES: Problem}, url_name="feed-poll")
def poll_feed(request: HttpRequest, name: Name) -> Status[FeedOut]:
    """Give it the next turn, within seconds, whatever it waits for; 409 while it is paused."""
    return _changed(state.poll_now, request, name, "this feed is paused")


def _changed(change: Callable[[str, str], bool], request: HttpRequest, name: str, refusal: str) -> Status[FeedOut]:
    standing = state.standing(name)
    if standing is None or not standing.is_on:
        raise HttpError(409, "this feed is off: the settings give it no address")
    if not change(name, actor(request)):
        raise HttpError(409, refusal)
    after = state.standing(name)
    assert after is not None
    return Status(200, _shown(after))


def _shown(one: Standing) -> FeedOut:
    row = one.state
    return FeedOut(
        name=one.name,
        ecosystem=one.ecosystem,
        is_on=one.is_on,
        is_paused=row.is_paused,
        is_analysed=one.is_analysed,
        cursor=row.cursor,
        age_s=one.age_s,
        succeeded_at=row.succeeded_at,
        polled_at=row.polled_at,
        due_at=row.due_at if one.is_on and not row.is_paused else None,
        failures=row.failures,
        last_error=row.error,
        missed=row.missed,
        gap=row.gap,
        gap_at=row.gap_at,
        held=row.held,
        taken=row.taken,
    )
