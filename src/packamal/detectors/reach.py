"""Spreads roles over the edges between units to a fixed point, strongest first, and keeps why.

Each unit ends with the strongest role it is reached by; among equals the shortest chain, then the first by name, so
that neither the order of units nor that of edges matters.
"""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from packamal.detectors.facts import Edge
from packamal.detectors.language import CODE, SCRIPTS, is_prose, sniff
from packamal.detectors.quick import quick_edges
from packamal.detectors.resolve import resolve_javascript, resolve_path, resolve_python
from packamal.detectors.tree import FileTree
from packamal.detectors.units import Language, Unit
from packamal.model import Role

ARROW = " -> "
INNER = "!/"
"""Stands between an archive's path and the path of a file inside it."""
MAX_CHAIN = 6
"""Steps of a reason shown to people; longer ones lose their middle."""
MAX_QUICK_EDGES = 400_000
"""Edges read off the bytes of one artifact; the largest real ones have a tenth of that."""
_DOTTED = re.compile(r"\.*[A-Za-z_][\w.]*\Z")
_SCRIPT_LANGUAGES = frozenset({Language.JAVASCRIPT, Language.TYPESCRIPT, Language.SHELL})
_BY_STRENGTH = {role.strength: role for role in Role}


class _Reached(NamedTuple):
    """How a unit is reached; ordered so that the least is the best."""

    weakness: int
    hops: int
    chain: tuple[str, ...]


def spread(units: Sequence[Unit], edges: Sequence[Edge], tree: FileTree) -> tuple[Unit, ...]:
    """Raise roles along import, start, exec and read edges; units come back in the order given.

    `tree` holds the members among the units.
    """
    outgoing: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        outgoing[edge.place.unit].append(edge)
    return _spread(units, lambda unit: outgoing.get(unit.name, ()), tree)


def spread_quickly(units: Sequence[Unit], edges: Sequence[Edge], tree: FileTree) -> tuple[Unit, ...]:
    """Raise roles along the given edges and those that `quick_edges` reads off units which run when loaded."""
    outgoing: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        outgoing[edge.place.unit].append(edge)

    left = MAX_QUICK_EDGES

    def edges_of(unit: Unit) -> Iterable[Edge]:
        nonlocal left
        found = quick_edges(unit) if unit.role.strength >= _QUICK and left > 0 else ()
        left -= len(found)
        return [*outgoing.get(unit.name, ()), *found]

    return _spread(units, edges_of, tree)


_QUICK = Role.IMPORT.strength
"""Weaker units are many and reach nothing that matters before they are parsed."""


class _Network:
    """The units by the ways an edge may find them."""

    def __init__(self, units: Sequence[Unit], tree: FileTree) -> None:
        self.by_name = {unit.name: unit for unit in units}
        self.tree = tree
        self.copies: dict[str, list[str]] = defaultdict(list)
        """Path -> members of that path."""
        self.inside: dict[str, list[str]] = defaultdict(list)
        """Unit or archive -> the layers and inner members that come with it."""
        for unit in units:
            if unit.parent:
                self.inside[unit.parent].append(unit.name)
                continue
            self.copies[unit.path].append(unit.name)
            if INNER in unit.path:
                self.inside[unit.path.rpartition(INNER)[0]].append(unit.name)

    def next(self, unit: Unit, edges: Iterable[Edge]) -> Iterator[tuple[str, Edge | None]]:
        """(name of a unit that is reached, by which edge; None for what comes with the unit)"""
        for edge in edges:
            for target in _targets(edge, unit, self.tree):
                for name in self.copies.get(target, ()):
                    if _counts(edge, self.by_name[name]):
                        yield name, edge
        for name in self.inside.get(unit.name, ()):
            yield name, None


def _spread(units: Sequence[Unit], edges_of: Callable[[Unit], Iterable[Edge]], tree: FileTree) -> tuple[Unit, ...]:
    network = _Network(units, tree)
    heap = [
        (_Reached(-unit.role.strength, 0, (unit.reason or unit.path,)), unit.name)
        for unit in units
        if unit.role is not Role.NEVER
    ]
    heapq.heapify(heap)
    done: dict[str, Unit] = {}
    best: dict[str, _Reached] = {}
    started: set[str] = set()
    while heap:
        reached, name = heapq.heappop(heap)
        if name in done:
            continue
        unit = done[name] = _raised(network.by_name[name], reached, name in started)
        for other, edge in network.next(unit, edges_of(unit)):
            if other in done:
                continue
            weakest = -Role.CALL.strength if edge and not edge.place.is_called else reached.weakness
            if edge and edge.kind in {"start", "exec"}:
                started.add(other)
            step = max(reached.weakness, weakest), reached.hops + 1
            known = best.get(other)
            if known is not None and known[:2] < step:
                continue
            found = _Reached(*step, _longer(reached.chain, other))
            if known is None or found < known:
                best[other] = found
                heapq.heappush(heap, (found, other))
    return tuple(done.get(unit.name, unit) for unit in units)


def _raised(unit: Unit, reached: _Reached, is_started: bool) -> Unit:
    """The unit as it is reached; started text of no known language gets the one it looks like."""
    if reached.hops == 0:
        return unit
    language = unit.language
    if is_started and language in {Language.TEXT, Language.UNKNOWN}:
        found = sniff(unit.data)
        language = found if found in SCRIPTS else language
    return replace(unit, role=_BY_STRENGTH[-reached.weakness], reason=ARROW.join(reached.chain), language=language)


def _longer(chain: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The chain with one more step; beyond MAX_CHAIN its middle is lost."""
    if len(chain) < MAX_CHAIN:
        return (*chain, name)
    return (*chain[: MAX_CHAIN - 3], "...", chain[-1], name)


def _counts(edge: Edge, target: Unit) -> bool:
    """Reading source or prose does not run it; reading what is neither may."""
    if edge.kind != "read":
        return True
    return not is_prose(target.path) and target.language not in CODE


def _targets(edge: Edge, unit: Unit, tree: FileTree) -> tuple[str, ...]:
    """Files of the artifact that an edge means."""
    target, path = edge.target, unit.path
    if edge.kind == "import" and (unit.language is Language.PYTHON or path.endswith(".pth")):
        return resolve_python(target, path, tree)
    if edge.kind == "import":
        return resolve_javascript(target, path, tree)
    found = resolve_path(target, path, tree)
    if not found and unit.language in _SCRIPT_LANGUAGES and target.startswith("."):
        found = resolve_javascript(target, path, tree)
    if not found and unit.language is Language.PYTHON and edge.kind == "start" and _DOTTED.match(target):
        found = resolve_python(target, path, tree)
    return found
