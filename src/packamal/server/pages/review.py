"""The analyst's queue: three reasons are enough to decide; the machine's verdict stays in the record."""

from __future__ import annotations

import datetime
from typing import NamedTuple
from uuid import UUID

import yaml
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from packamal.config import Suppression as Entry
from packamal.model import Level, Report
from packamal.server.accounts.models import AuditEvent, Role
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.pages.access import needs, user_of
from packamal.server.pages.banner import reasons
from packamal.server.pages.decisions import Told, told
from packamal.server.pages.proofs import Shown, shown_findings
from packamal.server.pages.reading import report_of
from packamal.server.review import deciding
from packamal.server.review.holding import entry_of, in_force
from packamal.server.review.models import DECIDES, Decision, Kind

SHOWN = 60
MAX_SUPPRESSIONS = 1000
DEFAULT_DAYS = 90
UNPROCESSABLE = 422
FIELDS = ("rule", "purl", "path", "sha256")
TABS = (("open", "Open"), ("decided", "Decided"), ("mine", "By me"))


class Row(NamedTuple):
    """One entry of the list at the left."""

    analysis: Analysis
    by: str


class Happened(NamedTuple):
    """One line of the history."""

    at: datetime.datetime
    who: str
    text: str


@require_safe
@needs(Role.ANALYST)
def queue(request: HttpRequest) -> HttpResponse:
    """The queue with its first entry open."""
    rows = _rows(request)
    return _page(request, rows, rows[0].analysis if rows else None)


