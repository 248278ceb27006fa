"""Numbers of the queue and of the last day, as home and the live page show them."""

from __future__ import annotations

import datetime
import statistics
from typing import NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Min

from packamal.model import Level
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane, State
from packamal.server.pages import words

KEPT_S = 30
"""How old a figure may be that costs more than the page it stands on."""
SAMPLE = 100
"""Latest analyses that say how long one takes."""


class LaneRow(NamedTuple):
    """One lane of the queue."""

    word: str
    waiting: int
    oldest: datetime.timedelta | None
    running: int


class Queue(NamedTuple):
    """What somebody who comes now has to know."""

    starts_in: datetime.timedelta
    running: int
    waiting: int
    oldest: datetime.timedelta | None
    median: datetime.timedelta | None
    lanes: list[LaneRow]


class Day(NamedTuple):
    """The last 24 hours."""

    total: int
    levels: list[tuple[str, int]]


def queue(now: datetime.datetime) -> Queue:
    """As it stands; one question for each state, since each has an index of its own."""
    waits = Analysis.objects.filter(state=State.QUEUED).values_list("lane")
    waits_in = {
        lane: (count, oldest) for lane, count, oldest in waits.annotate(Count("pk"), Min("created_at")).order_by()
    }
    runs = Analysis.objects.filter(state=State.RUNNING).values_list("lane")
    runs_in = dict(runs.annotate(Count("pk")).order_by())
    lanes = [_lane(lane, *waits_in.get(lane, (0, None)), runs_in.get(lane, 0), now) for lane in Lane]
    running, waiting = sum(row.running for row in lanes), sum(row.waiting for row in lanes)
    usual = usual_time()
    ahead = Analysis.objects.filter(state=State.QUEUED, due_at__lte=now).count()
    slots = max(running, settings.PACKAMAL.scans)
    rounds = 0 if running + ahead < slots else -(-(ahead + 1) // slots)
    oldest = max((row.oldest for row in lanes if row.oldest), default=None)
    return Queue((usual or datetime.timedelta(0)) * rounds, running, waiting, oldest, usual, lanes)


def usual_time(ecosystem: str = "") -> datetime.timedelta | None:
    """Median of the latest finished ones, or None before there are any."""
    name = f"pages.usual.{ecosystem}"
    kept = cache.get(name)
    if kept is None:
        rows = Analysis.objects.filter(state=State.DONE).order_by("-created_at", "-id")
        rows = rows.filter(ecosystem=ecosystem) if ecosystem else rows
        times = [
            (ended - began).total_seconds()
            for began, ended in rows.values_list("started_at", "finished_at")[:SAMPLE]
            if began and ended
        ]
        kept = statistics.median(times) if times else -1.0
        cache.set(name, kept, KEPT_S)
    return None if kept < 0 else datetime.timedelta(seconds=kept)


def last_day(now: datetime.datetime) -> Day:
    """How many, and how they were judged."""
    kept = cache.get("pages.day")
    if kept is None:
        since = now - datetime.timedelta(days=1)
        counts = Analysis.objects.filter(created_at__gte=since).values_list("level").annotate(Count("pk")).order_by()
        kept = dict(counts)
        cache.set("pages.day", kept, KEPT_S)
    told = [(level.value, kept.get(level.value, 0)) for level in (Level.MALICIOUS, Level.SUSPICIOUS, Level.INCOMPLETE)]
    return Day(sum(kept.values()), told)


def _lane(lane: Lane, waiting: int, oldest: datetime.datetime | None, running: int, now: datetime.datetime) -> LaneRow:
    return LaneRow(words.LANES[lane], waiting, now - oldest if oldest else None, running)
