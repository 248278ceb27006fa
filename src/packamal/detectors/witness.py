"""Makes signals for detectors that look at bytes rather than at code."""

from __future__ import annotations

from dataclasses import replace

from packamal.capability import Capability
from packamal.detectors.base import Observed, Package
from packamal.detectors.facts import Place
from packamal.detectors.sighting import Sightings, shorten
from packamal.detectors.units import Unit
from packamal.model import TARGET_CHARS, Origin, Signal

MAX_SIGNALS = 200
"""Signals of one detector in one artifact; the next one would prove nothing new."""
MAX_PER_UNIT = 4
"""Of one capability in one unit."""


class Witness:
    """Gathers the signals of one detector over one artifact."""

    def __init__(self, package: Package) -> None:
        self._sightings = Sightings(package.artifact.filename, {unit.name: unit for unit in package.units})
        self._signals: list[Signal] = []
        self._counts: dict[tuple[Capability, str], int] = {}

    def saw(self, unit: Unit, capability: Capability, target: str, at: int = -1) -> None:
        """Note a capability of a unit; `at` is the offset of what shows it, -1 where lines mean nothing."""
        key = (capability, unit.name)
        self._counts[key] = self._counts.get(key, 0) + 1
        if len(self._signals) >= MAX_SIGNALS or self._counts[key] > MAX_PER_UNIT:
            return
        line = unit.data.count(b"\n", 0, at) + 1 if at >= 0 else 0
        evidence = self._sightings.evidence(Place(unit.name, line))
        if at < 0:
            evidence = replace(evidence, snippet="")
        target = shorten(target, TARGET_CHARS)
        self._signals.append(
            Signal(capability, unit.role, Origin.STATIC, evidence, target, reason=unit.reason),
        )

    def observed(self) -> Observed:
        """Return what was gathered."""
        return Observed(tuple(self._signals))
