"""Plots as shapes: the template writes them as SVG, so that nothing is drawn by script and nothing is styled inline.

Bars begin at zero, one plot has one vertical axis, two measures are two plots over the same horizontal one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

LEFT, RIGHT = 44, 8
"""Room for the numbers of the vertical axis."""
GAP = 2
MAX_LABELS = 7
STEPS = (1, 2, 5)


class Rect(NamedTuple):
    """One bar, or a part of one."""

    x: float
    y: float
    width: float
    height: float
    kind: str


class Line(NamedTuple):
    """One series."""

    points: str
    kind: str


class Text(NamedTuple):
    """One label."""

    x: float
    y: float
    anchor: str
    text: str


class Plot(NamedTuple):
    """All shapes of one plot."""

    width: int
    height: int
    title: str
    """Says what is to be seen, for those who do not see it."""
    grid: list[float]
    bars: list[Rect]
    lines: list[Line]
    texts: list[Text]


class Frame(NamedTuple):
    """Where a plot stands and how high its numbers go."""

    width: int
    top: int
    height: int
    most: float

    def y(self, value: float) -> float:
        """Height of a value."""
        return round(self.top + self.height * (1 - value / self.most), 1)

    def x(self, index: int, count: int) -> float:
        """Left edge of a bucket."""
        return round(LEFT + index * (self.width - LEFT - RIGHT) / count, 1)


def nice(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    if value <= 1:
        return 1
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in (*STEPS, 10) if step * power >= value), 10 * power)


def bars(frame: Frame, stacks: Sequence[Sequence[int]], kinds: Sequence[str], is_last_partial: bool) -> list[Rect]:
    """Stacked bars; the first kind stands at the base line."""
    found: list[Rect] = []
    for index, stack in enumerate(stacks):
        left, right = frame.x(index, len(stacks)), frame.x(index + 1, len(stacks))
        below = 0
        for value, kind in zip(stack, kinds, strict=True):
            if value:
                top, base = frame.y(below + value), frame.y(below)
                partial = " partial" if is_last_partial and index == len(stacks) - 1 else ""
                width = max(round(right - left - GAP, 1), 1)
                found.append(Rect(left + GAP / 2, top, width, round(base - top, 1), kind + partial))
                below += value
    return found


def line(frame: Frame, values: Sequence[float | None], kind: str) -> list[Line]:
    """A series; where there is no value there is no line."""
    runs: list[list[str]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        middle = (frame.x(index, len(values)) + frame.x(index + 1, len(values))) / 2
        runs[-1].append(f"{middle:.1f},{frame.y(value)}")
    return [Line(" ".join(run if len(run) > 1 else run * 2), kind) for run in runs if run]


def axis(frame: Frame, say: Callable[[float], str]) -> tuple[list[float], list[Text]]:
    """Grid lines at zero, the middle and the top, with their numbers."""
    values = (0, frame.most / 2, frame.most)
    grid = [frame.y(value) for value in values]
    return grid, [Text(LEFT - 8, y + 4, "end", say(value)) for y, value in zip(grid, values, strict=True)]


def dates(frame: Frame, labels: Sequence[str], y: float) -> list[Text]:
    """Labels under the buckets, so few that they do not touch."""
    every = max(1, math.ceil(len(labels) / MAX_LABELS))
    return [
        Text(frame.x(index, len(labels)), y, "start", label) for index, label in enumerate(labels) if index % every == 0
    ]
