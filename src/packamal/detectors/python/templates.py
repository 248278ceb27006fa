"""Texts of which parts are known: concatenation, formatting and paths."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from typing import Final

from packamal.detectors.python import limits
from packamal.detectors.python.constants import constant, plain, steps_of
from packamal.detectors.python.fold import MISSING, binary, guarded
from packamal.detectors.python.fold import method as fold_method
from packamal.detectors.python.values import (
    NONE,
    Const,
    Join,
    Map,
    Result,
    Seq,
    Sources,
    Template,
    Unknown,
    Value,
    gather,
    union,
    with_sources,
)

_MAX_PARTS: Final = 64


def text_value(value: Value) -> Value:
    """What `str(value)` is."""
    if isinstance(value, Const):
        if isinstance(value.value, str):
            return value
        if value.value is None or isinstance(value.value, int | float):
            return Const(str(value.value), value.src, value.steps) if _is_short(value.value) else Unknown(value.src)
        return Const(repr(value.value), value.src, value.steps)
    if isinstance(value, Result) and value.text is not None:
        return with_sources(value.text, value.src)
    return value


def _is_short(value: object) -> bool:
    return not isinstance(value, int) or value.bit_length() <= limits.MAX_WIDTH


def parts_of(value: Value) -> tuple[str | Value, ...]:
    """A value as parts of a template."""
    if isinstance(value, Template):
        return value.parts
    if isinstance(value, Const):
        if isinstance(value.value, bytes):
            return (value.value.decode("latin-1"),)
        return (str(value.value) if _is_short(value.value) else "",)
    if isinstance(value, Result) and value.text is not None:
        return parts_of(value.text)
    if isinstance(value, Join):
        first = next((option for option in value.options if isinstance(option, Const | Template)), None)
        if first is not None:
            return parts_of(first)
    return (value,)


def template(parts: list[str | Value], src: Sources) -> Template:
    """A template with neighbouring texts merged."""
    merged: list[str | Value] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return Template(tuple(merged[:_MAX_PARTS]), src)


def is_textual(value: Value) -> bool:
    """Whether a value is known to be a text, in part at least."""
    return isinstance(value, Template) or (isinstance(value, Const) and isinstance(value.value, str | bytes))


def concatenate(left: Value, right: Value) -> Value | None:
    """`left + right` where one of them is a text; None when neither is."""
    if isinstance(left, Const) and isinstance(right, Const):
        raw = left.value + right.value if isinstance(left.value, str) and isinstance(right.value, str) else MISSING
        return constant(raw, union(left.src, right.src), steps_of(left, right))
    if isinstance(left, Join) or isinstance(right, Join):
        return _concatenate_join(left, right)
    if not is_textual(left) and not is_textual(right):
        return None
    return template([*parts_of(left), *parts_of(right)], union(left.src, right.src))


def _concatenate_join(left: Value, right: Value) -> Value | None:
    lefts = left.options if isinstance(left, Join) else (left,)
    rights = right.options if isinstance(right, Join) else (right,)
    if len(lefts) * len(rights) > 4:
        return Unknown(union(left.src, right.src))
    made = [concatenate(one, other) for one in lefts for other in rights]
    known = tuple(value for value in made if value is not None)
    return Join(known, union(left.src, right.src)) if known else None


_PERCENT = re.compile(r"%(?:\((?P<key>[^)]*)\))?[-+ #0]*(?:\d{0,3}|\*)(?:\.\d{0,3})?[hlL]?(?P<kind>[a-zA-Z%])")


def format_percent(left: Value, right: Value) -> Value | None:
    """`text % values`."""
    known = plain(right)
    if isinstance(left, Const) and known is not MISSING:
        folded = constant(_percent(left.value, known), union(left.src, gather([right])), steps_of(left, right))
        if folded is not None:
            return folded
    text = parts_of(left)[0] if isinstance(left, Const) else None
    src = union(left.src, gather([right]))
    if not isinstance(text, str):
        return Template(parts_of(left), src) if isinstance(left, Template) else None
    values = list(right.items) if isinstance(right, Seq) else [right]
    return template(_fill(text, values, right.items if isinstance(right, Map) else {}), src)


def _percent(text: object, values: object) -> object:
    return binary(ast.Mod, text, values)


def _fill(text: str, values: list[Value], named: dict[object, Value]) -> list[str | Value]:
    parts: list[str | Value] = []
    position = taken = 0
    for match in _PERCENT.finditer(text):
        parts.append(text[position : match.start()])
        position = match.end()
        if match["kind"] == "%":
            parts.append("%")
        elif match["key"] is not None:
            parts.extend(parts_of(named.get(match["key"], Unknown(NONE, match["key"]))))
        else:
            parts.extend(parts_of(values[taken]) if taken < len(values) else ("",))
            taken += 1
    parts.append(text[position:])
    return parts


_BRACES = re.compile(r"\{\{|\}\}|\{(?P<key>[^{}!:.\[]*)(?P<rest>[^{}]*)\}")


def format_braces(owner: Value, args: list[Value], named: dict[str, Value]) -> Value | None:
    """`text.format(...)`."""
    src = union(owner.src, gather([*args, *named.values()]))
    raw_args = [plain(arg) for arg in args]
    raw_named = {key: plain(arg) for key, arg in named.items()}
    if isinstance(owner, Const) and MISSING not in raw_args and MISSING not in raw_named.values():
        folded = constant(fold_method(owner.value, "format", raw_args, raw_named), src, steps_of(owner, *args))
        if folded is not None:
            return folded
    text = parts_of(owner)[0] if isinstance(owner, Const) else None
    if not isinstance(text, str):
        return Template(parts_of(owner), src)
    parts: list[str | Value] = []
    position = taken = 0
    for match in _BRACES.finditer(text):
        parts.append(text[position : match.start()])
        position = match.end()
        key = match["key"]
        if key is None:
            parts.append(match.group()[0])
            continue
        if key == "":
            key, taken = str(taken), taken + 1
        chosen = args[int(key)] if key.isdigit() and int(key) < len(args) else named.get(key)
        parts.extend(parts_of(chosen) if chosen is not None else (Unknown(NONE, key),))
    parts.append(text[position:])
    return template(parts, src)


def path_join(first: Value, rest: list[Value]) -> Value:
    """A path object: `first / rest[0] / ...`."""
    text = join_path([first, *rest])
    return Result(PATH, union(text.src, gather([first, *rest])), (text,), text)


PATH: Final = "pathlib.Path()"
"""Name of every path object."""


def path_part(owner: Result, name: str) -> Value | None:
    """`path.parent`, `path.name` ... where the path is a constant or ends in one."""
    text = owner.text
    if isinstance(text, Const) and isinstance(text.value, str):
        found = guarded(getattr, PurePosixPath(text.value), name) if name in _PATH_PARTS else MISSING
        if isinstance(found, PurePosixPath):
            known = Const(str(found), owner.src)
            return Result(PATH, owner.src, (known,), known)
        return constant(found, owner.src) if isinstance(found, str) else None
    if name == "parent" and isinstance(text, Template) and text.parts and isinstance(text.parts[-1], str):
        made = template([*text.parts[:-1], text.parts[-1].rpartition("/")[0]], text.src)
        return Result(PATH, owner.src, (made,), made)
    return None


_PATH_PARTS: Final = frozenset(("parent", "name", "stem", "suffix"))


def join_path(values: list[Value]) -> Value:
    """What `os.path.join(*values)` is: a constant, or a template with slashes between its parts."""
    src = gather(values)
    parts: list[str | Value] = []
    for value in values:
        new = parts_of(text_value(value))
        head = new[0] if new else ""
        if isinstance(head, str) and head.startswith("/") and parts:
            parts = []
        elif parts and not (isinstance(parts[-1], str) and parts[-1].endswith(("/", "\\"))):
            parts.append("/")
        parts.extend(new)
    if all(isinstance(part, str) for part in parts) and not any(isinstance(value, Template) for value in values):
        return Const("".join(map(str, parts)), src, (), True)
    return template(parts, src)


def map_text(value: Template, change: str) -> Template:
    """Apply a method without arguments (lower, strip ...) to the known parts of a template."""
    changed = [getattr(part, change)() if isinstance(part, str) else part for part in value.parts]
    return template(changed, value.src)
