"""The literal families of the gate, compiled to one automaton, and what of them stands near what in a unit.

The families are data (`catalogue/literals.txt`), so that a new way of doing harm is a line there.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import ahocorasick_rs

from packamal.detectors.units import Unit
from packamal.errors import RuleError

NEAR_BYTES = 1_000
"""Two families this close to each other belong to one piece of code."""
CHUNK_BYTES = 4_000_000
"""Source that goes through the automaton in one call; joining small files saves a call for each."""
MAX_POSITIONS = 64
"""Hits of one unit whose places are kept."""
STRONG = "strong"
NEAR = "near"
LOADED = "loaded"
_PAIR = re.compile(r"(near|loaded) ([a-z]+) ([a-z]+)\Z")
_HEAD = re.compile(r"\[([a-z]+)\]\Z")
_ESCAPE = re.compile(r"\A\\[nts]|\\s\Z")
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\s": " "}
_WEIGHT = {"": 0, LOADED: 1, NEAR: 2, STRONG: 3}
_FAR = -NEAR_BYTES - 1


class Hit(NamedTuple):
    """What the literals say about one unit."""

    kind: str = ""
    """strong, near, loaded (near, but of weight only in code that runs when loaded), or empty."""
    positions: tuple[int, ...] = ()
    """Where, for the first MAX_POSITIONS."""
    families: int = 0
    """How many different families stand in it, near each other or not."""


class Literals(NamedTuple):
    """Families, compiled."""

    automaton: ahocorasick_rs.BytesAhoCorasick
    families: tuple[tuple[int, ...], ...]
    """Numbers of the families each pattern stands in."""
    partners: tuple[tuple[tuple[int, str], ...], ...]
    """For each family the ones it makes sense with, and the kind of hit that is."""
    strong: int
    """Number of the family that is reason enough alone; -1 when there is none."""


@functools.cache
def shipped() -> Literals:
    """Compile the families that come with Packamal, once for each process."""
    return compile_families(importlib.resources.files("packamal.catalogue").joinpath("literals.txt").read_text("utf-8"))


def read_families(text: str) -> tuple[dict[str, list[bytes]], list[tuple[str, str, str]]]:
    """Read a literal file: families by name, and the (kind, family, family) that count. Raises RuleError."""
    families: dict[str, list[bytes]] = {}
    pairs: list[tuple[str, str, str]] = []
    current: list[bytes] | None = None
    for line in text.splitlines():
        pair, head = _PAIR.match(line), _HEAD.match(line)
        if head:
            current = families.setdefault(head[1], [])
        elif current is not None and line:
            current.append(_ESCAPE.sub(lambda found: _ESCAPES[found[0]], line.lower()).encode())
        elif pair:
            pairs.append((pair[1], pair[2], pair[3]))
        elif line and not line.startswith("#"):
            raise RuleError(f"literals: cannot understand the line {line[:80]!r}")
    unknown = {name for pair in pairs for name in pair[1:]} - families.keys()
    if unknown:
        raise RuleError(f"literals: no family {', '.join(sorted(unknown))}")
    return families, pairs


def compile_families(text: str) -> Literals:
    """Compile a literal file's text. Raises RuleError."""
    families, pairs = read_families(text)
    number = {name: position for position, name in enumerate(families)}
    patterns: dict[bytes, list[int]] = {}
    for name, words in families.items():
        for word in words:
            patterns.setdefault(word, []).append(number[name])
    partners: list[dict[int, str]] = [{} for _ in families]
    for kind, left, right in pairs:
        partners[number[left]][number[right]] = kind
        partners[number[right]][number[left]] = kind
    automaton = ahocorasick_rs.BytesAhoCorasick(list(patterns), implementation=ahocorasick_rs.Implementation.DFA)
    return Literals(
        automaton,
        tuple(tuple(numbers) for numbers in patterns.values()),
        tuple(tuple(sorted(found.items())) for found in partners),
        number.get(STRONG, -1),
    )


def hits(units: Sequence[Unit], literals: Literals) -> list[Hit]:
    """Look for the literals in each unit's bytes; one answer per unit, in order."""
    return [hit for chunk in _chunks(units) for hit in _chunk_hits(chunk, literals)]


def _chunks(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    chunk: list[Unit] = []
    size = 0
    for unit in units:
        if chunk and size + len(unit.data) > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(unit)
        size += len(unit.data)
    if chunk:
        yield chunk


def _chunk_hits(chunk: list[Unit], literals: Literals) -> list[Hit]:
    ends, end = [], 0
    for unit in chunk:
        end += len(unit.data) + 1
        ends.append(end)
    joined = b"\0".join([unit.data for unit in chunk]).lower()
    kinds = [""] * len(chunk)
    places: list[list[int]] = [[] for _ in chunk]
    seen: list[set[int]] = [set() for _ in chunk]
    last = [_FAR] * len(literals.partners)
    index = begin = 0
    for pattern, start, _ in literals.automaton.find_matches_as_indexes(joined, overlapping=True):
        while start >= ends[index]:
            begin, index = ends[index], index + 1
            last = [_FAR] * len(last)
        if len(places[index]) == MAX_POSITIONS:
            continue
        seen[index].update(literals.families[pattern])
        kind = _kind(literals, pattern, start, last)
        if kind:
            kinds[index] = max(kind, kinds[index], key=_WEIGHT.__getitem__)
            places[index].append(start - begin)
    found = zip(kinds, places, seen, strict=True)
    return [Hit(kind, tuple(place), len(families)) for kind, place, families in found]


def _kind(literals: Literals, pattern: int, start: int, last: list[int]) -> str:
    """What one more match means, given where each family was seen last; notes its own families."""
    families = literals.families[pattern]
    kind = ""
    for family in families:
        if family == literals.strong:
            kind = STRONG
        for other, meaning in literals.partners[family]:
            if 0 < start - last[other] <= NEAR_BYTES and _WEIGHT[meaning] > _WEIGHT[kind]:
                kind = meaning
    for family in families:
        last[family] = start
    return kind
