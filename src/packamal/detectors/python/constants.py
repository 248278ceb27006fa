"""Between the lattice and Python's own values: constants out of containers, and folded results back."""

from __future__ import annotations

from typing import Final

from packamal.detectors.python import limits
from packamal.detectors.python.fold import MISSING as MISSING
from packamal.detectors.python.values import Const, Join, Map, Seq, Sources, Value, union

_MAX_DEPTH = 4


def plain(value: Value, depth: int = 0) -> object:
    """The Python value of a constant or of a container of constants (as tuple or dict); MISSING otherwise."""
    if isinstance(value, Const):
        return value.value
    if depth > _MAX_DEPTH or not isinstance(value, Seq | Map) or value.is_open:
        return MISSING
    if isinstance(value, Seq):
        items = [item.value if isinstance(item, Const) else plain(item, depth + 1) for item in value.items]
        return MISSING if any(item is MISSING for item in items) else tuple(items)
    known = {key: plain(item, depth + 1) for key, item in value.items.items()}
    return MISSING if any(item is MISSING for item in known.values()) else known


def steps_of(*values: Value) -> tuple[str, ...]:
    """Decode steps of the values a constant is made from, in order, each once."""
    steps: dict[str, None] = {}
    for value in values:
        if isinstance(value, Const):
            steps.update(dict.fromkeys(value.steps))
        elif isinstance(value, Seq):
            for item in value.items[:8]:
                if isinstance(item, Const) and item.steps:
                    steps.update(dict.fromkeys(item.steps))
    return tuple(steps)[:MAX_STEPS_SHOWN]


MAX_STEPS_SHOWN: Final = 24


def constant(raw: object, src: Sources, steps: tuple[str, ...] = ()) -> Value | None:
    """A folded result as a value; None when it is MISSING, too large or of a kind that is not kept."""
    if raw is MISSING:
        return None
    if isinstance(raw, str | bytes):
        return Const(raw, src, steps, True) if len(raw) <= limits.MAX_CONST else None
    if isinstance(raw, int | float | complex | None):
        return Const(raw, src, steps)
    if isinstance(raw, bytearray | memoryview):
        return constant(bytes(raw), src, steps)
    return container(raw, src, steps)


def container(raw: object, src: Sources, steps: tuple[str, ...]) -> Value | None:
    """A folded list, tuple, set or dict as a value."""
    if isinstance(raw, list | tuple | set | frozenset | range):
        items = [constant(item, src, steps) for item in list(raw)[: MAX_ITEMS + 1]]
        if len(items) > MAX_ITEMS or any(item is None for item in items):
            return None
        return Seq([item for item in items if item is not None], src, is_tuple=isinstance(raw, tuple))
    if isinstance(raw, dict) and len(raw) <= MAX_ITEMS:
        known = {key: constant(item, src, steps) for key, item in raw.items() if isinstance(key, str | bytes | int)}
        if len(known) == len(raw) and all(item is not None for item in known.values()):
            return Map({key: item for key, item in known.items() if item is not None}, src)
    return None


MAX_ITEMS: Final = 200_000
"""Elements of a folded container."""


def elements(value: Value) -> list[Value] | None:
    """The values an iteration over this gives; None when they are not all known."""
    if isinstance(value, Seq):
        return None if value.is_open else list(value.items)
    if isinstance(value, Map):
        return None if value.is_open else [Const(key, value.src) for key in value.items]
    if isinstance(value, Const) and isinstance(value.value, str | bytes):
        src, steps = value.src, value.steps
        if len(value.value) > MAX_ITEMS:
            return None
        return [Const(item, src, steps) for item in value.value]
    return None


def element(value: Value) -> Value | None:
    """One value that stands for every element of a container that is only partly known."""
    if isinstance(value, Seq | Map):
        items = value.items if isinstance(value, Seq) else [Const(key) for key in value.items]
        known = items[:5]
        if known and len(known) < 5 and len({item.__class__ for item in known}) == 1:
            return Join(tuple(known), union(value.src, known[0].src)) if len(known) > 1 else known[0]
    return None
