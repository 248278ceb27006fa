"""Writes the facts of one shell unit down, and joins values to what they came from."""

from __future__ import annotations

from typing import NamedTuple

from packamal.detectors.facts import MAX_TEXT, MIN_TEXT, Arg, Call, Edge, FactFlow, Facts, Layer, Note, Place, Text, Use
from packamal.detectors.units import Unit

MAX_FACTS = 20_000
"""Facts of one unit; beyond it the script is data."""
MAX_SOURCES = 48
"""Origins one value keeps; a long pipe would tie every command to every other."""
MAX_CONSTANT = 2**20
"""Characters of one folded constant; doubling in a loop stops there."""
MAX_LAYER = 2**20
"""Bytes of one decoded layer."""


class Where(NamedTuple):
    """Where a command stands."""

    line: int
    function: str = ""
    condition: str = ""


class Ledger:
    """The facts of one unit, in the making."""

    def __init__(self, facts: Facts, unit: Unit, called: frozenset[str]) -> None:
        self._facts = facts
        self._unit = unit
        self._called = called
        self._texts: set[str] = set()
        self._start = self._next()

    @property
    def is_full(self) -> bool:
        """True once the unit yielded MAX_FACTS."""
        return self._next() - self._start > MAX_FACTS

    def place(self, where: Where) -> Place:
        """Make the place of a fact."""
        is_called = not where.function or where.function in self._called
        return Place(self._unit.name, where.line, where.function, is_called, where.condition)

    def call(self, callee: str, args: tuple[Arg, ...], named: tuple[tuple[str, Arg], ...], where: Where) -> int:
        """Note a call and the flows into its arguments; returns its id."""
        number = self._next()
        self._facts.calls.append(Call(number, callee, args, named, self.place(where)))
        for key, arg in (*((str(at), arg) for at, arg in enumerate(args)), *named):
            for source in arg.sources:
                self.flow(source, number, key)
            self._text(arg, where)
        return number

    def came_to(self, text: str) -> None:
        """Say what the call noted last made of a constant."""
        self._facts.calls[-1] = self._facts.calls[-1]._replace(result=text[:MAX_TEXT])

    def flow(self, source: int, sink: int, arg: str) -> None:
        """Note that a value reaches an argument."""
        self._facts.flows.append(FactFlow(source, sink, arg))

    def use(self, name: str, where: Where) -> int:
        """Note a variable that is read; returns its id."""
        number = self._next()
        self._facts.uses.append(Use(number, name, self.place(where)))
        return number

    def layer(self, code: str | bytes, steps: tuple[str, ...], language: str, where: Where, via: int) -> None:
        """Note a constant that runs as code."""
        data = code.encode("utf-8", "replace") if isinstance(code, str) else code
        if data.strip():
            self._facts.layers.append(Layer(data[:MAX_LAYER], self.place(where), steps, True, language, via))

    def edge(self, kind: str, target: str, where: Where) -> None:
        """Note another unit that is started, run or read."""
        self._facts.edges.append(Edge(kind, target[:MAX_TEXT], self.place(where)))

    def note(self, kind: str, where: Where, detail: str = "") -> None:
        """Note something about the text itself."""
        self._facts.notes.append(Note(kind, self.place(where), detail[:200]))

    def _text(self, arg: Arg, where: Where) -> None:
        value = arg.text
        if value is None or len(value) < MIN_TEXT or value in self._texts or self.is_full:
            return
        self._texts.add(value)
        self._facts.texts.append(Text(self._next(), value[:MAX_TEXT], self.place(where), bool(arg.steps), arg.steps))

    def _next(self) -> int:
        facts = self._facts
        return len(facts.calls) + len(facts.uses) + len(facts.texts)


def constant(text: str, steps: tuple[str, ...] = ()) -> Arg:
    """Make the value of a known text."""
    return Arg(text=text[:MAX_TEXT], const=text, is_const=True, steps=steps)


def unknown(sources: frozenset[int], hole: str = "") -> Arg:
    """Make a value of which only the origin is known."""
    return Arg(text=f"{{{hole}}}" if hole else None, sources=bounded(sources))


def bounded(sources: frozenset[int]) -> frozenset[int]:
    """Keep the first and the last of too many origins."""
    if len(sources) <= MAX_SOURCES:
        return sources
    ordered = sorted(sources)
    return frozenset((*ordered[: MAX_SOURCES // 2], *ordered[-MAX_SOURCES // 2 :]))


def join(parts: list[Arg], separator: str = "") -> Arg:
    """Join values into one text, with holes for what is not known."""
    if len(parts) == 1:
        return parts[0]
    sources = bounded(frozenset[int]().union(*(part.sources for part in parts)))
    steps = tuple(dict.fromkeys(step for part in parts for step in part.steps))
    if all(part.is_const and isinstance(part.const, str) for part in parts):
        whole = separator.join(str(part.const) for part in parts)
        if len(whole) > MAX_CONSTANT:
            return Arg(whole[:MAX_TEXT], sources=sources, steps=steps)
        return Arg(whole[:MAX_TEXT], whole, True, "", sources, steps)
    text = separator.join("{}" if part.text is None else part.text for part in parts)
    return Arg(text=text[:MAX_TEXT], sources=sources, steps=steps)