@require_safe
@needs(Role.ANALYST)
def item(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """The queue with one analysis open, waiting or not."""
    return _page(request, _rows(request), _judged(analysis_id))


@require_POST
@needs(Role.ANALYST)
def decide(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Confirm, override, note or accept; a fault is told at the form."""
    row, user = _judged(analysis_id), user_of(request)
    try:
        kind = Kind(request.POST.get("kind", ""))
    except ValueError:
        raise Http404 from None
    try:
        if kind is Kind.SUPPRESS:
            decision = deciding.accept(row, user, _entry(request), request.POST.get("owner", ""))
        else:
            decision = deciding.decide(row, user, kind, request.POST.get("reason", ""), request.POST.get("level", ""))
    except deciding.DecisionError as error:
        return _page(request, _rows(request), row, kind, str(error))
    return HttpResponseRedirect(f"/review/{row.pk}?told={TELLS[kind]}&undo={decision.pk}")


@require_POST
@needs(Role.ANALYST)
def undo(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Take a decision of one's own back, for a few seconds."""
    decision = get_object_or_404(Decision, pk=decision_id)
    if not deciding.undo(decision, user_of(request)):
        raise Http404
    return HttpResponseRedirect(f"/review/{decision.analysis_id}?told=undone")


@require_safe
@needs(Role.ANALYST)
def suppressions(request: HttpRequest) -> HttpResponse:
    """Accepted findings that hold, as `.packamal.yaml` takes them."""
    rows = in_force().order_by("rule", "pk")[:MAX_SUPPRESSIONS]
    found = [{name: getattr(entry, name) for name in (*FIELDS, "reason", "expires")} for entry in map(entry_of, rows)]
    content = yaml.safe_dump({"suppressions": found}, sort_keys=False)
    response = HttpResponse(content, content_type="application/yaml")
    response["Content-Disposition"] = 'attachment; filename="suppressions.yaml"'
    return response


TELLS = {
    Kind.CONFIRM: "confirmed",
    Kind.OVERRIDE: "overridden",
    Kind.NOTE: "noted",
    Kind.SUPPRESS: "suppressed",
}


def _rows(request: HttpRequest) -> list[Row]:
    tab = request.GET.get("show", "open")
    if tab == "open":
        return [Row(row, "") for row in deciding.waiting()[:SHOWN]]
    decisions = Decision.objects.filter(kind__in=DECIDES, undone_at=None).select_related("analysis").order_by("-at")
    decisions = decisions.filter(author=user_of(request)) if tab == "mine" else decisions
    found = {decision.analysis_id: decision for decision in reversed(decisions[:SHOWN])}
    return [Row(decision.analysis, decision.author_name) for decision in reversed(found.values())]


def _page(
    request: HttpRequest, rows: list[Row], row: Analysis | None, kind: Kind | None = None, wrong: str = ""
) -> HttpResponse:
    asked = request.GET.get("do", Kind.CONFIRM.value)
    chosen = kind or (Kind(asked) if asked in set(Kind) else Kind.CONFIRM)
    tab = request.GET.get("show", "open")
    context: dict[str, object] = {
        "section": "review",
        "tabs": TABS,
        "tab": tab if tab in dict(TABS) else "open",
        "rows": rows,
        "row": row,
        "kind": chosen.value,
        "kinds": KINDS,
        "wrong": wrong,
    }
    if row:
        context |= _open(request, row, chosen)
    return render(request, "pages/review.html", context, status=UNPROCESSABLE if wrong else 200)


KINDS = (
    (Kind.CONFIRM.value, "Confirm", "flag", "c"),
    (Kind.OVERRIDE.value, "Override", "again", "o"),
    (Kind.NOTE.value, "Note", "write", "n"),
    (Kind.SUPPRESS.value, "Suppress", "mute", "s"),
)


def _open(request: HttpRequest, row: Analysis, kind: Kind) -> dict[str, object]:
    report = report_of(row)
    shown = shown_findings(report)
    given = {name: request.POST.get(name, "") for name in (*FIELDS, "reason", "level", "owner", "ends")}
    context: dict[str, object] = {
        "reasons": reasons(report, shown),
        "decision": told(row),
        "history": _history(row),
        "levels": [level for level in Level if level != row.level and level is not Level.INCOMPLETE],
        "undo": _undo(request),
        "given": given,
    }
    if kind is Kind.SUPPRESS:
        entry = _proposed(row, report, shown) if request.method != "POST" else _entry(request)
        context |= {
            "entry": entry,
            "effect": deciding.effect(report, entry),
            "rules": list(dict.fromkeys(one.finding.rule for one in shown if not one.finding.suppressed)),
            "owner": given["owner"] or user_of(request).get_username(),
            "max_days": deciding.MAX_DAYS,
        }
    return context


def _proposed(row: Analysis, report: Report, shown: list[Shown]) -> Entry:
    """The first finding that counts, for exactly this content."""
    first = next((one.finding for one in shown if not one.finding.suppressed), None)
    place = next((one for one in first.evidence if one.path), None) if first else None
    ends = timezone.now().date() + datetime.timedelta(days=DEFAULT_DAYS)
    artifact = report.artifacts[0] if report.artifacts else None
    return Entry(
        reason="",
        rule=first.rule if first else "",
        purl=f"{row.purl.rpartition('@')[0]}@*",
        path=place.path if place else "*",
        sha256=artifact.sha256 if artifact else "",
        expires=ends.isoformat(),
    )


def _entry(request: HttpRequest) -> Entry:
    given = {name: request.POST.get(name, "").strip()[: deciding.MAX_REASON_CHARS] for name in FIELDS}
    return Entry(reason=request.POST.get("reason", ""), expires=request.POST.get("ends", "").strip(), **given)


def _undo(request: HttpRequest) -> Decision | None:
    number = request.GET.get("undo", "")
    if not (number.isascii() and number.isdigit()):
        return None
    since = timezone.now() - deciding.UNDO
    return Decision.objects.filter(pk=int(number[:18]), author=user_of(request), undone_at=None, at__gte=since).first()


def _history(row: Analysis) -> list[Happened]:
    found = [Happened(one.at, one.author_name, Told.of(one).sentence) for one in row.decisions.order_by("-at")[:SHOWN]]
    events = AuditEvent.objects.filter(subject=str(row.pk)).exclude(action__startswith="review.").order_by("-at")
    found += [
        Happened(event.at, event.actor.partition(":")[2] or event.actor, event.action) for event in events[:SHOWN]
    ]
    if row.finished_at:
        says = f"verdict {row.level}, {row.score}, rules {row.rules_version}"
        found.append(Happened(row.finished_at, "packamal", says))
    return sorted(found, key=lambda one: one.at, reverse=True)


def _judged(analysis_id: UUID) -> Analysis:
    return get_object_or_404(Analysis, pk=analysis_id, state=State.DONE)
