"""Decorators are calls with the function as argument; the well-known ones change what the name means."""

from __future__ import annotations

import ast
from typing import Final

from packamal.detectors.python.functions import call_function
from packamal.detectors.python.record import Site, record_call
from packamal.detectors.python.values import Class, Function, Ref, Value
from packamal.detectors.python.walk import Walk, base

_KINDS: Final = {
    "staticmethod": "staticmethod",
    "classmethod": "classmethod",
    "property": "property",
    "functools.cached_property": "property",
    "cached_property.cached_property": "property",
    "abc.abstractproperty": "property",
}
_PLAIN: Final = frozenset(
    (
        "functools.wraps",
        "functools.lru_cache",
        "functools.cache",
        "contextlib.contextmanager",
        "contextlib.asynccontextmanager",
        "abc.abstractmethod",
        "dataclasses.dataclass",
        "typing.overload",
        "typing.final",
        "typing.no_type_check",
        "functools.total_ordering",
        "enum.unique",
        "asyncio.coroutine",
        "types.coroutine",
    )
)
_BOTS: Final = (
    "telebot.",
    "discord.",
    "disnake.",
    "nextcord.",
    "telethon.",
    "pyrogram.",
    "aiogram.",
    "telegram.ext.",
    "keyboard.",
    "pynput.",
    "socketio.Client()",
    "websocket.",
)
"""Libraries whose handlers answer whoever is on the other side as soon as the object made on import runs."""
RUN_AT_ONCE: Final = frozenset(("atexit.register", "threading.Thread", "threading.Timer"))


def decorate(walk: Walk, value: Value, decorators: list[ast.expr]) -> Value:
    """Apply decorators, innermost first."""
    for node in reversed(decorators):
        value = _apply(walk, value, node)
    return value


def _apply(walk: Walk, value: Value, node: ast.expr) -> Value:
    callee = node.func if isinstance(node, ast.Call) else node
    target = base(walk, callee)
    if isinstance(target, Ref):
        return _apply_foreign(walk, value, node, target)
    if isinstance(node, ast.Call):
        target = base(walk, node)
    if isinstance(target, Function) and isinstance(value, Function | Class):
        result = call_function(walk, target, Site(node, [value], {}))
        return result if isinstance(result, Function | Class) else value
    return value


def _apply_foreign(walk: Walk, value: Value, node: ast.expr, target: Ref) -> Value:
    kind = _KINDS.get(target.name)
    if kind is not None and isinstance(value, Function):
        value.record.kind = kind
        return value
    if target.name in _PLAIN:
        return value
    if isinstance(node, ast.Call):
        base(walk, node)
    elif "." in target.name:
        record_call(walk, target.name, Site(node, [value], {}, target.owner))
    is_run = target.name in RUN_AT_ONCE or ("()" in target.name and target.name.startswith(_BOTS))
    if is_run and isinstance(value, Function):
        walk.function.calls.add(value.record)
    return value
