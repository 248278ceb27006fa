"""What an expression is known to be: a reference, a constant with the steps that made it, or what it came from."""

from __future__ import annotations

from typing import NamedTuple

from packamal.detectors.facts import MAX_TEXT, Arg

NO_SOURCES: frozenset[int] = frozenset()


class Value(NamedTuple):
    """One value; all parts are optional."""

    ref: str = ""
    const: object = None
    is_const: bool = False
    text: str | None = None
    sources: frozenset[int] = NO_SOURCES
    steps: tuple[str, ...] = ()
    fields: tuple[tuple[str, Value], ...] = ()
    """Items of a container, by key or position."""

    def arg(self, depth: int = 0) -> Arg:
        """As a fact shows it."""
        shown = self.shown()
        fields = tuple((key, value.arg(depth + 1)) for key, value in self.fields[:MAX_FIELDS]) if depth < 3 else ()
        return Arg(shown, self.const, self.is_const, self.ref, self.sources, self.steps, fields)

    def shown(self) -> str | None:
        """Text of a constant, a rendering with holes, or None."""
        if self.is_const:
            return rendered(self.const)
        if self.text is not None:
            return self.text[:MAX_TEXT]
        return f"{{{self.ref}}}" if self.ref else None

    def hole(self) -> str:
        """As a part of a longer text."""
        return self.shown() or "{}"


MAX_FIELDS = 64
UNKNOWN = Value()


def rendered(const: object) -> str:
    """Text of a constant; bytes as latin-1."""
    if isinstance(const, bytes):
        return const[:MAX_TEXT].decode("latin-1")
    return str(const)[:MAX_TEXT] if isinstance(const, str | int | float | None) else ""


def constant(const: object, *parents: Value) -> Value:
    """A constant made from other values."""
    return Value(const=const, is_const=True, sources=sources_of(*parents), steps=steps_of(*parents))


def sources_of(*values: Value) -> frozenset[int]:
    """All facts that some values came from, items of containers included."""
    found: set[int] = set()
    for value in values:
        found |= value.sources
        for _, item in value.fields:
            found |= item.sources
    return frozenset(found)


def steps_of(*values: Value) -> tuple[str, ...]:
    """Decode steps of some values, each once."""
    return tuple(dict.fromkeys(step for value in values for step in value.steps))


def blend(*values: Value) -> Value:
    """Something made of some values in an unknown way."""
    return Value(sources=sources_of(*values), steps=steps_of(*values))


def join(one: Value, other: Value) -> Value:
    """Either of two values: the known one shows, both are sources."""
    best = other if (other.is_const or other.ref or other.fields) else one
    return best._replace(sources=one.sources | other.sources, steps=steps_of(one, other))
