"""Chains of `+` and templates: texts put together from parts."""

from __future__ import annotations

from collections.abc import Sequence

from packamal.detectors.javascript.arguments import consume, sources_of
from packamal.detectors.javascript.characters import MIN_CHARACTERS, spelt_out
from packamal.detectors.javascript.coerce import text_of
from packamal.detectors.javascript.dispatch import evaluate, evaluates
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.nodes import UNDEFINED, Member, Name, Node, Sum, Template
from packamal.detectors.javascript.operators import add
from packamal.detectors.javascript.scope import Scope
from packamal.detectors.javascript.values import (
    CONSTANT_TYPES,
    MAX_TEXT,
    UNKNOWN,
    Join,
    Opaque,
    Ref,
    merge_sources,
)

Part = tuple[object, Node | None]


@evaluates(Sum)
def _sum(m: Machine, node: Sum, scope: Scope) -> object:
    values: list[Part] = []
    total: object = evaluate(m, node.parts[0], scope)
    is_known = True
    for part in node.parts[1:]:
        value = evaluate(m, part, scope)
        if is_known:
            known = add(total, value)
            if known is not UNKNOWN:
                if m.origins:
                    _inherit(m, known, (total, value))
                total = known
                continue
            is_known = False
            values.append((total, node.parts[0]))
        values.append((value, part))
    if not is_known:
        return unknown_sum(m, values, scope, node.start)
    if isinstance(total, str) and MIN_CHARACTERS <= len(total) == len(node.parts):
        spelt_out(m, total, scope, node.start)
    return total


@evaluates(Template)
def _template(m: Machine, node: Template, scope: Scope) -> object:
    parts: list[Part] = [("", None)]
    for part in node.parts:
        parts.append((part, None) if isinstance(part, str) else (evaluate(m, part, scope), part))
    return add_texts(m, parts, scope, node.start)


def add_texts(m: Machine, parts: Sequence[Part], scope: Scope, start: int) -> object:
    """Add up values; what is not known leaves a hole in the text."""
    total = parts[0][0]
    for at, (value, _) in enumerate(parts[1:]):
        known = add(total, value)
        if known is UNKNOWN:
            return unknown_sum(m, [(total, parts[0][1] if at == 0 else None), *parts[at + 1 :]], scope, start)
        if m.origins:
            _inherit(m, known, (total, value))
        total = known
    return total


def _inherit(m: Machine, made: object, parts: tuple[object, ...]) -> None:
    """What is put together from decoded texts is decoded text."""
    for part in parts:
        origin = m.origin(part)
        if origin.steps or origin.sources:
            m.set_origin(made, origin.steps, origin.sources)


def unknown_sum(m: Machine, parts: Sequence[Part], scope: Scope, start: int) -> object:
    """A text of which some parts are known."""
    pieces: list[str] = []
    sources: list[frozenset[int]] = []
    steps: tuple[str, ...] = ()
    length = 0
    for value, node in parts:
        value = consume(m, value, scope, start)
        if value.__class__ not in CONSTANT_TYPES:
            sources.append(sources_of(m, value))
        elif m.origins:
            sources.append(m.origin(value).sources)
        steps = steps or getattr(value, "steps", ())
        if length < MAX_TEXT:
            piece = shown(value, node)
            pieces.append(piece)
            length += len(piece)
    text = "".join(pieces)
    merged = merge_sources(sources)
    return Opaque(merged, text[:MAX_TEXT], steps) if merged or text.strip("{?}") else UNKNOWN


def shown(value: object, node: Node | None) -> str:
    """A value inside a text: itself where it is known, else a hole with a name."""
    if isinstance(value, Ref):
        return f"{{{value.name}}}"
    if isinstance(value, Opaque):
        return value.text if value.text is not None else _hole(node)
    if isinstance(value, Join):
        return next((shown(one, node) for one in value.values if text_of(one)), _hole(node))
    text = text_of(value)
    return _hole(node) if text is None or value is UNDEFINED else text


def _hole(node: Node | None) -> str:
    if isinstance(node, Name):
        return f"{{{node.name}}}"
    if isinstance(node, Member):
        return f"{{{node.property}}}"
    return "{?}"
