"""The list of analyses: the address is the whole state, pages go by cursor, counts come from a bounded sample."""

from __future__ import annotations

import datetime
from typing import NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from packamal.server.accounts.models import Role
from packamal.server.analyses.models import Analysis
from packamal.server.pages.access import needs
from packamal.server.pages.decisions import short
from packamal.server.pages.figures import KEPT_S
from packamal.server.pages.filters import Filters, added, matching, read
from packamal.server.pages.home import ROW_FIELDS
from packamal.server.pages.words import LEVELS, NAMES_OF_STATES
from packamal.server.review.deciding import decisions_on

PAGE = 50
SAMPLE = 10_000
"""Rows that counts look at; more are said to be more."""
BUCKETS = 20
CURSOR_CHARS = 80


class Choice(NamedTuple):
    """One line of a facet."""

    word: str
    found: int
    is_chosen: bool
    link: str


class Facet(NamedTuple):
    """One group of them."""

    word: str
    choices: list[Choice]


class Page(NamedTuple):
    """Rows and the ways on."""

    rows: list[Analysis]
    newer: str
    older: str


@require_safe
@needs(Role.VIEWER)
def analyses(request: HttpRequest) -> HttpResponse:
    """The list."""
    if typed := request.GET.get("add", "").strip():
        return HttpResponseRedirect(f"/analyses?{added(request.GET, typed)}")
    now = timezone.now()
    filters = read(request.GET)
    rows = matching(filters, now)
    page = _page(rows, request.GET.get("before", ""), request.GET.get("after", ""))
    total = _count(rows, filters)
    said = decisions_on(row.pk for row in page.rows)
    context = {
        "section": "analyses",
        "filters": filters,
        "rows": [(row, short(said.get(row.pk)) if row.state == "done" else "") for row in page.rows],
        "newer": filters.link(after=page.newer) if page.newer else "",
        "older": filters.link(before=page.older) if page.older else "",
        "total": min(total, SAMPLE),
        "is_more": total > SAMPLE,
        "facets": facets(filters, now),
        "histogram": histogram(rows, filters),
        "without": without(filters, now) if not page.rows and filters.tokens else [],
        "is_empty": not page.rows and not filters.tokens and not Analysis.objects.exists(),
    }
    return render(request, "pages/list.html", context)


def facets(filters: Filters, now: datetime.datetime) -> list[Facet]:
    """What each choice would show, the other filters left as they are."""
    words = {**{str(level): badge.word for level, badge in LEVELS.items()}, **NAMES_OF_STATES}
    by_verdict = _counted(filters.drop("verdict"), now, "level", "state")
    verdicts = dict.fromkeys(words, 0)
    for (level, state), count in by_verdict.items():
        key = level if state == "done" else state
        verdicts[key] = verdicts.get(key, 0) + count
    ecosystems = {kind: count for (kind,), count in _counted(filters.drop("ecosystem"), now, "ecosystem").items()}
    ecosystems |= {kind: 0 for kind in filters.values("ecosystem") if kind not in ecosystems}
    return [
        _facet("Verdict", "verdict", filters, [(key, words.get(key, key), verdicts[key]) for key in verdicts]),
        _facet("Ecosystem", "ecosystem", filters, [(kind, "", n) for kind, n in sorted(ecosystems.items(), key=_most)]),
        _facet("Since", "since", filters, [("24h", "24 hours", -1), ("7d", "7 days", -1), ("30d", "30 days", -1)]),
    ]


def histogram(rows: QuerySet[Analysis], filters: Filters) -> list[tuple[int, int]]:
    """Height of each bar, out of 28, and where it stands."""
    name = f"pages.scores.{filters.key}"
    counts = cache.get(name)
    if counts is None:
        counts = [0] * BUCKETS
        for score, count in _sample(rows.filter(state="done")).values_list("score").annotate(Count("pk")).order_by():
            counts[min((score or 0) * BUCKETS // 100, BUCKETS - 1)] += count
        cache.set(name, counts, KEPT_S)
    most = max(counts) or 1
    return [(index * 9, max(1, round(28 * count / most)) if count else 0) for index, count in enumerate(counts)]


def without(filters: Filters, now: datetime.datetime) -> list[tuple[str, str, int]]:
    """What the list would show without each single filter."""
    found = []
    for key in dict.fromkeys(token.key for token in filters.tokens):
        fewer = filters.drop(key)
        found.append((key, fewer.link(), _count(matching(fewer, now), fewer)))
    return found


def _most(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _facet(word: str, key: str, filters: Filters, options: list[tuple[str, str, int]]) -> Facet:
    chosen = filters.values(key)
    choices = [
        Choice(text or value, count, value in chosen, filters.toggle(key, value))
        for value, text, count in options
        if count or value in chosen or key == "verdict"
    ]
    return Facet(word, choices)


def _counted(filters: Filters, now: datetime.datetime, *fields: str) -> dict[tuple[str, ...], int]:
    name = f"pages.facet.{'.'.join(fields)}.{filters.key}"
    kept: dict[tuple[str, ...], int] | None = cache.get(name)
    if kept is None:
        rows = _sample(matching(filters, now)).values_list(*fields).annotate(Count("pk")).order_by()
        kept = {tuple(row[:-1]): row[-1] for row in rows}
        cache.set(name, kept, KEPT_S)
    return kept


def _count(rows: QuerySet[Analysis], filters: Filters) -> int:
    """Up to SAMPLE + 1."""
    name = f"pages.count.{filters.key}"
    kept: int | None = cache.get(name)
    if kept is None:
        kept = rows.order_by()[: SAMPLE + 1].count()
        cache.set(name, kept, KEPT_S)
    return kept


def _sample(rows: QuerySet[Analysis]) -> QuerySet[Analysis]:
    return Analysis.objects.filter(pk__in=rows.order_by("-created_at", "-id").values("pk")[:SAMPLE])


def _page(rows: QuerySet[Analysis], before: str, after: str) -> Page:
    rows = rows.only(*ROW_FIELDS)
    if after and (at := _position(after)):
        newer = Q(created_at__gt=at[0]) | Q(created_at=at[0], pk__gt=at[1])
        found = list(rows.filter(newer).order_by("created_at", "id")[: PAGE + 1])
        shown = found[:PAGE][::-1]
        return Page(shown, _cursor(shown[0]) if len(found) > PAGE else "", _cursor(shown[-1]) if shown else "")
    at = _position(before) if before else None
    if at:
        rows = rows.filter(Q(created_at__lt=at[0]) | Q(created_at=at[0], pk__lt=at[1]))
    found = list(rows.order_by("-created_at", "-id")[: PAGE + 1])
    shown = found[:PAGE]
    newest = _cursor(shown[0]) if at and shown else ""
    return Page(shown, newest, _cursor(shown[-1]) if len(found) > PAGE else "")


def _cursor(row: Analysis) -> str:
    return f"{row.created_at.timestamp():.6f}_{row.pk}"


def _position(text: str) -> tuple[datetime.datetime, UUID] | None:
    """None for what was never given out: the list then begins at its start."""
    moment, _, pk = text[:CURSOR_CHARS].partition("_")
    try:
        return datetime.datetime.fromtimestamp(float(moment), datetime.UTC), UUID(pk)
    except (ValueError, OverflowError, OSError):
        return None
