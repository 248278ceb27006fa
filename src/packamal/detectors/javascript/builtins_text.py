"""Methods of texts and numbers."""

from __future__ import annotations

from collections.abc import Callable

from packamal.detectors.javascript.arguments import sources_of
from packamal.detectors.javascript.coerce import MAX_STRING, NAN, text_of, to_number, to_text
from packamal.detectors.javascript.dispatch import NOT_FOLDED, Invocation, any_method, call_value, method
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.regex import usable
from packamal.detectors.javascript.values import (
    CONSTANT_TYPES,
    ArrayValue,
    Opaque,
    RegexValue,
)

_MAX_PARTS = 100_000
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def known(inv: Invocation) -> bool:
    """True when every argument is a constant."""
    return not inv.has_rest and all(value.__class__ in CONSTANT_TYPES for value in inv.arguments)


def position(value: object, default: int, length: int) -> int | None:
    """An index argument, counted from the end when negative; None when it is not known."""
    if value is UNDEFINED:
        return default
    number = to_number(value)
    if number is None:
        return None
    if number != number:
        return 0
    at = int(max(-1e9, min(1e9, number)))
    return max(0, at + length) if at < 0 else min(at, length)


def inherit(m: Machine, made: object, *parts: object) -> object:
    """A text made of decoded ones is decoded itself."""
    if m.origins:
        for part in parts:
            origin = m.origin(part)
            if origin.steps or origin.sources:
                m.set_origin(made, origin.steps, origin.sources)
    return made


@method((str, bytes), "slice", "subarray")
def _slice(m: Machine, receiver: object, inv: Invocation) -> object:
    text = receiver
    assert isinstance(text, str | bytes)
    start = position(inv.argument(0), 0, len(text))
    end = position(inv.argument(1), len(text), len(text))
    return NOT_FOLDED if start is None or end is None else inherit(m, text[start:end], text)


@method((str,), "substring")
def _substring(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, str)
    ends: list[int] = []
    for at, default in ((0, 0), (1, len(receiver))):
        value = inv.argument(at)
        number = float(default) if value is UNDEFINED else to_number(value)
        if number is None:
            return NOT_FOLDED
        ends.append(0 if number != number else int(max(0, min(len(receiver), number))))
    return inherit(m, receiver[min(ends) : max(ends)], receiver)


@method((str,), "substr")
def _substr(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, str)
    start = position(inv.argument(0), 0, len(receiver))
    length = to_number(inv.argument(1)) if inv.argument(1) is not UNDEFINED else len(receiver)
    if start is None or length is None or length != length:
        return NOT_FOLDED
    return inherit(m, receiver[start : start + max(0, int(min(length, MAX_STRING)))], receiver)


def _index(inv: Invocation) -> int | None:
    value = inv.argument(0)
    if value.__class__ is int:
        return value
    number = 0 if value is UNDEFINED else to_number(value)
    return None if number is None else 0 if number != number else int(max(-1e9, min(1e9, number)))


@method((str,), "charAt")
def _char_at(m: Machine, receiver: object, inv: Invocation) -> object:
    at = _index(inv)
    if at is None:
        return NOT_FOLDED
    return receiver[at] if 0 <= at < len(receiver) else ""  # type: ignore[index, arg-type]


@method((str,), "charCodeAt", "codePointAt")
def _char_code_at(m: Machine, receiver: object, inv: Invocation) -> object:
    at = _index(inv)
    if at is None:
        return NOT_FOLDED
    return ord(receiver[at]) if 0 <= at < len(receiver) else NAN  # type: ignore[index, arg-type]


@method((str,), "at")
def _at(m: Machine, receiver: object, inv: Invocation) -> object:
    at = _index(inv)
    assert isinstance(receiver, str)
    if at is None:
        return NOT_FOLDED
    return receiver[at] if -len(receiver) <= at < len(receiver) else UNDEFINED


