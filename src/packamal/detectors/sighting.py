"""Where a fact stands, as evidence: member, line, snippet, and the decoded text of layers."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from packamal.detectors.facts import Place
from packamal.detectors.units import Unit
from packamal.model import DECODED_CHARS, SNIPPET_CHARS, Evidence, Role

_CONTEXT_LINES = 2
"""Lines of a decoded layer shown on each side of the hit."""


class Sightings:
    """Makes evidence for the units of one artifact; the lines of a unit are split once."""

    def __init__(self, artifact: str, units: Mapping[str, Unit]) -> None:
        self._artifact = artifact
        self._units = units
        self._lines = functools.lru_cache(maxsize=32)(self._split)

    def _split(self, name: str) -> list[bytes]:
        return self._units[name].data.split(b"\n")

    def line(self, name: str, number: int) -> str:
        """Text of a 1-based line of a unit, shortened; empty when there is none."""
        lines = self._lines(name)
        if not 1 <= number <= len(lines):
            return ""
        return shorten(lines[number - 1][: 16 * SNIPPET_CHARS].decode("utf-8", "replace").strip(), SNIPPET_CHARS)

    def evidence(self, place: Place) -> Evidence:
        """Point at a place; a layer is shown at the member's line with its own text as `decoded`."""
        unit = self._units[place.unit]
        if not unit.parent:
            return Evidence(self._artifact, unit.path, place.line, self.line(unit.name, place.line))
        root = self._root(unit)
        return Evidence(
            self._artifact,
            unit.path,
            unit.line,
            self.line(root.name, unit.line),
            self._around(unit.name, place.line),
            unit.steps,
        )

    def _root(self, unit: Unit) -> Unit:
        while unit.parent and unit.parent in self._units:
            unit = self._units[unit.parent]
        return unit

    def _around(self, name: str, number: int) -> str:
        lines = self._lines(name)[max(0, number - 1 - _CONTEXT_LINES) : number + _CONTEXT_LINES]
        return shorten(b"\n".join(line[:DECODED_CHARS] for line in lines).decode("utf-8", "replace"), DECODED_CHARS)

    def role(self, place: Place) -> Role:
        """The unit's role, lowered to call where nothing calls the function while the unit is loaded."""
        role = self._units[place.unit].role
        return role if place.is_called or role.strength <= Role.CALL.strength else Role.CALL

    def reason(self, place: Place) -> str:
        """How the place's unit is reached."""
        return self._units[place.unit].reason


def shorten(text: str, limit: int) -> str:
    """Cut a text to a number of characters, marked with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
