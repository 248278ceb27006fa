"""judge(findings) -> Verdict: additive points, readable on one page, through one logistic curve.

Each rule counts once. Its points are weight x confidence x role, rounded to whole points so that a person can add them
up; rules that speak for the package have negative weights. Malice stands together, while a large package says a bit of
everything somewhere: what is not in the file that says most counts for a part. The score is
100 / (1 + exp(-(sum - centre) / slope)).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packamal.errors import RuleError
from packamal.model import Confidence, Finding, Level, Problem, Reason, Role, Severity, Verdict
from packamal.strict_yaml import load_file

WEIGHTS = Path(__file__).resolve().parent.parent / "rules" / "weights.yaml"


@dataclass(frozen=True, slots=True)
class Weights:
    """The table the judge reads; rules/weights.yaml with its provenance."""

    rules: dict[str, int]
    severity: dict[Severity, int]
    """Points of a rule that has no weight of its own."""
    confidence: dict[Confidence, float]
    role: dict[Role, float]
    elsewhere: float
    """Part that counts of what stands in other files than the one that says most."""
    centre: float
    slope: float
    suspicious: int
    """Score at which a package is suspicious."""
    malicious: int


@functools.cache
def load_weights(path: Path = WEIGHTS) -> Weights:
    """Read the weights; raises RuleError."""
    raw = load_file(path)
    try:
        assert isinstance(raw, dict)
        return Weights(
            rules={str(name): int(points) for name, points in (raw["rules"] or {}).items()},
            severity={Severity(name): int(points) for name, points in raw["severity"].items()},
            confidence={Confidence(name): float(factor) for name, factor in raw["confidence"].items()},
            role={Role(name): float(factor) for name, factor in raw["role"].items()},
            elsewhere=float(raw["elsewhere"]),
            centre=float(raw["centre"]),
            slope=float(raw["slope"]),
            suspicious=int(raw["levels"]["suspicious"]),
            malicious=int(raw["levels"]["malicious"]),
        )
    except (AssertionError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise RuleError(f"{path.name}: {type(error).__name__}: {error}") from error


def judge(findings: Iterable[Finding], problems: Sequence[Problem] = (), weights: Weights | None = None) -> Verdict:
    """Judge findings; with a partial problem the level is incomplete unless what was seen is suspicious already."""
    table = weights or load_weights()
    reasons = _reasons(findings, table)
    score = score_of(sum(reason.points for reason in reasons), table)
    return Verdict(_level(score, problems, table), score, reasons)


def points_of(finding: Finding, weights: Weights) -> int:
    """Whole points of one finding where it stands with others."""
    base = weights.rules.get(finding.rule, weights.severity[finding.severity])
    return round(base * weights.confidence[finding.confidence] * weights.role[finding.role])


@dataclass(slots=True)
class _Claim:
    """What all findings of one rule come to."""

    points: int
    says: str
    paths: set[str]
    """Of the evidence."""
    is_of_package: bool
    """A finding without evidence in a file: it counts whole wherever others of the rule stand."""

    def is_outside(self, path: str) -> bool:
        """Whether it counts for a part when this file is the one that says most; what favours a package never does."""
        return self.points > 0 and not self.is_of_package and path not in self.paths

    def points_with(self, path: str, elsewhere: float) -> int:
        """Points when this file is the one that says most."""
        return round(self.points * elsewhere) if self.is_outside(path) else self.points


def outside(findings: Iterable[Finding], weights: Weights) -> frozenset[str]:
    """The rules that count for a part: their evidence is not in the file that says most."""
    claims = _claims(findings, weights)
    path = _most_telling(claims, weights)
    return frozenset(rule for rule, claim in claims.items() if claim.is_outside(path))


def _claims(findings: Iterable[Finding], weights: Weights) -> dict[str, _Claim]:
    claims: dict[str, _Claim] = {}
    for finding in findings:
        if finding.suppressed:
            continue
        points, paths = points_of(finding, weights), {one.path for one in finding.evidence if one.path}
        known = claims.setdefault(finding.rule, _Claim(points, finding.says, paths, not paths))
        known.paths |= paths
        known.is_of_package |= not paths
        if abs(points) > abs(known.points):
            known.points, known.says = points, finding.says
    return claims


def _most_telling(claims: Mapping[str, _Claim], weights: Weights) -> str:
    """The file with which the sum is largest, the first by name among equals; empty when there is none."""
    paths = sorted({path for claim in claims.values() for path in claim.paths})
    return max(
        paths,
        key=lambda path: sum(claim.points_with(path, weights.elsewhere) for claim in claims.values()),
        default="",
    )


def _reasons(findings: Iterable[Finding], weights: Weights) -> tuple[Reason, ...]:
    claims = _claims(findings, weights)
    path = _most_telling(claims, weights)
    reasons = [Reason(rule, claim.points_with(path, weights.elsewhere), claim.says) for rule, claim in claims.items()]
    return tuple(sorted(reasons, key=lambda reason: (-abs(reason.points), reason.rule)))


def score_of(points: float, weights: Weights) -> int:
    """Score 0 to 100 of a sum of points; 0 points and less is 0."""
    if points <= 0:
        return 0
    return round(100 / (1 + math.exp(-(points - weights.centre) / weights.slope)))


def _level(score: int, problems: Sequence[Problem], weights: Weights) -> Level:
    if score >= weights.malicious:
        return Level.MALICIOUS
    if score >= weights.suspicious:
        return Level.SUSPICIOUS
    return Level.INCOMPLETE if any(problem.is_partial for problem in problems) else Level.CLEAN