@method((str,), "split")
def _split(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, str)
    separator = inv.argument(0)
    parts: list[object]
    if isinstance(separator, RegexValue):
        pattern = usable(separator.pattern, separator.flags, receiver)
        if pattern is None:
            return NOT_FOLDED
        parts = list(pattern.split(receiver))
        if pattern.match("") is not None:
            parts = [part for part in parts if part]
    elif separator is UNDEFINED:
        parts = [receiver]
    else:
        text = text_of(separator)
        if text is None:
            return NOT_FOLDED
        parts = list(receiver.split(text) if text else receiver)
    limit = inv.argument(1)
    if isinstance(limit, int):
        parts = parts[: max(0, limit)]
    if len(parts) > _MAX_PARTS:
        return NOT_FOLDED
    array = ArrayValue(parts, m.level)
    array.sources = m.origin(receiver).sources
    return array


_PLAIN = {
    "toLowerCase": str.lower, "toUpperCase": str.upper, "toLocaleLowerCase": str.lower, "toLocaleUpperCase": str.upper,
    "trim": str.strip, "trimStart": str.lstrip, "trimEnd": str.rstrip, "trimLeft": str.lstrip, "trimRight": str.rstrip,
    "toString": str, "valueOf": str, "normalize": str,
}  # fmt: skip
for _name, _function in _PLAIN.items():

    def _plain(m: Machine, receiver: object, inv: Invocation, function: object = _function) -> object:
        return inherit(m, function(receiver), receiver)  # type: ignore[operator]

    method((str,), _name)(_plain)


@method((str,), "concat")
def _concat(m: Machine, receiver: object, inv: Invocation) -> object:
    texts = [text_of(value) for value in inv.arguments]
    if inv.has_rest or None in texts:
        return NOT_FOLDED
    whole = "".join([str(receiver), *[text for text in texts if text is not None]])
    return whole if len(whole) <= MAX_STRING else NOT_FOLDED


@method((str,), "repeat")
def _repeat(m: Machine, receiver: object, inv: Invocation) -> object:
    count = inv.argument(0)
    assert isinstance(receiver, str)
    if not isinstance(count, int) or count < 0 or count * len(receiver) > MAX_STRING:
        return NOT_FOLDED
    return receiver * count


