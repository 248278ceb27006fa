"""Decides which units deserve parsing: one pass of literals, what a unit does to hide, its role, and a small budget.

The gate decides cost, never truth: what it leaves out was seen by the byte rules all the same, and what a limit cut off
is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from packamal.detectors import hiding, literals
from packamal.detectors.language import CODE
from packamal.detectors.literals import Hit
from packamal.detectors.units import Unit
from packamal.model import Role

BUDGET_BYTES = 96_000
"""Source of a package that is parsed anyway: most malicious packages are smaller, big ones cost little more."""
MAX_PARSED_BYTES = 8_000_000
"""Source of a package that is parsed at most: a few CPU seconds."""
MAX_NEVER_BYTES = 100_000
"""Source that nothing is seen to reach is parsed beyond the budget only up to this size, and only for strong marks."""
LARGE_BYTES = 4_000_000
"""Larger units are read in excerpts around their hits: a tree of more would not fit in memory."""
EXCERPT_BYTES = 16_000
"""Before and after a hit."""
MAX_EXCERPT_BYTES = 512_000
"""Of one large unit."""


class Selection(NamedTuple):
    """What is to be parsed, most important first, and what was left out although it should have been."""

    units: tuple[Unit, ...]
    """Members and layers as given; for units over LARGE_BYTES excerpts, as layers named `path!@offset`."""
    reasons: tuple[str, ...]
    """For each unit: role, strong, near, hides, or budget."""
    cut: tuple[Unit, ...] = ()
    """Units that passed but stand beyond MAX_PARSED_BYTES."""


def select(units: Sequence[Unit], budget: int = BUDGET_BYTES, limit: int = MAX_PARSED_BYTES) -> Selection:
    """Choose the source units to parse; the order of `units` does not matter."""
    source = [unit for unit in units if unit.language in CODE and unit.data]
    found = [_Candidate(unit, hit, *_judged(unit, hit)) for unit, hit in zip(source, _hits(source), strict=True)]
    chosen: list[tuple[Unit, str]] = []
    cut: list[Unit] = []
    used = 0
    for candidate in sorted(found, key=_Candidate.importance):
        parts, size = [candidate.unit], len(candidate.unit.data)
        if size > LARGE_BYTES and candidate.reason:
            parts = list(excerpts(candidate.unit, candidate.hit.positions))
            size = sum(len(part.data) for part in parts)
        if used + size > (limit if candidate.reason else budget):
            cut += [candidate.unit] if candidate.reason else []
            continue
        used += size
        chosen += [(part, candidate.reason or "budget") for part in parts]
    return Selection(tuple(unit for unit, _ in chosen), tuple(reason for _, reason in chosen), tuple(cut))


class _Candidate(NamedTuple):
    unit: Unit
    hit: Hit
    rank: int
    reason: str

    def importance(self) -> tuple[int, int, int, str]:
        """Smaller comes first."""
        return -self.unit.role.strength, self.rank, len(self.unit.data), self.unit.name


def _hits(source: list[Unit]) -> list[Hit]:
    return literals.hits(source, literals.shipped()) if source else []


def _judged(unit: Unit, hit: Hit) -> tuple[int, str]:
    """(rank, reason) of a unit; the reason is empty when only the budget can let it pass."""
    if unit.role in {Role.INSTALL, Role.STARTUP}:
        return 0, "role"
    if unit.role is Role.NEVER and (hit.kind != literals.STRONG or len(unit.data) > MAX_NEVER_BYTES):
        return 3, ""
    if hit.kind:
        return 1, hit.kind
    return (2, "hides") if hiding.mark(unit) else (3, "")


def excerpts(unit: Unit, positions: Sequence[int]) -> Iterator[Unit]:
    """Cut the start, the end and the surroundings of hits out of a large unit, at statement boundaries."""
    text = unit.data
    total = 0
    for start, end in _windows(len(text), positions):
        begin, finish = _boundary(text, start), _boundary(text, end)
        if total + finish - begin > MAX_EXCERPT_BYTES:
            return
        total += finish - begin
        line = unit.line or 1
        yield replace(
            unit,
            name=f"{unit.name}!@{begin}",
            data=text[begin:finish],
            parent=unit.name,
            line=line + text.count(b"\n", 0, begin),
        )


def _windows(size: int, positions: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges around the places of interest, joined where they overlap, in order."""
    joined: list[tuple[int, int]] = []
    for place in sorted((0, size, *positions)):
        start, end = max(place - EXCERPT_BYTES, 0), min(place + EXCERPT_BYTES, size)
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _boundary(text: bytes, position: int) -> int:
    """The end of the statement before a position, not far from it: a line that starts at the margin, or `;` or `}`."""
    if position in {0, len(text)}:
        return position
    floor, newline = max(position - EXCERPT_BYTES, 0), position
    while (newline := text.rfind(b"\n", floor, newline)) >= 0:
        if text[newline + 1 : newline + 2].strip():
            return newline + 1
    found = max(text.rfind(b";", floor, position), text.rfind(b"}", floor, position))
    return found + 1 if found >= 0 else position
