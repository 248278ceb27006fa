"""Wrappers that compilers and bundlers write around modules and functions, known by their names."""

from __future__ import annotations

from packamal.detectors.javascript.dispatch import Invocation, builtin, call_value
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.values import UNKNOWN, ArrayValue, Native, ObjectValue

_IDENTITIES = frozenset((
    "_interopRequireDefault", "_interopRequireWildcard", "_interopDefault", "_interopNamespace", "__importDefault",
    "_interopDefaultLegacy", "_interopNamespaceDefault", "_interopNamespaceDefaultOnly", "_interop_require_default",
    "_interop_require_wildcard", "__importStar", "__toESM", "__toCommonJS", "__toModule", "_toConsumableArray",
    "_asyncToGenerator", "getDefaultExportFromCjs", "_interopDefaultCompat", "interopDefault", "_async_to_generator",
))  # fmt: skip
"""The value is the argument."""
_AWAITERS = frozenset({"__awaiter", "__generator"})
INTEROP = _IDENTITIES | _AWAITERS


def through_interop(m: Machine, name: str, inv: Invocation) -> object:
    """What a wrapper gives."""
    if name not in _AWAITERS:
        return inv.arguments[0]
    function = inv.arguments[-1]
    if name == "__awaiter":
        return call_value(m, function, inv.with_arguments([], inv.arguments[0]))
    return _generate(m, function, inv)


def _generate(m: Machine, function: object, inv: Invocation) -> object:
    """TypeScript's generators: the parts between awaits are cases, which return `[4, awaited]` and ask `sent()`."""
    m.awaited.append(UNDEFINED)

    def sent(arguments: list[object]) -> object:
        return m.awaited[-1] if m.awaited else UNKNOWN

    state = ObjectValue({"label": UNKNOWN, "sent": Native("sent", sent), "trys": ArrayValue([], m.level)}, m.level)
    try:
        result = call_value(m, function, inv.with_arguments([state], inv.arguments[0]))
    finally:
        m.awaited.pop()
    return _returned(result)


def _returned(result: object) -> object:
    """The value of `[2, value]`."""
    values = getattr(result, "values", (result,)) if not isinstance(result, dict) else ()
    for value in values:
        if isinstance(value, ArrayValue) and len(value.items) > 1 and value.items[0] == 2:
            return value.items[1]
    return UNDEFINED


@builtin("tslib.__importStar", "tslib.__importDefault", "tslib.__awaiter", "tslib.__generator")
def _tslib(m: Machine, inv: Invocation) -> object:
    if len(inv.arguments) > 2:
        return through_interop(m, "__awaiter", inv)
    if len(inv.arguments) == 2:
        return through_interop(m, "__generator", inv)
    return inv.argument(0)
