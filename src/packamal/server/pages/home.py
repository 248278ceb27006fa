"""Home: one field for everything, the queue, what was judged lately."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from packageurl import PackageURL

from packamal.ecosystems import ECOSYSTEMS
from packamal.errors import TargetError
from packamal.server.accounts.models import Role
from packamal.server.analyses.claims import Asker
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane
from packamal.server.pages import figures
from packamal.server.pages.access import needs, user_of
from packamal.server.pages.asked import Asked, Kind, candidates, is_indicator, is_rule, understand
from packamal.server.pipeline.quarantine import MAX_BYTES
from packamal.server.pipeline.submit import submit
from packamal.server.request_id import current_request_id

RECENT = 10
MATCHES = 6
UNPROCESSABLE = 422
LAST = "\U0010ffff"
"""Sorts after every name with the prefix before it."""
ROW_FIELDS = (
    "id", "ecosystem", "name", "version", "purl", "state", "stage", "level", "score", "reason", "error",
    "error_category", "created_at", "started_at", "finished_at",
)  # fmt: skip
"""What a row of a list shows."""


class Candidate(NamedTuple):
    """A package that may be meant and was not judged yet."""

    ecosystem: str
    name: str
    version: str
    purl: str


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.VIEWER)
def home(request: HttpRequest) -> HttpResponse:
    """The first page; a post submits what is exact and shows the choice where it is not."""
    if request.method != "POST":
        return shown_home(request)
    text = request.POST.get("q", "")
    try:
        asked = understand(text)
        if asked.kind is not Kind.PURL:
            return HttpResponseRedirect(f"/search?{request.POST.urlencode()}")
        asker = Asker(owner=user_of(request), request_id=current_request_id())
        claimed = submit(asked.value, asker, Lane.INTERACTIVE)
    except TargetError as error:
        return shown_home(request, text, str(error), UNPROCESSABLE)
    return HttpResponseRedirect(f"/analyses/{claimed.analysis.pk}")


@require_safe
@needs(Role.VIEWER)
def suggest(request: HttpRequest) -> HttpResponse:
    """What the field may mean, with its known verdict."""
    try:
        asked = understand(request.GET.get("q", ""))
    except TargetError:
        return HttpResponse("")
    return render(request, "pages/parts/matches.html", matches(asked))


@require_safe
@needs(Role.VIEWER)
def search(request: HttpRequest) -> HttpResponse:
    """What is known of a name, a digest, a host or a rule."""
    text = request.GET.get("q", "")[: 2 * MATCHES * 100].strip()
    if not text:
        return render(request, "pages/search.html", {"q": ""})
    if is_rule(text):
        return HttpResponseRedirect(f"/analyses?rule={text}")
    try:
        asked = understand(text)
    except TargetError as error:
        return render(request, "pages/search.html", {"q": text, "wrong": str(error)}, status=UNPROCESSABLE)
    context = {"q": text, "has_indicator": is_indicator(text), **matches(asked, 5 * MATCHES)}
    return render(request, "pages/search.html", context)


def matches(asked: Asked, limit: int = MATCHES) -> dict[str, object]:
    """Rows that are known, and what could be asked for anew."""
    found = _known(asked, limit)
    known = {row.purl.partition("@")[0] if not asked.version else row.purl for row in found}
    anew = [] if asked.kind is not Kind.NAME else candidates(asked)
    named = [Candidate(kind, asked.value, asked.version, purl) for kind, purl in anew if purl not in known]
    return {"known": found, "candidates": named, "asked": asked}


def _known(asked: Asked, limit: int) -> list[Analysis]:
    """Newest first. A name is a prefix, looked up in the order of the index: no row is read that is not shown."""
    rows = Analysis.objects.only(*ROW_FIELDS).order_by("-created_at", "-id")
    if asked.kind is Kind.DIGEST:
        return list(rows.filter(artifacts__sha256=asked.value)[:limit])
    if asked.kind is Kind.PURL:
        purl = PackageURL.from_string(asked.value)
        name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        rows = rows.filter(ecosystem=purl.type, name=name)
        return list((rows.filter(version=purl.version) if purl.version else rows)[:limit])
    found: list[Analysis] = []
    for ecosystem in ECOSYSTEMS:
        some = rows.filter(ecosystem=ecosystem, name__gte=asked.value, name__lt=asked.value + LAST)
        some = some.filter(version__startswith=asked.version) if asked.version else some
        found += some.order_by("ecosystem", "name", "-created_at")[:limit]
    return sorted(found, key=lambda row: row.created_at, reverse=True)[:limit]


def shown_home(
    request: HttpRequest, text: str = "", wrong: str = "", status: int = 200, dropped: str = ""
) -> HttpResponse:
    """Home, with what was wrong at the field or at the drop zone."""
    now = timezone.now()
    context = {
        "section": "home",
        "q": text,
        "wrong": wrong,
        "dropped": dropped,
        "upload_limit": MAX_BYTES,
        "now": now,
        "queue": figures.queue(now),
        "day": figures.last_day(now),
        "recent": list(Analysis.objects.only(*ROW_FIELDS).order_by("-created_at", "-id")[:RECENT]),
    }
    return render(request, "pages/home.html", context, status=status)
