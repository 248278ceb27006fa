"""The dashboard: is there an attack, are we late, what did not finish, what to tune. Every number links to its list."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from packamal.model import Level
from packamal.render.words import duration
from packamal.server.accounts.models import Role
from packamal.server.pages import figures, plots, words
from packamal.server.pages.access import needs
from packamal.server.pages.sums import LEVELS, RANGES, Bucket, Sums, sums

WIDTH = 640
NARROW = 420
KINDS = ("f-mal", "f-sus", "f-inc")
LANE_KINDS = ("dots", "dash", "ink")
"""By hand, batches, feeds."""
GOAL = 2.0
"""Percent that may stay incomplete or failed."""


@require_safe
@needs(Role.VIEWER)
def dashboard(request: HttpRequest) -> HttpResponse:
    """The page, over 24 hours, 7 or 30 days."""
    name = request.GET.get("range", "7d")
    name = name if name in RANGES else "7d"
    found = sums(name)
    word, step = RANGES[name].word, RANGES[name].step
    share = 100 * found.unfinished / found.total if found.total else 0.0
    most = max((row.packages for row in found.rules), default=1)
    context = {
        "section": "dashboard",
        "ranges": [(key, one.word) for key, one in RANGES.items()],
        "range": name,
        "word": word,
        "step": step,
        "sums": found,
        "malicious": found.levels.get(Level.MALICIOUS, 0),
        "change": found.total - found.before,
        "queue": figures.queue(timezone.now()),
        "share": f"{share:.1f} %",
        "goal": f"{GOAL:.0f} %",
        "verdicts": verdict_plot(found),
        "waits": wait_plot(found),
        "through": throughput_plot(found),
        "lanes": list(zip(LANE_KINDS, words.LANES.values(), strict=True)),
        "unfinished": _unfinished(found),
        "rules": [(row, _bar(row.packages, most)) for row in found.rules],
    }
    return render(request, "pages/dashboard.html", context)


@require_safe
@needs(Role.VIEWER)
def table(request: HttpRequest) -> HttpResponse:
    """The same numbers as CSV."""
    name = request.GET.get("range", "7d")
    found = sums(name if name in RANGES else "7d")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["begins", *(str(level) for level in LEVELS), "failed", "median_s", "p95_s"])
    for one in found.buckets:
        writer.writerow([one.begins.isoformat(), *one.levels, one.failed, one.median_s, one.p95_s])
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="dashboard.csv"'
    return response


def verdict_plot(found: Sums) -> plots.Plot:
    """What needs a look above, clean below on its own scale, so that thousands of clean ones hide nothing."""
    looks = [one.levels[:3] for one in found.buckets]
    clean = [one.levels[3:] for one in found.buckets]
    upper = plots.Frame(WIDTH, 12, 120, plots.nice(max((sum(stack) for stack in looks), default=0)))
    lower = plots.Frame(WIDTH, 154, 40, plots.nice(max((sum(stack) for stack in clean), default=0)))
    grid, texts = plots.axis(upper, _whole)
    below, numbers = plots.axis(lower, _whole)
    shapes = plots.bars(upper, looks, KINDS, True) + plots.bars(lower, clean, ("f-cle",), True)
    title = (
        f"{found.levels.get(Level.MALICIOUS, 0):,} malicious, {found.levels.get(Level.SUSPICIOUS, 0):,} suspicious, "
        f"{found.levels.get(Level.INCOMPLETE, 0):,} incomplete and {found.levels.get(Level.CLEAN, 0):,} clean"
    )
    labels = plots.dates(lower, _days(found.buckets), 212)
    return plots.Plot(WIDTH, 218, title, grid + below[::2], shapes, [], texts + numbers[::2] + labels)


def wait_plot(found: Sums) -> plots.Plot:
    """Longest wait for a worker, by lane."""
    series = list(zip(*(one.waits_s for one in found.buckets), strict=True))
    highest = max((value for values in series for value in values if value), default=0.0)
    frame = plots.Frame(NARROW, 12, 182, plots.nice(highest))
    grid, texts = plots.axis(frame, _short)
    lines = [one for kind, values in zip(LANE_KINDS, series, strict=True) for one in plots.line(frame, values, kind)]
    title = f"Longest wait for a worker: {_seconds(highest)}"
    return plots.Plot(NARROW, 218, title, grid, [], lines, texts + plots.dates(frame, _days(found.buckets), 212))


def throughput_plot(found: Sums) -> plots.Plot:
    """Analyses above, median and 95th percentile of their time below."""
    counts = [(sum(one.levels) + one.failed,) for one in found.buckets]
    upper = plots.Frame(WIDTH, 12, 90, plots.nice(max((count for (count,) in counts), default=0)))
    slow = max((one.p95_s for one in found.buckets if one.p95_s), default=0.0)
    lower = plots.Frame(WIDTH, 124, 80, plots.nice(slow))
    grid, texts = plots.axis(upper, _whole)
    below, numbers = plots.axis(lower, _short)
    lines = plots.line(lower, [one.median_s for one in found.buckets], "ink")
    lines += plots.line(lower, [one.p95_s for one in found.buckets], "dash")
    labels = plots.dates(lower, _days(found.buckets), 222)
    title = (
        f"{found.total:,} analyses, median {_seconds(found.median_s or 0)}, 95 % within {_seconds(found.p95_s or 0)}"
    )
    bars = plots.bars(upper, counts, ("f-ink",), True)
    return plots.Plot(WIDTH, 228, title, grid + below, bars, lines, texts + numbers + labels)


def _unfinished(found: Sums) -> list[tuple[str, int, str, int]]:
    incomplete = found.levels.get(Level.INCOMPLETE, 0)
    rows = [("incomplete", incomplete, "the package")] if incomplete else []
    rows += found.failed
    most = max((count for _, count, _ in rows), default=0)
    return [(category, count, whose, _bar(count, most)) for category, count, whose in rows]


def _bar(count: int, most: int) -> int:
    return max(2, round(120 * count / most)) if count and most else 0


def _whole(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else ""


def _seconds(value: float) -> str:
    return duration(round(value * 1000)) if value else "0 s"


def _short(value: float) -> str:
    """For an axis: one unit from zero to the top."""
    return f"{value:g} s"


def _days(buckets: Sequence[Bucket]) -> list[str]:
    is_short = len(buckets) > 1 and (buckets[-1].begins - buckets[0].begins).days < 1
    return [f"{one.begins:%H:%M}" if is_short else f"{one.begins.day} {one.begins:%b}" for one in buckets]
