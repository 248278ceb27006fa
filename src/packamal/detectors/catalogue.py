"""The catalogue: which calls, attribute uses and notes raise which capability, in each language. Data, not code."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from packamal.capability import Capability
from packamal.detectors.conditions import Condition, compile_conditions
from packamal.detectors.named_lists import CATALOGUE
from packamal.errors import RuleError
from packamal.strict_yaml import load_file

FAMILIES = {"python": "python", "javascript": "javascript", "typescript": "javascript", "shell": "shell"}
"""Language of a front end -> catalogue file."""

_KEYS = {"call", "use", "note", "write", "target", "carries", "when", "refine", "use-target", "callee-target"}
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One way of raising a capability."""

    capability: Capability
    target: tuple[str, ...] = ()
    carries: frozenset[str] | None = None
    conditions: tuple[Condition, ...] = ()
    refine: tuple[tuple[str, Capability], ...] = ()
    is_write: bool = False
    names_itself: bool = False
    """The target is the callee or the attribute."""


@dataclass(slots=True)
class Catalogue:
    """Entries by what raises them."""

    calls: dict[str, list[Entry]] = field(default_factory=dict)
    methods: dict[str, list[Entry]] = field(default_factory=dict)
    """`*.name`"""
    members: dict[str, list[Entry]] = field(default_factory=dict)
    """`name.*`"""
    uses: dict[str, list[Entry]] = field(default_factory=dict)
    use_members: dict[str, list[Entry]] = field(default_factory=dict)
    notes: dict[str, list[Entry]] = field(default_factory=dict)
    _cache: dict[str, tuple[Entry, ...]] = field(default_factory=dict)

    def for_call(self, callee: str) -> tuple[Entry, ...]:
        """Entries that a callee may raise."""
        found = self._cache.get(callee)
        if found is None:
            head, _, last = callee.rpartition(".")
            found = (
                *self.calls.get(callee, ()),
                *(self.methods.get(last, ()) if head else ()),
                *(self.members.get(head, ()) if head else ()),
            )
            self._cache[callee] = found
        return found

    def for_use(self, name: str) -> tuple[Entry, ...]:
        """Entries that an attribute use may raise."""
        head, _, _ = name.rpartition(".")
        return (*self.uses.get(name, ()), *(self.use_members.get(head, ()) if head else ()))


@functools.cache
def load_catalogue(family: str) -> Catalogue:
    """Read one language's catalogue; raises RuleError."""
    name = f"{family}.yaml"
    raw = load_file(CATALOGUE / name)
    if not isinstance(raw, dict):
        raise RuleError(f"{name}: must map capabilities to entries")
    catalogue = Catalogue()
    for signal, rows in raw.items():
        for number, row in enumerate(rows or ()):
            _register(catalogue, str(signal), row, f"{name}: {signal}[{number}]")
    return catalogue


def _register(catalogue: Catalogue, signal: str, row: object, where: str) -> None:
    if not isinstance(row, Mapping) or not set(row) <= _KEYS:
        raise RuleError(f"{where}: only {', '.join(sorted(_KEYS))} are known")
    entry = _entry(signal, row, where)
    for name in _names(row.get("call")):
        if name.startswith("*."):
            catalogue.methods.setdefault(name[2:], []).append(entry)
        elif name.endswith(".*"):
            catalogue.members.setdefault(name[:-2], []).append(entry)
        else:
            catalogue.calls.setdefault(name, []).append(entry)
    for name in _names(row.get("use")):
        table = catalogue.use_members if name.endswith(".*") else catalogue.uses
        table.setdefault(name.removesuffix(".*"), []).append(entry)
    for name in _names(row.get("note")):
        catalogue.notes.setdefault(name, []).append(entry)


def _entry(signal: str, row: Mapping[str, object], where: str) -> Entry:
    try:
        refine = tuple((str(name), Capability(str(to))) for name, to in _mapping(row.get("refine")).items())
        return Entry(
            capability=Capability(signal),
            target=tuple(map(str, _list(row.get("target")))),
            carries=frozenset(map(str, _list(row["carries"]))) if "carries" in row else None,
            conditions=compile_conditions(row.get("when"), where),
            refine=refine,
            is_write=bool(row.get("write")),
            names_itself=bool(row.get("use-target") or row.get("callee-target")),
        )
    except ValueError as error:
        raise RuleError(f"{where}: {error}") from error


def _mapping(raw: object) -> Mapping[object, object]:
    return raw if isinstance(raw, Mapping) else {}


def _list(raw: object) -> list[object]:
    return raw if isinstance(raw, list) else []


def _names(raw: object) -> Iterator[str]:
    for name in _list(raw):
        yield from expand(str(name))


def expand(name: str) -> Iterator[str]:
    """Expand `a.{b,c}` to `a.b` and `a.c`, every brace in turn."""
    match = _BRACES.search(name)
    if match is None:
        yield name
        return
    for choice in match.group(1).split(","):
        yield from expand(name[: match.start()] + choice + name[match.end() :])
