"""Findings as the report page shows them: numbered, with their points, their proof and who saw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from packamal.model import Evidence, Finding, Origin, Report
from packamal.render.words import proofs
from packamal.server.pages import words
from packamal.server.pages.rules import known

OPEN = 3
"""Findings that are open when the page comes."""
PAGE = 20
"""Findings on the page; more are a fragment each."""
PLACES_OPEN = 3
PLACES = 1
"""Places shown of one finding; the rest is counted."""
Place = tuple[str, str, int]


class Proof(NamedTuple):
    """One place, with an id that a link can name."""

    anchor: str
    evidence: Evidence
    runs: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One finding."""

    number: int
    """From 1, strongest first."""
    finding: Finding
    points: int | None
    """None where the rule counts in another finding already, or not at all."""
    is_open: bool
    proofs: tuple[Proof, ...]
    more: int
    """Places that are not shown."""
    origins: tuple[Origin, ...]
    runs: str
    seen: str
    has_rule: bool
    """Whether there is a page on its rule; byte patterns and detectors have none."""

    @property
    def anchor(self) -> str:
        """`f-3`."""
        return f"f-{self.number}"


def place_of(evidence: Evidence) -> Place:
    """What two views of one place have in common."""
    return evidence.artifact, evidence.path, evidence.line


def shown_findings(report: Report, start: int = 0) -> list[Shown]:
    """One page of findings from `start`, those that count before those that the team accepted."""
    ordered = [finding for finding in report.findings if not finding.suppressed]
    ordered += [finding for finding in report.findings if finding.suppressed]
    points = {reason.rule: reason.points for reason in report.verdict.reasons}
    counted = {finding.rule for finding in ordered[:start]}
    origins = _origins(report)
    found = []
    for number, finding in enumerate(ordered[start : start + PAGE], start + 1):
        given = None if finding.suppressed or finding.rule in counted else points.get(finding.rule)
        counted.add(finding.rule)
        found.append(_shown(number, finding, given, origins))
    return found


def proof_of(rule: str, shown: Sequence[Shown]) -> Proof | None:
    """The first place of a rule that is on the page."""
    return next((one.proofs[0] for one in shown if one.finding.rule == rule and one.proofs), None)


def _shown(number: int, finding: Finding, points: int | None, origins: dict[Place, set[Origin]]) -> Shown:
    is_open = number <= OPEN and not finding.suppressed
    places = proofs(finding)
    most = PLACES_OPEN if is_open else PLACES
    runs = words.RUNS[finding.role]
    seen_by = set().union(*(origins.get(place_of(place), set()) for place in places))
    return Shown(
        number=number,
        finding=finding,
        points=points,
        is_open=is_open,
        proofs=tuple(Proof(f"f-{number}-{index}", place, runs) for index, place in enumerate(places[:most], 1)),
        more=max(0, len(places) - most),
        origins=tuple(origin for origin in Origin if origin in (seen_by or {Origin.STATIC})),
        runs=runs,
        seen=words.SEEN[finding.relation],
        has_rule=finding.rule in known(),
    )


def _origins(report: Report) -> dict[Place, set[Origin]]:
    found: dict[Place, set[Origin]] = {}
    for signal in report.signals:
        found.setdefault(place_of(signal.evidence), set()).add(signal.origin)
    return found
