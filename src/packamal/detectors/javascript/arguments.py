"""Values to the arguments that facts show, and what a value was made from."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from packamal.detectors.facts import MAX_TEXT, Arg
from packamal.detectors.javascript.coerce import to_text
from packamal.detectors.javascript.dispatch import spot_of
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.module import Spot
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.scope import Scope
from packamal.detectors.javascript.values import (
    CONSTANT_TYPES,
    NO_SOURCES,
    ArrayValue,
    Bound,
    ClassValue,
    Closure,
    Join,
    Method,
    Native,
    ObjectValue,
    Opaque,
    Ref,
    RegexValue,
    is_literal,
    merge_sources,
)

MAX_FIELDS = 40
"""Fields of an object or array shown."""
MAX_NESTING = 4
"""Objects in objects shown."""
MAX_PARTS = 256
"""Parts of one argument shown, all in all: things in alternatives in things multiply. Of the rest, only the sources."""
MAX_CONSTANT = 1 << 20
"""Longer constants are not carried whole."""

NOTABLE = frozenset((
    "process", "document", "navigator", "location", "localStorage", "sessionStorage", "screen", "chrome", "browser",
    "Deno", "Bun", "indexedDB", "history", "ethereum", "clipboardData",
))  # fmt: skip
"""Globals whose members are worth a Use when read."""
_STORES = frozenset({"localStorage", "sessionStorage"})
"""Globals that hold what is worth a Use when they are read whole."""
CONTAINERS = frozenset((
    "process.env", "process.argv", "process.versions", "process.mainModule", "process.stdout", "process.stderr",
    "process.stdin", "document.body", "document.head", "document.documentElement", "navigator.clipboard", "Deno.env",
    "navigator.mediaDevices", "chrome.storage", "chrome.runtime", "chrome.tabs", "browser.storage", "Bun.env",
))  # fmt: skip
"""Read on the way to a member as a rule; they count as read when they are used whole."""


def is_notable(m: Machine, name: str) -> bool:
    """Whether reading a name is worth a fact."""
    root, dot, _ = name.partition(".")
    if name in _STORES:
        return True
    return bool(dot) and "()" not in name and (root in NOTABLE or root in m.module_names)


def consume(m: Machine, value: object, scope: Scope, start: int) -> object:
    """The value as it is used for something: a reference read whole becomes a Use."""
    if isinstance(value, Ref) and not value.sources and is_notable(m, value.name):
        return _used(m, value, spot_of(scope, start))
    return value


def _used(m: Machine, value: Ref, spot: Spot) -> Ref:
    used = Ref(value.name, frozenset((m.record.use(value.name, spot).id,)), value.owner)
    used.fields = value.fields
    return used


def sources_of(m: Machine, value: object, depth: int = MAX_NESTING) -> frozenset[int]:
    """Facts a value was made from."""
    kind = value.__class__
    if kind is Opaque or kind is Ref:
        return value.sources  # type: ignore[attr-defined, no-any-return]
    if kind in CONSTANT_TYPES:
        return m.origin(value).sources if m.origins else NO_SOURCES
    if depth == 0:
        return NO_SOURCES
    if isinstance(value, ObjectValue):
        return _gathered(m, value.sources, islice(value.fields.values(), MAX_FIELDS), depth - 1)
    if isinstance(value, ArrayValue):
        return _gathered(m, value.sources, islice(value.items, MAX_FIELDS), depth - 1)
    if isinstance(value, Join):
        return _gathered(m, NO_SOURCES, value.values, depth - 1)
    if isinstance(value, Method):
        return sources_of(m, value.receiver, depth - 1)
    return NO_SOURCES


def _gathered(m: Machine, own: frozenset[int], items: Iterable[object], depth: int) -> frozenset[int]:
    """`own` and what is inside; nearly everything has no source, so nothing is built before one is found."""
    has_origins = bool(m.origins)
    parts = []
    for item in items:
        kind = item.__class__
        if kind in CONSTANT_TYPES:
            found = m.origin(item).sources if has_origins else NO_SOURCES
        elif kind is Opaque or kind is Ref:
            found = item.sources  # type: ignore[attr-defined]
        else:
            found = sources_of(m, item, depth) if depth else NO_SOURCES
        if found:
            parts.append(found)
    return merge_sources((own, *parts)) if parts else own


def absorb(m: Machine, value: object, scope: Scope, start: int, depth: int = MAX_NESTING) -> frozenset[int]:
    """Facts a value was made from, where all of it is used: references inside it count as read."""
    if isinstance(value, ObjectValue) and depth:
        parts = [absorb(m, item, scope, start, depth - 1) for item in list(value.fields.values())[:MAX_FIELDS]]
        return merge_sources((value.sources, *parts))
    if isinstance(value, ArrayValue) and depth:
        parts = [absorb(m, item, scope, start, depth - 1) for item in value.items[:MAX_FIELDS]]
        return merge_sources((value.sources, *parts))
    return sources_of(m, consume(m, value, scope, start))


def to_arg(m: Machine, value: object, spot: Spot, depth: int = MAX_NESTING) -> Arg:
    """Show a value as an argument."""
    m.parts = MAX_PARTS
    return _shown(m, value, spot, depth)


def _shown(m: Machine, value: object, spot: Spot, depth: int) -> Arg:
    kind = value.__class__
    if kind in CONSTANT_TYPES:
        return _constant(m, value)
    if isinstance(value, Ref):
        if not value.sources and is_notable(m, value.name):
            value = _used(m, value, spot)
        return Arg(f"{{{value.name}}}", ref=value.name, sources=value.sources, steps=value.steps)
    if isinstance(value, Opaque):
        text = value.text if value.text is not None and not _is_hole(value.text) else None
        return Arg(text, sources=value.sources, steps=value.steps)
    if m.parts <= 0:
        return Arg(sources=sources_of(m, value, depth))
    if isinstance(value, Join):
        return _join(m, value, spot, depth)
    if isinstance(value, ArrayValue) and depth:
        return _composed(m, value, [(str(at), item) for at, item in enumerate(value.items[:MAX_FIELDS])], spot, depth)
    if isinstance(value, ObjectValue) and depth:
        return _composed(m, value, list(value.fields.items())[:MAX_FIELDS], spot, depth)
    return _callable(m, value)


def _composed(
    m: Machine, value: ArrayValue | ObjectValue, items: list[tuple[str, object]], spot: Spot, depth: int
) -> Arg:
    m.parts -= len(items)
    fields = [(key, _shown(m, item, spot, depth - 1)) for key, item in items]
    merged = merge_sources((value.sources, *[field.sources for _, field in fields]))
    if isinstance(value, ArrayValue) and fields and is_literal(value):
        return Arg(None, tuple([arg.const for _, arg in fields]), True, "", merged, (), tuple(fields))
    return Arg(sources=merged, fields=tuple(fields))


def _callable(m: Machine, value: object) -> Arg:
    if isinstance(value, Closure):
        return Arg(ref=value.node.qualified)
    if isinstance(value, ClassValue):
        return Arg(ref=value.node.name)
    if isinstance(value, Bound):
        return _callable(m, value.target) if not isinstance(value.target, Ref) else Arg(ref=value.target.name)
    if isinstance(value, Native | Method):
        return Arg(ref=value.name)
    if isinstance(value, RegexValue):
        return Arg(f"/{value.pattern}/{value.flags}"[:MAX_TEXT])
    return Arg()


def _constant(m: Machine, value: object) -> Arg:
    if value is UNDEFINED:
        return Arg("undefined", None, True)
    text = value.decode("latin-1") if isinstance(value, bytes) else to_text(value)
    origin = m.origin(value)
    const = value[:MAX_CONSTANT] if isinstance(value, str | bytes) else value
    return Arg(text[:MAX_TEXT], const, True, "", origin.sources, origin.steps)


def _is_hole(text: str) -> bool:
    return text.startswith("{") and text.endswith("}") and text.count("{") == 1


def _join(m: Machine, value: Join, spot: Spot, depth: int) -> Arg:
    """The first of the alternatives that is known, with the sources of all."""
    m.parts -= len(value.values)
    args = [_shown(m, item, spot, depth) for item in value.values]
    best = next((arg for arg in args if arg.text is not None or arg.fields or arg.ref), args[0])
    sources = merge_sources([arg.sources for arg in args])
    refs = next((arg.ref for arg in args if arg.ref), "")
    steps = next((arg.steps for arg in args if arg.steps), ())
    return Arg(best.text, None, False, refs, sources, steps, best.fields)
