"""Sums for the dashboard, kept for a minute: counts from the database, times from a bounded sample."""

from __future__ import annotations

import datetime
import statistics
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import Count, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from packamal.model import Level
from packamal.server.analyses.models import Analysis, FoundRule
from packamal.server.analyses.states import State
from packamal.server.pages import words
from packamal.server.review.models import Decision, Kind

KEPT_S = 60
SAMPLE = 5_000
"""Newest finished analyses that times are taken from."""
TOP = 8
LEVELS = (Level.MALICIOUS, Level.SUSPICIOUS, Level.INCOMPLETE, Level.CLEAN)


class Range(NamedTuple):
    """One stretch of time that can be looked at."""

    word: str
    length: datetime.timedelta
    bar: datetime.timedelta
    step: str
    """The width of a bar, in words."""


RANGES: dict[str, Range] = {
    "24h": Range("24 hours", datetime.timedelta(days=1), datetime.timedelta(hours=1), "1 h"),
    "7d": Range("7 days", datetime.timedelta(days=7), datetime.timedelta(hours=6), "6 h"),
    "30d": Range("30 days", datetime.timedelta(days=30), datetime.timedelta(days=1), "1 day"),
}


class Bucket(NamedTuple):
    """What was asked for in one stretch of time."""

    begins: datetime.datetime
    levels: tuple[int, ...]
    """In the order of LEVELS."""
    failed: int
    median_s: float | None
    p95_s: float | None
    waits_s: tuple[float | None, ...]
    """Longest wait in each lane."""


class RuleRow(NamedTuple):
    """One rule that spoke."""

    rule: str
    packages: int
    confirmed: int
    overridden: int


class EcosystemRow(NamedTuple):
    """One ecosystem."""

    kind: str
    total: int
    malicious: int
    suspicious: int
    median_s: float | None


class Sums(NamedTuple):
    """Everything on the dashboard."""

    begins: datetime.datetime
    ends: datetime.datetime
    buckets: list[Bucket]
    total: int
    before: int
    levels: dict[str, int]
    failed: list[tuple[str, int, str]]
    """Category, how many, whose matter."""
    median_s: float | None
    p95_s: float | None
    confirmed: int
    overridden: int
    rules: list[RuleRow]
    ecosystems: list[EcosystemRow]

    @property
    def unfinished(self) -> int:
        """Incomplete or failed."""
        return self.levels.get(Level.INCOMPLETE, 0) + sum(count for _, count, _ in self.failed)


class Time(NamedTuple):
    """One analysis of the sample."""

    created_at: datetime.datetime
    wait_s: float
    took_s: float
    lane: str
    ecosystem: str


def sums(name: str) -> Sums:
    """The sums of a range, at most KEPT_S old."""
    kept: Sums | None = cache.get(f"pages.sums.{name}")
    if kept is None:
        kept = _sums(RANGES[name].length, RANGES[name].bar)
        cache.set(f"pages.sums.{name}", kept, KEPT_S)
    return kept


def _sums(length: datetime.timedelta, step: datetime.timedelta) -> Sums:
    now = timezone.now()
    ends = now.replace(minute=0, second=0, microsecond=0) + datetime.timedelta(hours=1)
    begins = ends - length
    rows = Analysis.objects.filter(created_at__gte=begins)
    times = _times(begins)
    by_level = dict(rows.filter(state=State.DONE).values_list("level").annotate(Count("pk")).order_by())
    failed = (
        rows.filter(state=State.FAILED).values_list("error_category").annotate(found=Count("pk")).order_by("-found")
    )
    said = Decision.objects.filter(at__gte=begins, undone_at=None)
    took = sorted(time.took_s for time in times)
    return Sums(
        begins=begins,
        ends=now,
        buckets=_buckets(begins, ends, step, times),
        total=rows.count(),
        before=Analysis.objects.filter(created_at__gte=begins - length, created_at__lt=begins).count(),
        levels=by_level,
        failed=[
            (category, count, words.FAULT.get(category, words.FAULT_OURS))
            for category, count in failed.order_by("-found")
        ],
        median_s=statistics.median(took) if took else None,
        p95_s=_p95(took),
        confirmed=said.filter(kind=Kind.CONFIRM).count(),
        overridden=said.filter(kind=Kind.OVERRIDE).count(),
        rules=_rules(begins),
        ecosystems=_ecosystems(begins, times),
    )


