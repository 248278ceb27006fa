"""A unit while it is read: its tree, its lines, what it exports."""

from __future__ import annotations

import bisect
import re
from typing import NamedTuple

from packamal.detectors.facts import Place
from packamal.detectors.javascript.nodes import Function
from packamal.detectors.javascript.scope import Condition, Scope
from packamal.detectors.javascript.statements import Program
from packamal.detectors.javascript.telling import telling_of
from packamal.detectors.javascript.values import ObjectValue, Ref
from packamal.detectors.units import Unit

MAX_CONDITION = 200
_BLANKS = re.compile(r"\s+")
_NEWLINE = re.compile(rb"\n")


class Spot(NamedTuple):
    """Where evaluation is: becomes a Place once it is known which functions are called."""

    module: Module
    start: int
    function: Function | None
    condition: Condition | None


class Module:
    """One unit."""

    __slots__ = (
        "_lines", "exports", "holder", "is_given", "is_run", "program", "scope", "source", "telling", "unit",
    )  # fmt: skip

    def __init__(self, unit: Unit, source: bytes, program: Program | None, is_given: bool) -> None:
        self.unit = unit
        self.source = source
        """As UTF-8; offsets of the tree point into it."""
        self.program = program
        """None when it could not be parsed."""
        self.is_given = is_given
        self.exports: object = ObjectValue({})
        self.holder = ObjectValue({"exports": self.exports, "require": Ref("require"), "constructor": Ref("Module")})
        """`module`"""
        self.holder.is_open = True
        self.scope: Scope | None = None
        self.is_run = False
        self.telling = telling_of(unit, source)
        self._lines: list[int] | None = None

    def line(self, start: int) -> int:
        """1-based line of an offset."""
        if self._lines is None:
            self._lines = [match.start() for match in _NEWLINE.finditer(self.source)]
        return bisect.bisect_left(self._lines, start) + 1

    def stands(self, text: str) -> bool:
        """Whether a text stands in the source as such."""
        return text.encode("utf-8", "replace") in self.source

    def place(self, spot: Spot) -> Place:
        """The place of a spot, now that evaluation is over."""
        function = spot.function
        return Place(
            self.unit.name,
            self.line(spot.start),
            function.qualified if function is not None else "",
            function is None or function.is_called,
            self._condition(spot.condition),
        )

    def _condition(self, condition: Condition | None) -> str:
        if condition is None:
            return ""
        raw = self.source[condition.start : min(condition.end, condition.start + 4 * MAX_CONDITION)]
        text = _BLANKS.sub(" ", raw.decode("utf-8", "replace")).strip()
        while text.startswith("(") and text.endswith(")") and _wraps(text):
            text = text[1:-1].strip()
        return (f"!({text})" if condition.is_negated else text)[:MAX_CONDITION]


class Inline(Module):
    """Short code run by a call: its facts stand where the call does."""

    __slots__ = ("anchor",)

    def __init__(self, parent: Module, source: bytes, anchor: Spot) -> None:
        super().__init__(parent.unit, source, None, False)
        self.anchor = anchor

    def place(self, spot: Spot) -> Place:
        """The place of the call, with the function inside it."""
        place = self.anchor.module.place(self.anchor)
        inside = spot.function
        if inside is None or inside is self.anchor.function:
            return place
        return place._replace(function=inside.qualified or place.function, is_called=inside.is_called)


def _wraps(text: str) -> bool:
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return at == len(text) - 1
    return False
