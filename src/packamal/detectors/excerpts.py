"""Cuts what matters out of source that is too large to parse: its start, its end, and the surroundings of hits.

A bundle of many megabytes would take gigabytes as a tree; what hides in it stands at an end or near the literals that
it needs. Excerpts are layers of their member, so that evidence points to the right line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from packamal.detectors import literals
from packamal.detectors.language import SCRIPTS
from packamal.detectors.units import Unit

LARGE_BYTES = 4_000_000
"""Larger units are read in excerpts: a tree of more would not fit in memory."""
EXCERPT_BYTES = 16_000
"""Before and after a hit."""
MAX_EXCERPT_BYTES = 512_000
"""Of one large unit."""


def excerpts_of(units: Sequence[Unit]) -> Iterator[Unit]:
    """Yield the excerpts of all source units over LARGE_BYTES, as layers named `path!@offset`."""
    large = [unit for unit in units if len(unit.data) > LARGE_BYTES and unit.language in SCRIPTS]
    for unit in large:
        (hit,) = literals.hits([unit], literals.shipped())
        yield from excerpts(unit, hit.positions)


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