def _padding(receiver: str, inv: Invocation) -> str | None:
    width, fill = inv.argument(0), inv.argument(1)
    text = " " if fill is UNDEFINED else text_of(fill)
    if not isinstance(width, int) or not text or width > _MAX_PARTS:
        return None
    missing = max(0, width - len(receiver))
    return (text * (missing // len(text) + 1))[:missing]


@method((str,), "padStart")
def _pad_start(m: Machine, receiver: object, inv: Invocation) -> object:
    padding = _padding(str(receiver), inv)
    return NOT_FOLDED if padding is None else padding + str(receiver)


@method((str,), "padEnd")
def _pad_end(m: Machine, receiver: object, inv: Invocation) -> object:
    padding = _padding(str(receiver), inv)
    return NOT_FOLDED if padding is None else str(receiver) + padding


def _searcher(name: str) -> None:
    def run(m: Machine, receiver: object, inv: Invocation) -> object:
        needle = inv.argument(0)
        if needle.__class__ not in CONSTANT_TYPES or len(inv.arguments) > 1:
            return NOT_FOLDED
        return _SEARCHES[name](str(receiver), to_text(needle))

    method((str,), name)(run)


_SEARCHES: dict[str, Callable[[str, str], object]] = {
    "indexOf": str.find, "lastIndexOf": str.rfind, "includes": lambda text, part: part in text,
    "startsWith": str.startswith, "endsWith": str.endswith,
}  # fmt: skip
for _name in _SEARCHES:
    _searcher(_name)


@method((str,), "replace")
def _replace(m: Machine, receiver: object, inv: Invocation) -> object:
    return _replaced(m, receiver, inv, 1)


@method((str,), "replaceAll")
def _replace_all(m: Machine, receiver: object, inv: Invocation) -> object:
    return _replaced(m, receiver, inv, -1)


def _replaced(m: Machine, receiver: object, inv: Invocation, times: int) -> object:
    what, by = inv.argument(0), inv.argument(1)
    assert isinstance(receiver, str)
    if isinstance(what, RegexValue):
        return _replace_pattern(m, receiver, what, by, inv)
    needle = text_of(what)
    replacement = _replacement(m, by, [needle], inv)
    if needle is None or replacement is None:
        return NOT_FOLDED
    if times < 0 and receiver.count(needle) * len(replacement) > MAX_STRING:
        return NOT_FOLDED
    made = receiver.replace(needle, replacement, times)
    return inherit(m, made, receiver) if len(made) <= MAX_STRING else NOT_FOLDED


def _replacement(m: Machine, by: object, groups: list[str | None], inv: Invocation) -> str | None:
    if by.__class__ in CONSTANT_TYPES:
        text = to_text(by)
        if "$" in text and groups:
            text = text.replace("$&", groups[0] or "")
            for at, group in enumerate(groups[1:10], 1):
                text = text.replace(f"${at}", group or "")
        return text
    result = call_value(m, by, inv.with_arguments([UNDEFINED if group is None else group for group in groups]))
    return to_text(result) if result.__class__ in CONSTANT_TYPES else None


_MAX_CALLBACKS = 5_000


def _replace_pattern(m: Machine, text: str, what: RegexValue, by: object, inv: Invocation) -> object:
    pattern = usable(what.pattern, what.flags, text)
    if pattern is None:
        return NOT_FOLDED
    pieces: list[str] = []
    at = 0
    for count, match in enumerate(pattern.finditer(text)):
        replacement = _replacement(m, by, [match[0], *match.groups()], inv) if count <= _MAX_CALLBACKS else None
        if replacement is None:
            return NOT_FOLDED
        pieces += (text[at : match.start()], replacement)
        at = match.end()
        if "g" not in what.flags:
            break
    made = "".join([*pieces, text[at:]])
    return inherit(m, made, text) if len(made) <= MAX_STRING else NOT_FOLDED


@method((str,), "match")
def _match(m: Machine, receiver: object, inv: Invocation) -> object:
    what = inv.argument(0)
    if not isinstance(what, RegexValue) or not isinstance(receiver, str):
        return NOT_FOLDED
    pattern = usable(what.pattern, what.flags, receiver)
    if pattern is None:
        return NOT_FOLDED
    found: list[object]
    if "g" in what.flags:
        found = [match[0] for match in pattern.finditer(receiver)]
    else:
        first = pattern.search(receiver)
        found = [UNDEFINED if group is None else group for group in (first[0], *first.groups())] if first else []
    return ArrayValue(found, m.level) if found else None


_HTML = {
    "italics": ("<i>", "</i>"), "bold": ("<b>", "</b>"), "fixed": ("<tt>", "</tt>"), "big": ("<big>", "</big>"),
    "small": ("<small>", "</small>"), "strike": ("<strike>", "</strike>"), "sub": ("<sub>", "</sub>"),
    "sup": ("<sup>", "</sup>"), "blink": ("<blink>", "</blink>"), "link": ('<a href="{}">', "</a>"),
    "anchor": ('<a name="{}">', "</a>"), "fontcolor": ('<font color="{}">', "</font>"),
    "fontsize": ('<font size="{}">', "</font>"),
}  # fmt: skip
"""Old methods that wrap a text: code written in six characters takes letters from them."""


def _wrapper(name: str) -> None:
    before, after = _HTML[name]

    def run(m: Machine, receiver: object, inv: Invocation) -> object:
        text = text_of(inv.argument(0))
        if text is None:
            return NOT_FOLDED
        return before.replace("{}", text.replace('"', "&quot;")) + str(receiver) + after

    method((str,), name)(run)


for _name in _HTML:
    _wrapper(_name)


@method((str,), "localeCompare")
def _compare(m: Machine, receiver: object, inv: Invocation) -> object:
    other = inv.argument(0)
    return (str(receiver) > other) - (str(receiver) < other) if isinstance(other, str) else NOT_FOLDED


@method((str,), "search")
def _search_pattern(m: Machine, receiver: object, inv: Invocation) -> object:
    what = inv.argument(0)
    pattern = usable(what.pattern, what.flags, str(receiver)) if isinstance(what, RegexValue) else None
    if pattern is None:
        return NOT_FOLDED
    found = pattern.search(str(receiver))
    return found.start() if found else -1


@any_method("toString", "valueOf", "toLocaleString", "toJSON")
def _to_string(m: Machine, receiver: object, inv: Invocation) -> object:
    """The text of something unknown is made of it."""
    text = text_of(receiver) if not inv.arguments else None
    if text is not None:
        return text
    if isinstance(receiver, Opaque):
        return receiver
    sources = sources_of(m, receiver)
    return Opaque(sources, None, getattr(receiver, "steps", ())) if sources else NOT_FOLDED
