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
MANY_WEAK = 2
"""Different pairs that each count only in loaded code, but together anywhere."""
MAX_POSITIONS = 64
"""Hits of one unit whose places are kept."""
STRONG = "strong"
NEAR = "near"
LOADED = "loaded"
_RELATION = re.compile(r"(?:(?:near|loaded) [a-z]+ [a-z]+|lone(?: [a-z]+)+)\Z")
_HEAD = re.compile(r"\[([a-z]+)\]\Z")
_ESCAPE = re.compile(r"\A\\[nts]|\\s\Z")
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\s": " "}
_WEIGHT = {"": 0, LOADED: 1, NEAR: 2, STRONG: 3}


class Hit(NamedTuple):
    """What the literals say about one unit."""

    kind: str = ""
    """strong, near, loaded (near, but of weight only in code that runs when loaded), or empty."""
    positions: tuple[int, ...] = ()
    """Where, for the first MAX_POSITIONS."""
    lone: int = 0
    """How many of the families that say something on their own stand in it."""


class Literals(NamedTuple):
    """Families, compiled."""

    automaton: ahocorasick_rs.BytesAhoCorasick
    families: tuple[tuple[int, ...], ...]
    """Numbers of the families each pattern stands in."""
    partners: tuple[tuple[tuple[int, str], ...], ...]
    """For each family the ones it makes sense with, and the kind of hit that is."""
    strong: int
    """Number of the family that is reason enough alone; -1 when there is none."""
    lone: frozenset[int]
    """Numbers of the families that put a unit ahead of its neighbours even alone."""


@functools.cache
def shipped() -> Literals:
    """Compile the families that come with Packamal, once for each process."""
    return compile_families(importlib.resources.files("packamal.catalogue").joinpath("literals.txt").read_text("utf-8"))


def read_families(text: str) -> tuple[dict[str, list[bytes]], list[list[str]]]:
    """Read a literal file: families by name, and relations as lists (kind, family, ...). Raises RuleError."""
    families: dict[str, list[bytes]] = {}
    relations: list[list[str]] = []
    current: list[bytes] | None = None
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head:
            current = families.setdefault(head[1], [])
        elif current is not None and line:
            current.append(_ESCAPE.sub(lambda found: _ESCAPES[found[0]], line.lower()).encode())
        elif _RELATION.match(line):
            relations.append(line.split(" "))
        elif line and not line.startswith("#"):
            raise RuleError(f"literals: cannot understand the line {line[:80]!r}")
    unknown = {name for relation in relations for name in relation[1:]} - families.keys()
    if unknown:
        raise RuleError(f"literals: no family {', '.join(sorted(unknown))}")
    return families, relations


def compile_families(text: str) -> Literals:
    """Compile a literal file's text. Raises RuleError."""
    families, relations = read_families(text)
    number = {name: position for position, name in enumerate(families)}
    patterns: dict[bytes, list[int]] = {}
    for name, words in families.items():
        for word in words:
            patterns.setdefault(word, []).append(number[name])
    partners: list[dict[int, str]] = [{} for _ in families]
    lone: set[int] = set()
    for kind, *names in relations:
        numbers = [number[name] for name in names]
        if kind == "lone":
            lone.update(numbers)
            continue
        partners[numbers[0]][numbers[1]] = partners[numbers[1]][numbers[0]] = kind
    automaton = ahocorasick_rs.BytesAhoCorasick(list(patterns), implementation=ahocorasick_rs.Implementation.DFA)
    return Literals(
        automaton,
        tuple(tuple(numbers) for numbers in patterns.values()),
        tuple(tuple(sorted(found.items())) for found in partners),
        number.get(STRONG, -1),
        frozenset(lone),
    )


def hits(units: Sequence[Unit], literals: Literals) -> list[Hit]:
    """Look for the literals in each unit's bytes; one answer per unit, in order."""
    return [hit for chunk in _chunks(units) for hit in _chunk_hits(chunk, literals)]


def places(data: bytes, literals: Literals) -> list[int]:
    """Where something strong or either end of a pair stands in lower-cased bytes, in order: what the gate goes by."""
    watch = _Places(literals)
    for pattern, start, _ in literals.automaton.find_matches_as_indexes(data, overlapping=True):
        watch.note(pattern, start)
    return sorted(watch.found)


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
    joined = b"\0".join([unit.data for unit in chunk]).lower()
    watches = [_Watch(literals) for _ in chunk]
    index, begin, end = 0, 0, len(chunk[0].data) + 1
    for pattern, start, _ in literals.automaton.find_matches_as_indexes(joined, overlapping=True):
        while start >= end:
            index, begin = index + 1, end
            end += len(chunk[index].data) + 1
        watches[index].note(pattern, start - begin)
    return [watch.hit() for watch in watches]


class _Watch:
    """What has been seen in one unit so far."""

    __slots__ = ("_kind", "_last", "_literals", "_places", "_weak")

    def __init__(self, literals: Literals) -> None:
        self._literals = literals
        self._kind = ""
        self._last: dict[int, int] = {}
        self._places: list[int] = []
        self._weak: set[frozenset[int]] = set()

    def note(self, pattern: int, start: int) -> None:
        """Take in one match."""
        families = self._literals.families[pattern]
        for family in families:
            if family == self._literals.strong:
                self._found(STRONG, start, start)
            for other, meaning in self._literals.partners[family]:
                before = self._last.get(other, start)
                if 0 < start - before <= NEAR_BYTES:
                    self._found(meaning, before, start)
                    if meaning == LOADED:
                        self._weak.add(frozenset((family, other)))
        for family in families:
            self._last[family] = start

    def _found(self, kind: str, before: int, start: int) -> None:
        del before
        if _WEIGHT[kind] > _WEIGHT[self._kind]:
            self._kind = kind
        if len(self._places) < MAX_POSITIONS:
            self._places.append(start)

    def hit(self) -> Hit:
        """Sum up."""
        is_near = self._kind == LOADED and len(self._weak) >= MANY_WEAK
        return Hit(
            NEAR if is_near else self._kind,
            tuple(self._places),
            len(self._literals.lone.intersection(self._last)),
        )


class _Places(_Watch):
    """Both ends of everything that is found, however much it is."""

    __slots__ = ("found",)

    def __init__(self, literals: Literals) -> None:
        super().__init__(literals)
        self.found: set[int] = set()

    def _found(self, kind: str, before: int, start: int) -> None:
        del kind
        self.found.update((before, start))
