"""JSON of the language: text to values and back, within limits."""

from __future__ import annotations

import json

from packamal.detectors.javascript.builtins_global import made_of
from packamal.detectors.javascript.coerce import (
    MAX_STRING,
)
from packamal.detectors.javascript.dispatch import NOT_FOLDED, Invocation, builtin
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.values import (
    UNKNOWN,
    ArrayValue,
    Closure,
    ObjectValue,
    Opaque,
)

MAX_JSON = 1 << 20
MAX_JSON_NODES = 20_000


@builtin("JSON.stringify")
def _stringify(m: Machine, inv: Invocation) -> object:
    try:
        plain = _to_plain(inv.argument(0), [MAX_JSON_NODES])
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        return made_of(m, inv)
    return text if len(text) <= MAX_STRING else made_of(m, inv)


def _to_plain(value: object, budget: list[int], depth: int = 0) -> object:
    budget[0] -= 1
    if budget[0] < 0 or depth > 20:
        raise ValueError("too large")
    if isinstance(value, ArrayValue) and not value.is_open:
        return [_to_plain(item, budget, depth + 1) for item in value.items]
    if isinstance(value, ObjectValue) and not value.is_open and value.prototype is None:
        shown = [pair for pair in value.fields.items() if pair[1] is not UNDEFINED and not isinstance(pair[1], Closure)]
        return {key: _to_plain(item, budget, depth + 1) for key, item in shown}
    if value is None or value.__class__ in {str, int, float, bool}:
        return value
    raise TypeError("not known")


@builtin("JSON.parse")
def _parse_json(m: Machine, inv: Invocation) -> object:
    text = inv.argument(0)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if not isinstance(text, str):
        return text if isinstance(text, Opaque) else made_of(m, inv)
    value = parse_json(m, text)
    return UNKNOWN if value is NOT_FOLDED else value


def parse_json(m: Machine, text: str) -> object:
    """JSON text to a value; NOT_FOLDED when it is none, or too large."""
    if len(text) > MAX_JSON:
        return NOT_FOLDED
    try:
        return from_plain(json.loads(text), m.level)
    except (ValueError, RecursionError):
        return NOT_FOLDED


def from_plain(value: object, level: int) -> object:
    """Python's lists and dicts to values."""
    if isinstance(value, dict):
        return ObjectValue({str(key): from_plain(item, level) for key, item in value.items()}, level)
    if isinstance(value, list):
        return ArrayValue([from_plain(item, level) for item in value], level)
    return value
