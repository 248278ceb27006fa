"""Values as people and rules see them: renderings with holes, and the Arg of a fact."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from packamal.detectors.facts import MAX_TEXT, MIN_TEXT, Arg
from packamal.detectors.python import limits
from packamal.detectors.python.session import RawText, Spot
from packamal.detectors.python.values import (
    NONE,
    Class,
    Const,
    Function,
    Instance,
    Join,
    Map,
    Method,
    Module,
    Param,
    Partial,
    Ref,
    Result,
    Seq,
    Template,
    Unknown,
    Value,
    deep_sources,
    union,
)
from packamal.detectors.python.walk import Walk

_MAX_LABEL = 60
_NO_WORD = re.compile(r"\W+")
_MAX_DEPTH = 3
"""Levels of nested literals shown in an argument."""
_NOTHING: Final = Arg()

Bindings = Callable[[Param], Value | None]


def text_of(constant: object) -> str:
    """Rendering of a constant: itself for text, bytes as latin-1."""
    if isinstance(constant, str):
        return constant[:MAX_TEXT]
    if isinstance(constant, bytes | bytearray):
        return bytes(constant[:MAX_TEXT]).decode("latin-1")
    if isinstance(constant, int) and constant.bit_length() > limits.MAX_BITS // 8:
        return hex(constant >> max(0, constant.bit_length() - 256))
    return str(constant)[:MAX_TEXT]


def render(value: Value, bindings: Bindings | None = None) -> str | None:
    """Text of a value with `{name}` holes for what is not known; None when nothing is."""
    if isinstance(value, Const):
        return text_of(value.value)
    if isinstance(value, Template):
        return _render_parts(value, bindings)
    if isinstance(value, Param) and bindings is not None:
        bound = bindings(value)
        return None if bound is None else render(bound)
    if isinstance(value, Result) and value.text is not None:
        return render(value.text, bindings)
    if isinstance(value, Join):
        return next((text for text in (render(option, bindings) for option in value.options) if text), None)
    if isinstance(value, Seq):
        return _render_items(value, bindings)
    return None


def _render_parts(value: Template, bindings: Bindings | None) -> str:
    pieces: list[str] = []
    size = 0
    for part in value.parts:
        if isinstance(part, str):
            piece = part
        else:
            known = render(part, bindings)
            piece = "{" + label(part) + "}" if known is None else known
        pieces.append(piece)
        size += len(piece)
        if size >= MAX_TEXT:
            break
    return "".join(pieces)[:MAX_TEXT]


def _render_items(value: Seq, bindings: Bindings | None) -> str | None:
    texts = [render(item, bindings) for item in value.items[: limits.MAX_FIELDS]]
    if not any(texts):
        return None
    shown = ("{" + label(item) + "}" if text is None else text for item, text in zip(value.items, texts, strict=False))
    return " ".join(shown)[:MAX_TEXT]


def code_of(value: Template) -> str:
    """Text of a program of which parts are known; what is not becomes a word, so that the rest can still be read."""
    known = (part if isinstance(part, str) else render(part) or _as_word(part) for part in value.parts)
    return "".join(known)[: limits.MAX_LAYER_BYTES]


def _as_word(value: Value) -> str:
    return _NO_WORD.sub("_", label(value)).strip("_") or "x"


def label(value: Value) -> str:
    """Short name of a value for a hole: `os.getenv(TEMP)`, `host`."""
    if isinstance(value, Result):
        return _call_label(value)
    if isinstance(value, Ref):
        return value.name.replace("()", "")[:_MAX_LABEL]
    if isinstance(value, Unknown):
        return value.label[:_MAX_LABEL]
    if isinstance(value, Function | Class | Instance):
        return value.record.name if not isinstance(value, Function) else value.record.qualname
    return ""


def _call_label(value: Result) -> str:
    name = value.name.removesuffix("()")
    if name in _ENVIRONMENT:
        name = "os.getenv"
    known = render(value.args[0]) if value.args else None
    if known is None or len(known) > _MAX_LABEL or "\n" in known:
        return name[:_MAX_LABEL]
    return f"{name}({known})" if "{" not in known else name[:_MAX_LABEL]


_ENVIRONMENT = frozenset(("os.environ.get", "os.environ.__getitem__", "os.environ.pop"))


def subject(value: Value) -> str | None:
    """What a receiver is about: the path of an opened file, the host of a connection."""
    if isinstance(value, Result):
        if value.text is not None:
            return render(value.text)
        return render(value.args[0]) if value.args else None
    if isinstance(value, Ref) and value.owner is not None:
        return subject(value.owner)
    return render(value)


def to_arg(walk: Walk, value: Value, spot: Spot, depth: int = 0) -> Arg:
    """Show a value as an argument; assembled constants become Text facts on the way."""
    return _ARGS[value.__class__](walk, value, spot, depth)


def receiver_arg(walk: Walk, value: Value, spot: Spot) -> Arg:
    """Show the value a method is called on."""
    arg = to_arg(walk, value, spot, _MAX_DEPTH - 1)
    return arg._replace(text=subject(value)) if arg.text is None else arg


def record_text(walk: Walk, value: Const, spot: Spot) -> None:
    """Record an assembled constant as a Text fact, once."""
    text = value.value
    if value.fact >= 0 or not isinstance(text, str | bytes) or len(text) < MIN_TEXT:
        return
    session = walk.session
    value.fact = session.text_fact()
    session.texts.append(RawText(value.fact, text_of(text), spot, True, value.steps))
    value.src = union(value.src, frozenset((value.fact,)))


def _unknown(walk: Walk, value: Unknown, spot: Spot, depth: int) -> Arg:
    return Arg(sources=value.src) if value.src else _NOTHING


def _const(walk: Walk, value: Const, spot: Spot, depth: int) -> Arg:
    if value.is_assembled and value.fact < 0:
        record_text(walk, value, spot)
    return Arg(text_of(value.value), value.value, True, "", value.src, value.steps)


def _template(walk: Walk, value: Template, spot: Spot, depth: int) -> Arg:
    return Arg(render(value), sources=value.src)


def _ref(walk: Walk, value: Ref, spot: Spot, depth: int) -> Arg:
    return Arg(ref="" if "(" in value.name else value.name, sources=value.src)


def _result(walk: Walk, value: Result, spot: Spot, depth: int) -> Arg:
    return Arg(None if value.text is None else render(value.text), sources=value.src)


def _seq(walk: Walk, value: Seq, spot: Spot, depth: int) -> Arg:
    if depth >= _MAX_DEPTH:
        return Arg(render(value), sources=deep_sources(value))
    items = value.items[: limits.MAX_FIELDS]
    fields = tuple((str(index), to_arg(walk, item, spot, depth + 1)) for index, item in enumerate(items))
    is_const = not value.is_open and len(items) == len(value.items) and all(field.is_const for _, field in fields)
    const = tuple(field.const for _, field in fields) if is_const else None
    return Arg(render(value), const, is_const, "", _field_sources(value, fields), (), fields)


def _map(walk: Walk, value: Map, spot: Spot, depth: int) -> Arg:
    if depth >= _MAX_DEPTH:
        return Arg(sources=deep_sources(value))
    items = list(value.items.items())[: limits.MAX_FIELDS]
    fields = tuple((text_of(key)[:_MAX_LABEL], to_arg(walk, item, spot, depth + 1)) for key, item in items)
    return Arg(None, None, False, "", _field_sources(value, fields), (), fields)


def _field_sources(value: Value, fields: tuple[tuple[str, Arg], ...]) -> frozenset[int]:
    src = deep_sources(value)
    for _, field in fields:
        src = union(src, field.sources)
    return src


def _function(walk: Walk, value: Function, spot: Spot, depth: int) -> Arg:
    src = NONE if value.receiver is None else value.receiver.src
    return Arg(ref="." + value.record.qualname, sources=src)


def _class(walk: Walk, value: Class, spot: Spot, depth: int) -> Arg:
    return Arg(ref="." + value.record.name)


def _instance(walk: Walk, value: Instance, spot: Spot, depth: int) -> Arg:
    return Arg(sources=deep_sources(value, 2))


def _partial(walk: Walk, value: Partial, spot: Spot, depth: int) -> Arg:
    inner = to_arg(walk, value.callee, spot, depth + 1)
    return Arg(ref=inner.ref, sources=value.src)


def _method(walk: Walk, value: Method, spot: Spot, depth: int) -> Arg:
    return Arg(sources=value.owner.src)


def _join(walk: Walk, value: Join, spot: Spot, depth: int) -> Arg:
    known = [to_arg(walk, option, spot, depth + 1) for option in value.options]
    src = value.src
    for arg in known:
        src = union(src, arg.sources)
    first = next((arg for arg in known if arg.text is not None), _NOTHING)
    ref = next((arg.ref for arg in known if arg.ref), "")
    return Arg(first.text, None, False, ref, src, first.steps, first.fields)


_ARGS: Final[dict[type[Value], Callable[[Walk, Any, Spot, int], Arg]]] = {
    Unknown: _unknown,
    Param: _unknown,
    Const: _const,
    Template: _template,
    Ref: _ref,
    Result: _result,
    Seq: _seq,
    Map: _map,
    Function: _function,
    Class: _class,
    Instance: _instance,
    Module: lambda walk, value, spot, depth: Arg(ref="." + value.record.name),
    Partial: _partial,
    Method: _method,
    Join: _join,
}
