"""Tells which functions of a bundle deserve a look although nothing calls them.

A bundle is mostly other people's libraries: thousands of functions that nobody calls and that name nothing a rule could
speak of. What harms must name what it harms with, so the gate that units pass is asked of each function once more.
What the top level calls is evaluated all the same, and so is everything in units that run by themselves or hide names.
"""

from __future__ import annotations

import bisect
import sys
from collections.abc import Sequence
from typing import NamedTuple

from packamal.detectors import literals
from packamal.detectors.hiding import mark
from packamal.detectors.units import Unit
from packamal.model import Role

BUNDLE_BYTES = 200_000
"""People do not write larger units; in smaller ones a look at every function costs little."""
_RUN_BY_THEMSELVES = frozenset({Role.INSTALL, Role.STARTUP})
_HIDES_NAMES = frozenset({"hex-names", "blank-names", "few-characters", "behind-blanks"})


class Telling(NamedTuple):
    """Where literals stand that make code worth a look, in order."""

    places: Sequence[int]

    def is_within(self, start: int, end: int) -> bool:
        """Whether one stands between two offsets."""
        at = bisect.bisect_left(self.places, start)
        return at < len(self.places) and self.places[at] < end


EVERYWHERE = Telling(range(sys.maxsize))


def telling_of(unit: Unit, source: bytes) -> Telling:
    """The places of a unit with this source; everywhere in what is no bundle, runs by itself or hides its names."""
    if len(source) < BUNDLE_BYTES or unit.role in _RUN_BY_THEMSELVES or mark(unit) in _HIDES_NAMES:
        return EVERYWHERE
    return Telling(literals.places(source.lower(), literals.shipped()))
