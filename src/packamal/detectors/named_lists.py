"""The named lists of texts (credential places, browser stores, hosts ...): which of them does a text belong to?

One automaton over all literals answers in a microsecond; patterns are tried only when their `near` literal was seen.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from ahocorasick_rs import AhoCorasick, Implementation

from packamal.capability import Capability
from packamal.errors import RuleError
from packamal.strict_yaml import load_file

CATALOGUE = Path(__file__).resolve().parent.parent / "catalogue"
MAX_TEXT = 16_384
"""Longer texts are matched by their head: an address or a path stands early, and data blobs are not texts."""


@dataclass(frozen=True, slots=True)
class NamedList:
    """One list as its file says."""

    name: str
    signal: Capability | None
    items: tuple[str, ...]
    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    is_bound: bool


class NamedLists:
    """All lists, compiled once."""

    def __init__(self, lists: tuple[NamedList, ...]) -> None:
        self.by_name = {entry.name: entry for entry in lists}
        self._literals: list[str] = []
        self._meaning: list[tuple[NamedList, re.Pattern[str] | None]] = []
        self._always: list[tuple[NamedList, re.Pattern[str]]] = []
        for entry in lists:
            self._add(entry)
        self._automaton = AhoCorasick(self._literals, implementation=Implementation.DFA)
        self.labels = functools.lru_cache(maxsize=65_536)(self._labels)

    def _add(self, entry: NamedList) -> None:
        for item in entry.items:
            self._literals.append(item)
            self._meaning.append((entry, None))
        for near, pattern in entry.patterns:
            if near:
                self._literals.append(near)
                self._meaning.append((entry, pattern))
            else:
                self._always.append((entry, pattern))

    def _labels(self, text: str) -> frozenset[str]:
        flat = normalise(text)
        found: set[str] = set()
        tried: set[int] = set()
        for index, start, end in self._automaton.find_matches_as_indexes(flat, overlapping=True):
            entry, pattern = self._meaning[index]
            if entry.name in found or index in tried:
                continue
            if pattern is not None:
                tried.add(index)
                if pattern.search(flat):
                    found.add(entry.name)
            elif not entry.is_bound or _stands_alone(flat, start, end):
                found.add(entry.name)
        found.update(entry.name for entry, pattern in self._always if pattern.search(flat))
        return frozenset(found)


def normalise(text: str) -> str:
    """Lower case, forward slashes only, so that one literal fits every platform's spelling."""
    clean = text[:MAX_TEXT].encode("utf-8", "replace").decode()  # lone surrogates would stop the automaton
    return clean.lower().replace("\\\\", "/").replace("\\", "/")


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (before.isalnum() or after.isalnum())


@functools.cache
def load_lists() -> NamedLists:
    """Read and compile the shipped lists; raises RuleError."""
    raw = load_file(CATALOGUE / "lists.yaml")
    if not isinstance(raw, dict):
        raise RuleError("lists.yaml: must map list names to lists")
    return NamedLists(tuple(_parse(str(name), body) for name, body in raw.items()))


def _parse(name: str, body: object) -> NamedList:
    if not isinstance(body, dict) or not set(body) <= {"signal", "items", "regex", "bound"}:
        raise RuleError(f"lists.yaml: {name}: only signal, items, regex and bound are known")
    try:
        patterns = tuple(
            (str(row["near"]).lower(), re.compile(row["re"], re.IGNORECASE)) for row in body.get("regex", ())
        )
        signal = Capability(body["signal"]) if "signal" in body else None
    except (ValueError, KeyError, TypeError, re.error) as error:
        raise RuleError(f"lists.yaml: {name}: {error}") from error
    items = tuple(str(item).lower() for item in body.get("items", ()))
    return NamedList(name, signal, items, patterns, bool(body.get("bound")))
