"""The two protocols of detection: a front end reads facts out of code, a detector reads signals out of anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from packamal.detectors.facts import Facts
from packamal.detectors.units import Unit
from packamal.model import Artifact, Flow, Problem, Signal


class FrontEnd(Protocol):
    """Reads the facts of the units of its language.

    `units` are those the gate let pass, in order of importance, of one artifact; names resolve among `package` (every
    unit of the artifact by path, for modules that were not given but are reached with data). Calls itself on no layer:
    the engine makes units of them and calls again. Never runs anything of the package; never raises for hostile input.
    """

    def __call__(self, units: Sequence[Unit], package: Mapping[str, Unit]) -> Facts:
        """Read the units."""


@dataclass(frozen=True, slots=True)
class Package:
    """What a detector may look at: one artifact, its units, and what the index says."""

    artifact: Artifact
    units: tuple[Unit, ...]
    metadata: Mapping[str, object] = field(default_factory=dict)
    """Normalised by the ecosystem (see ecosystems.base.Metadata); empty for local files without metadata."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a detector saw; `flows` index into its own `signals`."""

    signals: tuple[Signal, ...] = ()
    flows: tuple[Flow, ...] = ()
    problems: tuple[Problem, ...] = ()


class Detector(Protocol):
    """One way of looking at a package."""

    def __call__(self, package: Package) -> Observed:
        """Look at the package."""
