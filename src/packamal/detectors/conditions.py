"""Tests on the arguments of a call, as the catalogue's `when` writes them, compiled to small functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from packamal.detectors.facts import Arg, Call
from packamal.errors import RuleError

RECEIVER = "receiver"
RESULT = "result"
TARGET = "target"
ANY = "any"
ANY_OF = "any-of"


class Seen(NamedTuple):
    """A call as the tests see it."""

    call: Call
    target: Arg | None
    labels: Callable[[Arg], frozenset[str]]
    callees: Callable[[Arg], Iterable[str]] = lambda _: ()
    """Callees of the calls that an argument was made by."""


Test = Callable[[Arg | None, Seen], bool]
Condition = Callable[[Seen], bool]


def argument(call: Call, key: str) -> Arg | None:
    """Find an argument by position, keyword, `receiver`, `result`, a field (`0.host`) or alternatives (`1|mode`)."""
    for name in key.split("|"):
        head, _, rest = name.partition(".")
        found = _direct(call, head)
        for part in rest.split(".") if rest else ():
            found = _field(found, part)
        if found is not None:
            return found
    return None


def _direct(call: Call, name: str) -> Arg | None:
    if name.isdigit():
        position = int(name)
        return call.args[position] if position < len(call.args) else None
    if name == RECEIVER:
        return call.receiver
    if name == RESULT:
        return Arg(call.result, call.result, True) if call.result else None
    return next((value for key, value in call.named if key == name), None)


def _field(arg: Arg | None, name: str) -> Arg | None:
    return None if arg is None else next((value for key, value in arg.fields if key == name), None)


def compile_conditions(raw: object, where: str) -> tuple[Condition, ...]:
    """Compile a `when` mapping; raises RuleError naming `where`."""
    if raw is None:
        return ()
    if not isinstance(raw, Mapping):
        raise RuleError(f"{where}: when must be a mapping")
    return tuple(_condition(str(key), test, where) for key, test in raw.items())


def _condition(key: str, raw: object, where: str) -> Condition:
    if key == ANY_OF:
        if not isinstance(raw, list):
            raise RuleError(f"{where}: any-of must be a list of arguments")
        names = tuple(str(name) for name in raw)
        return lambda seen: any(argument(seen.call, name) is not None for name in names)
    test = _test(raw, where)
    if key == TARGET:
        return lambda seen: test(seen.target, seen)
    if key == ANY:
        return lambda seen: any(test(arg, seen) for arg in _every(seen.call))
    return lambda seen: test(argument(seen.call, key), seen)


def _every(call: Call) -> Iterable[Arg]:
    yield from call.args
    for _, arg in call.named:
        yield arg


def _test(raw: object, where: str) -> Test:
    if isinstance(raw, str) and raw in _WORDS:
        return _WORDS[raw]
    if isinstance(raw, Mapping) and len(raw) == 1:
        ((name, value),) = raw.items()
        if name in _MAKERS:
            try:
                return _MAKERS[name](value)
            except re.error as error:
                raise RuleError(f"{where}: {error}") from error
    raise RuleError(f"{where}: unknown test {raw!r}")


def _is_decoded(arg: Arg | None, _: Seen) -> bool:
    return arg is not None and bool(arg.steps)


_WORDS: dict[str, Test] = {
    "present": lambda arg, _: arg is not None and not (arg.is_const and arg.const is None),
    "absent": lambda arg, _: arg is None,
    "const": lambda arg, _: arg is not None and arg.is_const,
    "computed": lambda arg, _: arg is not None and not arg.is_const,
    "decoded": _is_decoded,
}


def _matches(pattern: object) -> Test:
    compiled = re.compile(str(pattern))
    return lambda arg, _: arg is not None and arg.text is not None and compiled.search(arg.text) is not None


def _differs(pattern: object) -> Test:
    compiled = re.compile(str(pattern))
    return lambda arg, _: arg is None or arg.text is None or compiled.search(arg.text) is None


def _in_list(name: object) -> Test:
    return lambda arg, seen: arg is not None and str(name) in seen.labels(arg)


def _is(value: object) -> Test:
    return lambda arg, _: arg is not None and arg.is_const and arg.const == value and type(arg.const) is type(value)


def _refers(name: object) -> Test:
    return lambda arg, _: arg is not None and (arg.ref == name or arg.ref.startswith(f"{name}."))


def _made_by(names: object) -> Test:
    wanted = frozenset(map(str, names if isinstance(names, list) else [names]))
    return lambda arg, seen: arg is not None and not wanted.isdisjoint(seen.callees(arg))


def _at_least(bound: object) -> Test:
    limit = float(str(bound))
    return lambda arg, _: arg is not None and isinstance(arg.const, int | float) and float(arg.const) >= limit


_MAKERS: dict[str, Callable[[object], Test]] = {
    "re": _matches,
    "not": _differs,
    "list": _in_list,
    "is": _is,
    "ref": _refers,
    "min": _at_least,
    "from": _made_by,
}
