"""Read the code of one artifact: rounds of front ends, each over what the round before uncovered.

A round parses the units chosen by the gate, then the layers that were decoded, the files that turned out to be started
or loaded, and the modules that data is passed to. Meaning comes last, when every unit's role is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from packamal.detectors.base import FrontEnd, Observed
from packamal.detectors.facts import Edge, Facts, Layer
from packamal.detectors.gate import select
from packamal.detectors.interpret import interpret
from packamal.detectors.language import language_of, sniff
from packamal.detectors.reach import spread
from packamal.detectors.tree import FileTree
from packamal.detectors.units import Language, Unit
from packamal.model import Problem, Role

MAX_ROUNDS = 8
"""Layers in layers; real ones stay below six."""
MAX_LAYERS = 256
"""Layers read in one artifact; more are a way to keep a scanner busy."""
MIN_LAYER_BYTES = 8


def _python(units: Sequence[Unit], package: Mapping[str, Unit]) -> Facts:
    from packamal.detectors.python import read

    return read(units, package)


def _javascript(units: Sequence[Unit], package: Mapping[str, Unit]) -> Facts:
    from packamal.detectors.javascript import read

    return read(units, package)


def _shell(units: Sequence[Unit], package: Mapping[str, Unit]) -> Facts:
    from packamal.detectors.shell import read

    return read(units, package)


FRONT_ENDS: dict[str, tuple[frozenset[Language], FrontEnd]] = {
    "python": (frozenset({Language.PYTHON}), _python),
    "javascript": (frozenset({Language.JAVASCRIPT, Language.TYPESCRIPT}), _javascript),
    "shell": (frozenset({Language.SHELL, Language.POWERSHELL, Language.BATCH}), _shell),
}
"""Loaded when code of their languages turns up: a package seldom needs all, and each is a third of the program."""


@dataclass(slots=True)
class CodeReading:
    """What the rounds gather."""

    units: dict[str, Unit]
    tree: FileTree
    facts: list[tuple[str, Facts]] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    parsed: set[str] = field(default_factory=set)
    layers: int = 0
    problems: list[Problem] = field(default_factory=list)


def read_code(units: Sequence[Unit], report: Callable[[str, int, int], None]) -> CodeReading:
    """Run the rounds; `report` is told (family, units done, units in all)."""
    reading = CodeReading({unit.name: unit for unit in units}, FileTree.of(units))
    waiting = list(select(units).units)
    for _ in range(MAX_ROUNDS):
        fresh = _unread(waiting, reading)
        if not fresh:
            break
        found = _read_round(fresh, reading, report)
        waiting = [*_new_layers(found, reading), *_newly_reached(reading)]
    return reading


def _unread(waiting: Iterable[Unit], reading: CodeReading) -> list[Unit]:
    return [reading.units[unit.name] for unit in waiting if unit.name not in reading.parsed]


def _read_round(
    fresh: Sequence[Unit], reading: CodeReading, report: Callable[[str, int, int], None]
) -> list[tuple[Layer, Unit]]:
    package = {unit.path: unit for unit in reading.units.values() if not unit.parent}
    layers: list[tuple[Layer, Unit]] = []
    for family, (languages, front_end) in FRONT_ENDS.items():
        mine = [unit for unit in fresh if unit.language in languages]
        if not mine:
            continue
        report(family, len(reading.parsed), len(reading.units))
        facts = _facts_of(family, front_end, mine, package, reading)
        reading.facts.append((family, facts))
        reading.edges += [_from_member(edge, reading.units) for edge in facts.edges]
        reading.problems += [Problem(family, message, name) for name, message in facts.failures]
        layers += [
            (layer, reading.units[layer.place.unit]) for layer in facts.layers if layer.place.unit in reading.units
        ]
    reading.parsed.update(unit.name for unit in fresh)
    return layers


def _facts_of(
    family: str, front_end: FrontEnd, mine: Sequence[Unit], package: Mapping[str, Unit], reading: CodeReading
) -> Facts:
    try:
        return front_end(mine, package)
    except Exception as error:  # noqa: BLE001, the detector edge: what a front end cannot read is not clean
        reading.problems.append(Problem(family, f"the front end failed: {type(error).__name__}: {error}"[:200]))
        return Facts()


def _from_member(edge: Edge, units: Mapping[str, Unit]) -> Edge:
    """An edge out of a layer starts at the member that holds the layer: roles belong to members."""
    name = edge.place.unit
    while name in units and units[name].parent:
        name = units[name].parent
    return edge._replace(place=edge.place._replace(unit=name))


def _new_layers(found: Iterable[tuple[Layer, Unit]], reading: CodeReading) -> list[Unit]:
    units: list[Unit] = []
    known = {(unit.path, unit.data) for unit in reading.units.values()}
    for layer, parent in found:
        if len(layer.data) < MIN_LAYER_BYTES or (parent.path, layer.data) in known or reading.layers >= MAX_LAYERS:
            continue
        known.add((parent.path, layer.data))
        reading.layers += 1
        unit = _layer_unit(layer, parent, f"{parent.name}!{reading.layers}")
        reading.units[unit.name] = unit
        units.append(unit)
    return units


def _layer_unit(layer: Layer, parent: Unit, name: str) -> Unit:
    language = Language(layer.language) if layer.language in set(Language) else _guess(layer, parent)
    role = parent.role
    if not layer.place.is_called and role.strength > Role.CALL.strength:
        role = Role.CALL
    return Unit(
        name=name,
        path=parent.path,
        data=layer.data,
        language=language,
        role=role,
        reason=parent.reason,
        parent=parent.name,
        line=parent.line if parent.parent else layer.place.line,
        function=".".join(filter(None, (parent.function, layer.place.function))),
        steps=(*parent.steps, *layer.steps),
        is_executed=layer.is_executed,
    )


def _guess(layer: Layer, parent: Unit) -> Language:
    language = language_of("", layer.data)
    if language not in {Language.UNKNOWN, Language.TEXT}:
        return language
    return parent.language if layer.is_executed else sniff(layer.data)


def _newly_reached(reading: CodeReading) -> list[Unit]:
    """Spread the roles along the edges found so far; units that now run but were not parsed are next."""
    before = {name: unit.role for name, unit in reading.units.items()}
    members = tuple(unit for unit in reading.units.values() if not unit.parent)
    for unit in spread(members, reading.edges, reading.tree):
        reading.units[unit.name] = unit
    for unit in list(reading.units.values()):
        if unit.parent and (parent := reading.units[unit.parent]).role.strength > before[unit.parent].strength:
            reading.units[unit.name] = replace(unit, role=parent.role, reason=parent.reason)
    fresh = [
        unit
        for name, unit in reading.units.items()
        if unit.role.strength >= Role.STARTUP.strength > before[name].strength and name not in reading.parsed
    ]
    return list(select(fresh, budget=0).units)


def give_meaning(reading: CodeReading, artifact: str) -> list[Observed]:
    """Interpret all facts under the final roles."""
    units: Mapping[str, Unit] = reading.units
    return [interpret(facts, units, family, artifact) for family, facts in reading.facts]
