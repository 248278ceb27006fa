"""Sums for the dashboard, kept for a minute: counts from the database, times from a bounded sample."""

from __future__ import annotations

import datetime
import statistics
from collections import Counter
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


class Group(NamedTuple):
    """Analyses of one hour that are alike."""

    hour: datetime.datetime
    state: str
    level: str
    category: str
    ecosystem: str
    rows: int


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
    groups, times = _groups(begins), _times(begins)
    said = Decision.objects.filter(at__gte=begins, undone_at=None)
    took = sorted(time.took_s for time in times)
    failed = Counter[str]()
    levels = Counter[str]()
    for group in groups:
        failed[group.category] += group.rows if group.state == State.FAILED else 0
        levels[group.level] += group.rows if group.state == State.DONE else 0
    return Sums(
        begins=begins,
        ends=now,
        buckets=_buckets(begins, ends, step, groups, times),
        total=sum(group.rows for group in groups),
        before=Analysis.objects.filter(created_at__gte=begins - length, created_at__lt=begins).count(),
        levels=dict(+levels),
        failed=[
            (category, count, words.FAULT.get(category, words.FAULT_OURS))
            for category, count in (+failed).most_common()
        ],
        median_s=statistics.median(took) if took else None,
        p95_s=_p95(took),
        confirmed=said.filter(kind=Kind.CONFIRM).count(),
        overridden=said.filter(kind=Kind.OVERRIDE).count(),
        rules=_rules(begins),
        ecosystems=_ecosystems(groups, times),
    )


def _groups(begins: datetime.datetime) -> list[Group]:
    """Everything that is counted, in one pass over the rows."""
    rows = Analysis.objects.filter(created_at__gte=begins).annotate(hour=TruncHour("created_at"))
    found = rows.values_list("hour", "state", "level", "error_category", "ecosystem").annotate(Count("pk")).order_by()
    return [Group(*row) for row in found]


def whose(category: str) -> str:
    """Whose matter a category of errors is."""
    return words.FAULT.get(category, words.FAULT_OURS)


def _times(begins: datetime.datetime) -> list[Time]:
    rows = Analysis.objects.filter(created_at__gte=begins, state=State.DONE).order_by("-created_at", "-id")
    found = rows.values_list("created_at", "started_at", "finished_at", "lane", "ecosystem")[:SAMPLE]
    return [
        Time(created, (started - created).total_seconds(), (finished - started).total_seconds(), lane, ecosystem)
        for created, started, finished, lane, ecosystem in found
        if started and finished
    ]


def _buckets(
    begins: datetime.datetime, ends: datetime.datetime, step: datetime.timedelta, groups: list[Group], times: list[Time]
) -> list[Bucket]:
    count = (ends - begins) // step
    levels = [dict.fromkeys(LEVELS, 0) for _ in range(count)]
    failed = [0] * count
    for group in groups:
        index = min((group.hour - begins) // step, count - 1)
        if group.state == State.DONE:
            levels[index][Level(group.level)] += group.rows
        elif group.state == State.FAILED:
            failed[index] += group.rows
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


def _ecosystems(groups: list[Group], times: list[Time]) -> list[EcosystemRow]:
    total, malicious, suspicious = Counter[str](), Counter[str](), Counter[str]()
    for group in groups:
        total[group.ecosystem] += group.rows
        malicious[group.ecosystem] += group.rows if group.level == Level.MALICIOUS else 0
        suspicious[group.ecosystem] += group.rows if group.level == Level.SUSPICIOUS else 0
    return [
        EcosystemRow(kind, count, malicious[kind], suspicious[kind], _median(times, kind))
        for kind, count in total.most_common(TOP)
    ]


def _median(times: list[Time], ecosystem: str) -> float | None:
    took = [time.took_s for time in times if time.ecosystem == ecosystem]
    return statistics.median(took) if took else None


def _p95(ordered: list[float]) -> float | None:
    return ordered[min(len(ordered) * 95 // 100, len(ordered) - 1)] if ordered else None
