"""Decides which units deserve parsing: one pass of literals, what a unit does to hide, its role, and a small budget.

The gate decides cost, never truth: what it leaves out was seen by the byte rules all the same, and what a cap cut off
is reported.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import ahocorasick_rs

from packamal.detectors.hiding import hides
from packamal.detectors.language import CODE
from packamal.detectors.units import Unit
from packamal.model import Role

NEAR_BYTES = 1_000
"""Two families this close to each other belong to one piece of code."""
BUDGET_BYTES = 64_000
"""Source of a package that is parsed anyway: most malicious packages are smaller, big ones cost little more."""
MAX_PARSED_BYTES = 8_000_000
"""Source of a package that is parsed at most: a few CPU seconds."""
CHUNK_BYTES = 4_000_000
"""Source that goes through the automaton in one call; joining small files saves a call for each."""


class Reason(NamedTuple):
    """Why a unit passes; `rank` orders, smaller first."""

    rank: int
    text: str


class Selection(NamedTuple):
    """What is to be parsed, most important first, and what was left out although the gate let it pass."""

    units: tuple[Unit, ...]
    reasons: tuple[str, ...]
    """For each unit: role, strong, near, hides, or budget."""
    cut: tuple[Unit, ...] = ()
    """Units that passed but stand beyond MAX_PARSED_BYTES: the analysis is incomplete."""


class Literals(NamedTuple):
    """The literal families, compiled."""

    automaton: ahocorasick_rs.BytesAhoCorasick
    families: tuple[int, ...]
    """Family bits of each pattern."""
    partners: dict[int, int]
    """Family bit -> bits of the families it makes sense with."""
    strong: int


def select(units: Sequence[Unit], budget: int = BUDGET_BYTES, limit: int = MAX_PARSED_BYTES) -> Selection:
    """Choose the source units to parse; order of `units` does not matter."""
    source = [unit for unit in units if unit.language in CODE and unit.data]
    found = dict(zip((unit.name for unit in source), _literal_hits(source), strict=True))
    ranked = sorted(
        ((_reason(unit, found[unit.name]), unit) for unit in source),
        key=lambda pair: (-pair[1].role.strength, pair[0].rank, len(pair[1].data), pair[1].name),
    )
    chosen, cut, used = [], [], 0
    for reason, unit in ranked:
        if reason.text == "none":
            if used + len(unit.data) > budget:
                continue
            reason = Reason(reason.rank, "budget")
        if used + len(unit.data) > limit:
            cut.append(unit)
            continue
        used += len(unit.data)
        chosen.append((reason.text, unit))
    return Selection(tuple(unit for _, unit in chosen), tuple(text for text, _ in chosen), tuple(cut))


def _reason(unit: Unit, hit: str) -> Reason:
    if unit.role in {Role.INSTALL, Role.STARTUP}:
        return Reason(0, "role")
    if hit:
        return Reason(1, hit)
    if hides(unit):
        return Reason(2, "hides")
    return Reason(3, "none")


def _literal_hits(source: Sequence[Unit]) -> list[str]:
    """For each unit `strong`, `near` or empty."""
    hits: list[str] = []
    for chunk in _chunks(source):
        hits += _chunk_hits(chunk)
    return hits


def _chunks(source: Sequence[Unit]) -> Iterator[list[Unit]]:
    chunk: list[Unit] = []
    size = 0
    for unit in source:
        if chunk and size + len(unit.data) > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(unit)
        size += len(unit.data)
    if chunk:
        yield chunk


def _chunk_hits(chunk: list[Unit]) -> list[str]:
    known = literals()
    ends, end = [], 0
    for unit in chunk:
        end += len(unit.data) + 1
        ends.append(end)
    text = b"\0".join([unit.data for unit in chunk]).lower()
    hits = [""] * len(chunk)
    last = [-NEAR_BYTES - 1] * (known.strong.bit_length() + 1)
    index = 0
    for pattern, start, _ in known.automaton.find_matches_as_indexes(text, overlapping=True):
        while start >= ends[index]:
            index += 1
            last = [-NEAR_BYTES - 1] * len(last)
        if hits[index] == "strong":
            continue
        bits = known.families[pattern]
        if bits & known.strong:
            hits[index] = "strong"
        elif not hits[index] and _meets(bits, start, last, known.partners):
            hits[index] = "near"
    return hits


def _meets(bits: int, start: int, last: list[int], partners: dict[int, int]) -> bool:
    """Note the position of a family and say whether a partner stands near before it."""
    wanted = 0
    while bits:
        bit = bits & -bits
        bits ^= bit
        last[bit.bit_length()] = start
        wanted |= partners.get(bit, 0)
    while wanted:
        bit = wanted & -wanted
        wanted ^= bit
        if start - last[bit.bit_length()] <= NEAR_BYTES and start != last[bit.bit_length()]:
            return True
    return False


@functools.cache
def literals() -> Literals:
    """Read and compile the shipped literal families, once for each process."""
    text = importlib.resources.files("packamal.catalogue").joinpath("literals.txt").read_text("utf-8")
    return compile_literals(text)


_NEAR = re.compile(r"near (\w+) (\w+)\Z")


def read_families(text: str) -> tuple[dict[str, list[bytes]], list[tuple[str, str]]]:
    """Read the literal file: families by name, and the pairs that count when near."""
    families: dict[str, list[bytes]] = {}
    pairs: list[tuple[str, str]] = []
    current: list[bytes] = []
    for line in text.splitlines():
        match = _NEAR.match(line)
        if line.startswith("[") and line.endswith("]"):
            current = families.setdefault(line[1:-1], [])
        elif match and not families:
            pairs.append((match[1], match[2]))
        elif line and not line.startswith("# ") and families:
            current.append(line.lower().encode())
    return families, pairs


def compile_literals(text: str) -> Literals:
    """Compile a literal file's text."""
    families, pairs = read_families(text)
    bits = {name: 1 << position for position, name in enumerate([*(f for f in families if f != "strong"), "strong"])}
    patterns: dict[bytes, int] = {}
    for name, words in families.items():
        for word in words:
            patterns[word] = patterns.get(word, 0) | bits[name]
    partners: dict[int, int] = {}
    for left, right in pairs:
        partners[bits[left]] = partners.get(bits[left], 0) | bits[right]
        partners[bits[right]] = partners.get(bits[right], 0) | bits[left]
    automaton = ahocorasick_rs.BytesAhoCorasick(list(patterns), implementation=ahocorasick_rs.Implementation.DFA)
    return Literals(automaton, tuple(patterns.values()), partners, bits["strong"])