def _times(begins: datetime.datetime) -> list[Time]:
    rows = Analysis.objects.filter(created_at__gte=begins, state=State.DONE).order_by("-created_at", "-id")
    found = rows.values_list("created_at", "started_at", "finished_at", "lane", "ecosystem")[:SAMPLE]
    return [
        Time(created, (started - created).total_seconds(), (finished - started).total_seconds(), lane, ecosystem)
        for created, started, finished, lane, ecosystem in found
        if started and finished
    ]


def _buckets(
    begins: datetime.datetime, ends: datetime.datetime, step: datetime.timedelta, times: list[Time]
) -> list[Bucket]:
    count = (ends - begins) // step
    levels = [dict.fromkeys(LEVELS, 0) for _ in range(count)]
    failed = [0] * count
    hours = Analysis.objects.filter(created_at__gte=begins, state__in=(State.DONE, State.FAILED))
    for hour, level, found in (
        hours.annotate(hour=TruncHour("created_at")).values_list("hour", "level").annotate(Count("pk")).order_by()
    ):
        index = min((hour - begins) // step, count - 1)
        if level:
            levels[index][Level(level)] += found
        else:
            failed[index] += found
    spread: list[list[Time]] = [[] for _ in range(count)]
    for time in times:
        spread[min((time.created_at - begins) // step, count - 1)].append(time)
    return [
        _bucket(begins + index * step, tuple(levels[index].values()), failed[index], spread[index])
        for index in range(count)
    ]


def _bucket(begins: datetime.datetime, levels: tuple[int, ...], failed: int, times: list[Time]) -> Bucket:
    took = sorted(time.took_s for time in times)
    waits = tuple(max((time.wait_s for time in times if time.lane == lane), default=None) for lane in words.LANES)
    return Bucket(begins, levels, failed, statistics.median(took) if took else None, _p95(took), waits)


def _rules(begins: datetime.datetime) -> list[RuleRow]:
    rows = FoundRule.objects.filter(analysis__created_at__gte=begins)
    held = Q(analysis__decisions__undone_at=None)
    found = (
        rows.values("rule")
        .annotate(
            packages=Count("analysis", distinct=True),
            confirmed=Count("analysis", held & Q(analysis__decisions__kind=Kind.CONFIRM), distinct=True),
            overridden=Count("analysis", held & Q(analysis__decisions__kind=Kind.OVERRIDE), distinct=True),
        )
        .order_by("-packages", "rule")[:TOP]
    )
    return [RuleRow(row["rule"], row["packages"], row["confirmed"], row["overridden"]) for row in found]


def _ecosystems(begins: datetime.datetime, times: list[Time]) -> list[EcosystemRow]:
    found = (
        Analysis.objects.filter(created_at__gte=begins)
        .values_list("ecosystem")
        .annotate(
            total=Count("pk"),
            bad=Count("pk", Q(level=Level.MALICIOUS)),
            odd=Count("pk", Q(level=Level.SUSPICIOUS)),
        )
        .order_by("-total")[:TOP]
    )
    return [EcosystemRow(kind, total, bad, odd, _median(times, kind)) for kind, total, bad, odd in found]


def _median(times: list[Time], ecosystem: str) -> float | None:
    took = [time.took_s for time in times if time.ecosystem == ecosystem]
    return statistics.median(took) if took else None


def _p95(ordered: list[float]) -> float | None:
    return ordered[min(len(ordered) * 95 // 100, len(ordered) - 1)] if ordered else None
