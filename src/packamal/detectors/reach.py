"""Spreads roles over the edges between units to a fixed point, strongest first, and keeps why.

Each unit ends with the strongest role it is reached by; among equals the shortest chain, then the first by name, so
that neither the order of units nor that of edges matters.
"""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from packamal.detectors.facts import Edge
from packamal.detectors.language import SCRIPTS, sniff
from packamal.detectors.quick import quick_edges
from packamal.detectors.resolve import resolve_javascript, resolve_path, resolve_python
from packamal.detectors.tree import FileTree
from packamal.detectors.units import Language, Unit
from packamal.model import Role

ARROW = " -> "
MAX_CHAIN = 6
"""Steps of a reason shown to people; longer ones lose their middle."""
_PROSE = re.compile(
    r"(?i)(?:^|/)(?:readme|licen[cs]e|copying|changes|changelog|history|news|authors|notice|requirements)"
)
_DOTTED = re.compile(r"\.*[A-Za-z_][\w.]*\Z")
_SCRIPT_LANGUAGES = frozenset({Language.JAVASCRIPT, Language.TYPESCRIPT, Language.SHELL})
_BY_STRENGTH = {role.strength: role for role in Role}


class _Reached(NamedTuple):
    """How a unit is reached; ordered so that the least is the best."""

    weakness: int
    hops: int
    chain: tuple[str, ...]


def spread(units: Sequence[Unit], edges: Sequence[Edge]) -> tuple[Unit, ...]:
    """Raise roles along import, start, exec and read edges; units come back in the order given."""
    outgoing: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        outgoing[edge.place.unit].append(edge)
    return _spread(units, lambda unit: outgoing.get(unit.name, ()))


def spread_quickly(units: Sequence[Unit], edges: Sequence[Edge]) -> tuple[Unit, ...]:
    """Raise roles along the given edges and those that `quick_edges` reads off units which run when loaded."""
    outgoing: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        outgoing[edge.place.unit].append(edge)

    def edges_of(unit: Unit) -> Iterable[Edge]:
        return [*outgoing.get(unit.name, ()), *(quick_edges(unit) if unit.role.strength >= _QUICK else ())]

    return _spread(units, edges_of)


_QUICK = Role.IMPORT.strength
"""Weaker units are many and reach nothing that matters before they are parsed."""


def _spread(units: Sequence[Unit], edges_of: Callable[[Unit], Iterable[Edge]]) -> tuple[Unit, ...]:
    tree = FileTree.of(units)
    by_name = {unit.name: unit for unit in units}
    by_path: dict[str, list[str]] = defaultdict(list)
    layers: dict[str, list[str]] = defaultdict(list)
    for unit in units:
        (layers[unit.parent] if unit.parent else by_path[unit.path]).append(unit.name)
    heap = [(_Reached(-unit.role.strength, 0, (unit.reason or unit.path,)), unit.name) for unit in units]
    heapq.heapify(heap)
    done: dict[str, Unit] = {}
    while heap:
        reached, name = heapq.heappop(heap)
        if name in done:
            continue
        unit = done[name] = _raised(by_name[name], reached)
        if unit.role is Role.NEVER:
            continue
        for edge in sorted(edges_of(unit)):
            weakness = reached.weakness if edge.place.is_called else max(reached.weakness, -Role.CALL.strength)
            for target in _targets(edge, unit, tree):
                for other in by_path[target]:
                    if other not in done and _counts(edge, by_name[other]):
                        heapq.heappush(heap, (_Reached(weakness, reached.hops + 1, (*reached.chain, target)), other))
        for layer in layers[name]:
            chain = (*reached.chain, by_name[layer].name)
            heapq.heappush(heap, (_Reached(reached.weakness, reached.hops + 1, chain), layer))
    return tuple(done[unit.name] for unit in units)


def _raised(unit: Unit, reached: _Reached) -> Unit:
    """The unit as it is reached; started text of no known language gets the one it looks like."""
    if reached.hops == 0:
        return unit
    language = unit.language
    if language in {Language.TEXT, Language.UNKNOWN}:
        found = sniff(unit.data)
        language = found if found in SCRIPTS else language
    return replace(unit, role=_BY_STRENGTH[-reached.weakness], reason=_told(reached.chain), language=language)


def _told(chain: tuple[str, ...]) -> str:
    if len(chain) > MAX_CHAIN:
        chain = (*chain[: MAX_CHAIN - 3], "...", *chain[-2:])
    return ARROW.join(chain)


def _counts(edge: Edge, target: Unit) -> bool:
    """Reading source or prose does not run it; reading what is neither may."""
    if edge.kind != "read":
        return True
    is_prose = target.language is Language.MARKDOWN or _PROSE.search(target.path)
    return not is_prose and target.language not in {Language.PYTHON, Language.JAVASCRIPT, Language.TYPESCRIPT}


def _targets(edge: Edge, unit: Unit, tree: FileTree) -> tuple[str, ...]:
    """Files of the artifact that an edge means."""
    target, path = edge.target, unit.path
    if edge.kind == "import" and unit.language is Language.PYTHON:
        return resolve_python(target, path, tree)
    if edge.kind == "import":
        return resolve_javascript(target, path, tree)
    found = resolve_path(target, path, tree)
    if not found and unit.language in _SCRIPT_LANGUAGES and target.startswith("."):
        found = resolve_javascript(target, path, tree)
    if not found and unit.language is Language.PYTHON and edge.kind == "start" and _DOTTED.match(target):
        found = resolve_python(target, path, tree)
    return found
