"""A function's summary applied to one call: tokens of its parameters become what was passed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from packamal.detectors.python.templates import concatenate, template, text_value
from packamal.detectors.python.values import (
    UNKNOWN,
    Const,
    Join,
    Map,
    Param,
    Ref,
    Result,
    Seq,
    Sources,
    Template,
    Unknown,
    Value,
    deep_sources,
    join_all,
    union,
    with_sources,
)

_MAX_DEPTH = 3
_MAX_ITEMS = 64

Passed = dict[int, Value | None]
Inner = Callable[[Value], Value]


def substitute(value: Value, tokens: Passed, depth: int = 0) -> Value:
    """A summary's value with the tokens of parameters replaced by what was passed."""
    if isinstance(value, Param) and value.token in tokens:
        passed = tokens[value.token]
        return UNKNOWN if passed is None else passed
    src = replace_sources(value.src, tokens)
    inner = _INNER.get(value.__class__) if depth < _MAX_DEPTH else None
    if inner is not None:
        return inner(value, src, lambda part: substitute(part, tokens, depth + 1))
    return value if src == value.src else _replaced(value, src)


def _join(value: Join, src: Sources, inner: Inner) -> Value:
    return join_all([inner(option) for option in value.options])


def _template(value: Template, src: Sources, inner: Inner) -> Value:
    return _refill([part if isinstance(part, str) else inner(part) for part in value.parts], src)


def _seq(value: Seq, src: Sources, inner: Inner) -> Value:
    items = [inner(item) for item in value.items] if len(value.items) <= _MAX_ITEMS else value.items
    return Seq(items, src, value.is_open, value.is_tuple)


def _map(value: Map, src: Sources, inner: Inner) -> Value:
    items = value.items
    if len(items) <= _MAX_ITEMS:
        items = {key: inner(item) for key, item in items.items()}
    return Map(items, src, value.is_open)


def _refill(parts: list[str | Value], src: Sources) -> Value:
    made: Value = template([], src)
    for part in parts:
        made = concatenate(made, Const(part) if isinstance(part, str) else text_value(part)) or made
    return with_sources(made, src)


def replace_sources(src: Sources, tokens: Passed) -> Sources:
    """Sources with the tokens of parameters replaced by the sources of what was passed."""
    if not any(source in tokens for source in src):
        return src
    replaced = frozenset(source for source in src if source not in tokens)
    for source in src:
        passed = tokens.get(source)
        if passed is not None:
            replaced = union(replaced, deep_sources(passed))
    return replaced


def _replaced(value: Value, src: Sources) -> Value:
    if isinstance(value, Result):
        copy = Result(value.name, src, value.args, value.text)
        copy.owner, copy.content = value.owner, value.content
        return copy
    if isinstance(value, Ref):
        return Ref(value.name, src, value.owner)
    if isinstance(value, Const):
        return Const(value.value, src, value.steps, value.is_assembled)
    if isinstance(value, Unknown):
        return Unknown(src, value.label)
    return value


_INNER: Final[dict[type[Value], Callable[[Any, Sources, Inner], Value]]] = {
    Join: _join,
    Template: _template,
    Seq: _seq,
    Map: _map,
}
