"""What is done to one artifact once it is in memory: roles, code, detectors, and one list of signals."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from packamal.archive import Unpacked
from packamal.detectors import DETECTORS
from packamal.detectors.base import Observed, Package
from packamal.detectors.bytecode import layers_of
from packamal.detectors.container import signals_of
from packamal.detectors.roles import assign
from packamal.detectors.units import Unit
from packamal.engine.merging import merge
from packamal.engine.progress import Progress
from packamal.engine.reading import give_meaning, read_code
from packamal.model import Artifact, Problem

Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Analysed:
    """One artifact, taken to pieces."""

    artifact: Artifact
    units: tuple[Unit, ...]
    observed: Observed
    timings_ms: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Subject:
    """One artifact before analysis."""

    artifact: Artifact
    unpacked: Unpacked
    ecosystem: str = ""
    metadata: Mapping[str, object] | None = None
    """`index` and `manifest`, each an ecosystems.base.Metadata or None."""


def analyse(subject: Subject, report: Report) -> Analysed:
    """Read one artifact; never raises for hostile content."""
    clock = _Clock()
    units = _with_layers(assign(subject.unpacked, subject.artifact.kind, subject.ecosystem))
    clock.lap("roles")
    reading = read_code(
        units, lambda family, done, total: report(Progress(family, subject.artifact.filename, done, total))
    )
    clock.lap("parse")
    parts = [*give_meaning(reading, subject.artifact.filename), signals_of(subject.unpacked, subject.artifact)]
    clock.lap("meaning")
    package = Package(subject.artifact, tuple(reading.units.values()), subject.metadata or {})
    for name, detect in DETECTORS.items():
        report(Progress(name, subject.artifact.filename))
        parts.append(_run(name, detect, package))
        clock.lap(name)
    problems = [Problem("archive", text) for text in subject.unpacked.problems]
    parts.append(Observed(problems=(*problems, *reading.problems)))
    return Analysed(subject.artifact, package.units, merge(parts), clock.laps)


def _with_layers(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """Add the code that compiled files and pickles hold: no front end sees it in the member itself."""
    by_path = {unit.path: unit for unit in units}
    return (*units, *(layer for unit in units for layer in layers_of(unit, by_path)))


def _run(name: str, detect: Callable[[Package], Observed], package: Package) -> Observed:
    try:
        return detect(package)
    except Exception as error:  # noqa: BLE001, the detector edge: a broken detector makes the report incomplete, no more
        return Observed(problems=(Problem(name, f"the detector failed: {type(error).__name__}: {error}"[:200]),))


class _Clock:
    """Wall milliseconds of each stage."""

    def __init__(self) -> None:
        self.laps: dict[str, int] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = self.laps.get(name, 0) + round(1000 * (now - self._last))
        self._last = now
