"""The list of analyses: the address is the whole state, pages go by cursor, counts come from a bounded sample."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from packamal.server.accounts.models import Role
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.pages.access import needs
from packamal.server.pages.decisions import short
from packamal.server.pages.figures import KEPT_S
from packamal.server.pages.filters import Filters, added, matching, read
from packamal.server.pages.home import ROW_FIELDS
from packamal.server.pages.words import LEVELS, NAMES_OF_STATES
from packamal.server.review.deciding import decisions_on

PAGE = 50
SAMPLE = 5_000
"""Rows that counts look at; more are said to be more."""
BUCKETS = 20
CURSOR_CHARS = 80


class Choice(NamedTuple):
    """One line of a facet."""

    word: str
    found: int
    is_chosen: bool
    link: str


class Kind(NamedTuple):
    """What facets tell apart."""

    level: str
    state: str
    ecosystem: str
    bucket: int
    """Of the score."""


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
    total = _sample(filters, now).total()
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
        "histogram": histogram(filters, now),
        "without": without(filters, now) if not page.rows and filters.tokens else [],
        "is_empty": not page.rows and not filters.tokens and not Analysis.objects.exists(),
    }
    return render(request, "pages/list.html", context)


def facets(filters: Filters, now: datetime.datetime) -> list[Facet]:
    """What each choice would show, the other filters left as they are."""
    words = {**{str(level): badge.word for level, badge in LEVELS.items()}, **NAMES_OF_STATES}
    verdicts = dict.fromkeys(words, 0)
    for one, count in _sample(filters.drop("verdict"), now).items():
        verdicts[one.level if one.state == State.DONE else one.state] += count
    ecosystems: dict[str, int] = {}
    for one, count in _sample(filters.drop("ecosystem"), now).items():
        ecosystems[one.ecosystem] = ecosystems.get(one.ecosystem, 0) + count
    ecosystems |= {kind: 0 for kind in filters.values("ecosystem") if kind not in ecosystems}
    return [
        _facet("Verdict", "verdict", filters, [(key, words.get(key, key), verdicts[key]) for key in verdicts]),
        _facet("Ecosystem", "ecosystem", filters, [(kind, "", n) for kind, n in sorted(ecosystems.items(), key=_most)]),
        _facet("Since", "since", filters, [("24h", "24 hours", -1), ("7d", "7 days", -1), ("30d", "30 days", -1)]),
    ]


def histogram(filters: Filters, now: datetime.datetime) -> list[tuple[int, int]]:
    """Height of each bar, out of 28, and where it stands."""
    counts = [0] * BUCKETS
    for one, count in _sample(filters, now).items():
        if one.state == State.DONE:
            counts[one.bucket] += count
    most = max(counts) or 1
    return [(index * 9, max(1, round(28 * count / most)) if count else 0) for index, count in enumerate(counts)]


def without(filters: Filters, now: datetime.datetime) -> list[tuple[str, str, int]]:
    """What the list would show without each single filter."""
    found = []
    for key in dict.fromkeys(token.key for token in filters.tokens):
        fewer = filters.drop(key)
        found.append((key, fewer.link(), min(_sample(fewer, now).total(), SAMPLE)))
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


def _sample(filters: Filters, now: datetime.datetime) -> Counter[Kind]:
    """What the newest SAMPLE rows are, counted; one more tells that there are more. At most KEPT_S old."""
    name = f"pages.sample.{filters.key}"
    kept: Counter[Kind] | None = cache.get(name)
    if kept is None:
        rows = matching(filters, now).order_by("-created_at", "-id").values_list("level", "state", "ecosystem", "score")
        kept = Counter(
            Kind(level, state, ecosystem, min((score or 0) * BUCKETS // 100, BUCKETS - 1))
            for level, state, ecosystem, score in rows[: SAMPLE + 1]
        )
        cache.set(name, kept, KEPT_S)
    return kept


def _page(rows: QuerySet[Analysis], before: str, after: str) -> Page:
    rows = rows.only(*ROW_FIELDS)
    if after and (at := _position(after)):
        newer = rows.filter(Q(created_at__gt=at[0]) | Q(pk__gt=at[1]), created_at__gte=at[0])
        found = list(newer.order_by("created_at", "id")[: PAGE + 1])
        shown = found[:PAGE][::-1]
        return Page(shown, _cursor(shown[0]) if len(found) > PAGE else "", _cursor(shown[-1]) if shown else "")
    at = _position(before) if before else None
    if at:
        rows = rows.filter(Q(created_at__lt=at[0]) | Q(pk__lt=at[1]), created_at__lte=at[0])
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
