"""The rules: what each looks for, how often it speaks, an example it finds and a look-alike it leaves alone."""

from __future__ import annotations

import functools

from django.core.cache import cache
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from packamal.capability import MEANING, Capability
from packamal.model import Relation
from packamal.model import Role as Runs
from packamal.server.accounts.models import Role
from packamal.server.analyses.models import FoundRule
from packamal.server.pages import words
from packamal.server.pages.access import needs
from packamal.verdict.judge import load_weights
from packamal.verdict.rules import Rule, Term, load_rules

KEPT_S = 300
"""How old the counts may be."""
MAX_NAMED = 6
"""Capabilities named of a term; the rest is counted."""


@functools.cache
def known() -> dict[str, Rule]:
    """Every chain rule by its id, worst first."""
    found = sorted(load_rules(()), key=lambda rule: (-words.SEVERITY_BARS[rule.severity], rule.id))
    return {rule.id: rule for rule in found}


@require_safe
@needs(Role.VIEWER)
def rules(request: HttpRequest) -> HttpResponse:
    """All of them, with how many packages each speaks on."""
    hits = _hits()
    wanted = request.GET.get("q", "").strip().lower()[:80]
    rows = [
        (rule, _points(rule), hits.get(rule.id, 0))
        for rule in known().values()
        if wanted in rule.id or wanted in rule.title.lower()
    ]
    return render(request, "pages/rules.html", {"section": "rules", "rows": rows, "q": wanted, "total": len(known())})


@require_safe
@needs(Role.VIEWER)
def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    """One rule; 404 for an id that no rule has."""
    found = known().get(rule_id)
    if found is None:
        raise Http404
    within = Relation.FLOW if found.flow else found.within
    context = {
        "section": "rules",
        "rule": found,
        "points": _points(found),
        "hits": _hits().get(rule_id, 0),
        "terms": _terms(found),
        "seen": words.SEEN[within],
        "runs": [words.RUNS[role] for role in Runs if role in found.roles],
    }
    return render(request, "pages/rule.html", context)


def _points(rule: Rule) -> int:
    weights = load_weights()
    return weights.rules.get(rule.id, weights.severity[rule.severity])


def _hits() -> dict[str, int]:
    kept: dict[str, int] | None = cache.get("pages.rule-hits")
    if kept is None:
        kept = dict(FoundRule.objects.values_list("rule").annotate(Count("pk")).order_by())
        cache.set("pages.rule-hits", kept, KEPT_S)
    return kept


def _terms(rule: Rule) -> list[tuple[str, str]]:
    found = [("A value goes from", _term(rule.flow[0])), ("to", _term(rule.flow[1]))] if rule.flow else []
    found += [("All of" if index == 0 else "and", _term(term)) for index, term in enumerate(rule.all)]
    found += [("Any of" if index == 0 else "or", _term(term)) for index, term in enumerate(rule.any)]
    return found + [("but not", _term(term)) for term in rule.none]


def _term(term: Term) -> str:
    names = [MEANING[one].title.lower() for one in Capability if one in term.capabilities]
    more = f", or {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    target = f"; its target fits {term.target.pattern}" if term.target else ""
    return ", or ".join(names[:MAX_NAMED]) + more + target
