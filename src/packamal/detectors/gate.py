"""Decides which units deserve parsing: one pass of literals, what a unit does to hide, its role, and a small budget.

The gate decides cost, never truth: what it leaves out was seen by the byte rules all the same, and what a limit cut off
is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from packamal.detectors import hiding, literals
from packamal.detectors.excerpts import LARGE_BYTES
from packamal.detectors.language import SCRIPTS
from packamal.detectors.literals import Hit
from packamal.detectors.reach import ARROW
from packamal.detectors.units import Unit
from packamal.model import Role

BUDGET_BYTES = 32_000
"""Source of a package that is parsed anyway: most malicious packages are smaller, big ones cost little more."""
LARGE_SOURCE_BYTES = 1_000_000
LARGE_BUDGET_BYTES = 12_000
"""The same for packages with more source than malicious ones have, where so small a sample finds little."""
REACHED_BYTES = 128_000
"""Source without any hit, more than FIRST_HOPS away from what runs by itself, that is parsed for that reason alone: one
import in a setup script reaches a whole package."""
FIRST_HOPS = 1
"""What is started, and what that imports or starts, is parsed whatever stands in it."""
REACHED = "reached"
MAX_PARSED_BYTES = 8_000_000
"""Source of a package that is parsed at most: a few CPU seconds."""
MAX_NEVER_BYTES = 100_000
"""Source that nothing is seen to reach is parsed only up to this size, and beyond the budget only for strong marks."""


class Selection(NamedTuple):
    """What is to be parsed, most important first, and what was left out although it should have been."""

    units: tuple[Unit, ...]
    reasons: tuple[str, ...]
    """For each unit: role, strong, near, hides, reached (it runs by itself, and that is all), or budget."""
    cut: tuple[Unit, ...] = ()
    """Units that passed but stand beyond MAX_PARSED_BYTES."""


def select(units: Sequence[Unit], budget: int | None = None, limit: int = MAX_PARSED_BYTES) -> Selection:
    """Choose the source units to parse; the order of `units` does not matter. Large ones stand there in excerpts."""
    source = [unit for unit in units if unit.language in SCRIPTS and 0 < len(unit.data) <= _largest(unit)]
    if budget is None:
        is_large = sum(len(unit.data) for unit in source) > LARGE_SOURCE_BYTES
        budget = LARGE_BUDGET_BYTES if is_large else BUDGET_BYTES
    found = [_Candidate(unit, hit, *_judged(unit, hit)) for unit, hit in zip(source, _hits(source), strict=True)]
    chosen: list[tuple[Unit, str]] = []
    cut: list[Unit] = []
    used = 0
    reached = REACHED_BYTES
    for candidate in sorted(found, key=_Candidate.importance):
        size = len(candidate.unit.data)
        reason = candidate.reason
        if reason == REACHED:
            reached -= size
            reason = REACHED if reached >= 0 else ""
        if used + size > (limit if reason else budget):
            cut += [candidate.unit] if reason else []
            continue
        used += size
        chosen.append((candidate.unit, reason or "budget"))
    return Selection(tuple(unit for unit, _ in chosen), tuple(reason for _, reason in chosen), tuple(cut))


class _Candidate(NamedTuple):
    unit: Unit
    hit: Hit
    rank: int
    reason: str

    def importance(self) -> tuple[int, int, int, int, str]:
        """Smaller comes first: strong roles, good reasons, telling families, few bytes."""
        return -self.unit.role.strength, self.rank, -self.hit.lone, len(self.unit.data), self.unit.name


def is_marked(unit: Unit) -> bool:
    """Whether anything in a unit makes it worth more than a glance: a hit of the literals, or what it does to hide."""
    return bool(_hits([unit])[0].kind or hiding.mark(unit))


def _largest(unit: Unit) -> int:
    return MAX_NEVER_BYTES if unit.role is Role.NEVER else LARGE_BYTES


def _hits(source: list[Unit]) -> list[Hit]:
    return literals.hits(source, literals.shipped()) if source else []


def _judged(unit: Unit, hit: Hit) -> tuple[int, str]:
    """(rank, reason) of a unit; the reason is empty when only the budget can let it pass."""
    if unit.role in {Role.INSTALL, Role.STARTUP}:
        is_first = unit.reason.count(ARROW) <= FIRST_HOPS
        return (0, "role") if is_first or hit.kind or hiding.mark(unit) else (2, REACHED)
    if unit.role is Role.NEVER and hit.kind != literals.STRONG:
        return 3, ""
    if hit.kind == literals.STRONG or hit.kind == literals.NEAR or (hit.kind and unit.role is Role.IMPORT):
        return 1, literals.NEAR if hit.kind == literals.LOADED else hit.kind
    return (2, "hides") if hiding.mark(unit) else (3, "")
