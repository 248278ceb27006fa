"""What the service looks for, and how busy it is."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Min, Q
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from packamal.model import Severity
from packamal.rules_version import rules_version
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane, State
from packamal.server.api.auth import READ
from packamal.server.api.problems import Problem
from packamal.verdict.rules import Rule, load_rules

router = Router(tags=["service"])


class RuleOut(Schema):
    """A rule in short."""

    id: str
    title: str
    severity: Severity
    says: str
    techniques: list[str]
    """MITRE ATT&CK."""


class RulesOut(Schema):
    """All rules and their common version."""

    rules_version: str
    items: list[RuleOut]


class LaneOut(Schema):
    """One lane of the queue."""

    lane: Lane
    waiting: int
    running: int
    oldest_s: int
    """How long the one that came first waits."""


class QueueOut(Schema):
    """Figures alone: whose packages wait is nobody's business."""

    at: datetime.datetime
    lanes: list[LaneOut]


@router.get("/rules", auth=READ, response={200: RulesOut, (401, 403, 429): Problem}, url_name="rules")
def list_rules(request: HttpRequest) -> RulesOut:
    """Every chain rule that reports may name."""
    return RulesOut(rules_version=rules_version(), items=[_shown(rule) for rule in load_rules()])


@router.get("/rules/{path:rule_id}", auth=READ, response={200: RuleOut, (401, 403, 404, 429): Problem}, url_name="rule")
def get_rule(request: HttpRequest, rule_id: str) -> RuleOut:
    """One rule."""
    for rule in load_rules():
        if rule.id == rule_id:
            return _shown(rule)
    raise Http404


@router.get("/queue", auth=READ, response={200: QueueOut, (401, 403, 429): Problem}, url_name="queue")
def get_queue(request: HttpRequest) -> QueueOut:
    """How much waits and runs in each lane, and since when."""
    now, waits, runs = timezone.now(), Q(state=State.QUEUED), Q(state=State.RUNNING)
    counted = Analysis.objects.filter(waits | runs).values("lane").order_by()
    found: dict[str, Mapping[str, Any]] = {
        row["lane"]: row
        for row in counted.annotate(
            waiting=Count("pk", waits), running=Count("pk", runs), oldest=Min("created_at", filter=waits)
        )
    }
    lanes = []
    for lane in Lane:
        row = found.get(lane.value, {})
        oldest = row.get("oldest")
        age_s = int((now - oldest).total_seconds()) if oldest else 0
        lanes.append(
            LaneOut(lane=lane, waiting=row.get("waiting", 0), running=row.get("running", 0), oldest_s=max(0, age_s))
        )
    return QueueOut(at=now, lanes=lanes)


def _shown(rule: Rule) -> RuleOut:
    return RuleOut(
        id=rule.id, title=rule.title, severity=rule.severity, says=rule.says, techniques=list(rule.techniques)
    )
