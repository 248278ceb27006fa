"""What .NET and PowerShell operators make of constants, so that a script taken to pieces reads whole again."""

from __future__ import annotations

import re
from collections.abc import Callable

from packamal.detectors.decode import decode
from packamal.detectors.facts import Arg
from packamal.detectors.shell.ledger import MAX_CONSTANT, bounded, constant

MAX_LIST = 65_536
"""Elements of one folded array or range."""
_CASED = re.compile(r"-[ci](join|split|replace|eq|ne|gt|lt|ge|le|like|notlike|match|notmatch|contains|notcontains)\Z")
_FORMAT_HOLE = re.compile(r"\{(\d+)[^}]*\}")
_ENCODINGS = {
    "utf8": "utf_8",
    "unicode": "utf_16_le",
    "ascii": "ascii",
    "bigendianunicode": "utf_16_be",
    "default": "cp1252",
}
_STREAMS = ("memorystream", "streamreader", "bufferedstream")
_INFLATERS = {"gzipstream": "gzip", "deflatestream": "deflate", "zlibstream": "zlib"}


def of(value: object, like: Arg | None = None, step: str = "") -> Arg:
    """Make a constant value that keeps the origin and steps of another."""
    sources = like.sources if like is not None else frozenset[int]()
    steps = like.steps if like is not None else ()
    steps = (*steps, step) if step and step not in steps[-1:] else steps
    if isinstance(value, str | bytes | tuple) and len(value) > MAX_CONSTANT:
        return Arg(sources=sources, steps=steps)
    return Arg(text=as_text(value)[:4096], const=value, is_const=True, sources=sources, steps=steps)


def as_text(value: object) -> str:
    """Write a constant as PowerShell would inside a text."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, tuple):
        return " ".join(map(as_text, value))
    return "" if value is None else str(value)


def operate(operator: str, left: Arg, right: Arg) -> Arg:
    """Apply a binary operator; unknown where an operand is, or where there is nothing to gain."""
    sources = bounded(left.sources | right.sources)
    if left.is_const and right.is_const:
        value = _fold(operator, left.const, right.const)
        if value is not None:
            return of(value, left)._replace(sources=sources, steps=tuple(dict.fromkeys(left.steps + right.steps)))
    if operator == "+":
        text = ("{}" if left.text is None else left.text) + ("{}" if right.text is None else right.text)
        return Arg(text=text[:4096], sources=sources)
    return Arg(sources=sources)


def _fold(operator: str, left: object, right: object) -> object:
    fold = _FOLDS.get(operator)
    return fold(left, right) if fold is not None else None


def _add(left: object, right: object) -> object:
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    if isinstance(left, tuple):
        return (*left, *(right if isinstance(right, tuple) else (right,)))[:MAX_LIST]
    return as_text(left) + as_text(right)


def _format(left: object, right: object) -> object:
    items = right if isinstance(right, tuple) else (right,)
    return _FORMAT_HOLE.sub(lambda m: as_text(items[int(m[1])]) if int(m[1][:4]) < len(items) else m[0], as_text(left))


def _replace(left: object, right: object) -> object:
    old, new = right if isinstance(right, tuple) and len(right) == 2 else (right, "")
    pattern, text = as_text(old), as_text(left)
    plain = re.sub(r"\\(.)", r"\1", pattern)
    # A package's own pattern is not run: it may never end. Patterns of plain characters are what obfuscators use.
    if re.search(r"(?<!\\)[.*+?\[\](){}|^$]", pattern):
        return None
    return re.sub(re.escape(plain), lambda _: as_text(new), text, flags=re.I) if plain else None


def _join(left: object, right: object) -> object:
    return as_text(right).join(map(as_text, left)) if isinstance(left, tuple) else as_text(left)


def _split(left: object, right: object) -> object:
    separator = as_text(right[0] if isinstance(right, tuple) and right else right)
    return tuple(as_text(left).split(separator))[:MAX_LIST] if separator else None


def _xor(left: object, right: object) -> object:
    return left ^ right if isinstance(left, int) and isinstance(right, int) else None


def _range(left: object, right: object) -> object:
    if not isinstance(left, int) or not isinstance(right, int) or abs(left - right) > MAX_LIST:
        return None
    return tuple(range(left, right + 1)) if left <= right else tuple(range(left, right - 1, -1))


def _times(left: object, right: object) -> object:
    if not isinstance(right, int) or not 0 <= right <= MAX_LIST:
        return None
    if isinstance(left, int):
        return left * right
    return left * right if isinstance(left, str) and len(left) * right <= MAX_LIST else None


def _minus(left: object, right: object) -> object:
    return left - right if isinstance(left, int) and isinstance(right, int) else None


_FOLDS: dict[str, Callable[[object, object], object]] = {
    "+": _add,
    "-": _minus,
    "*": _times,
    "..": _range,
    "-f": _format,
    "-join": _join,
    "-split": _split,
    "-csplit": _split,
    "-bxor": _xor,
    "-replace": _replace,
    "-creplace": _replace,
    "-ireplace": _replace,
}


def cast(kind: str, value: Arg) -> Arg:
    """Apply `[type]` to a constant."""
    if not value.is_const:
        return value
    name = kind.lower().removeprefix("system.")
    raw = value.const
    if name == "char" and isinstance(raw, int | str) and as_text(raw).isdigit() and int(raw) < 0x110000:
        return of(chr(int(raw)), value, "chars")
    if name == "char[]" and isinstance(raw, str):
        return of(tuple(raw[:MAX_LIST]), value)
    if (
        name == "char[]"
        and isinstance(raw, tuple)
        and all(isinstance(item, int) and 0 <= item < 0x110000 for item in raw)
    ):
        return of(tuple(chr(item) for item in raw), value, "chars")
    if name in ("int", "int32", "byte"):
        return of(_number(as_text(raw)), value)
    if name == "byte[]" and isinstance(raw, tuple) and all(isinstance(item, int) and 0 <= item < 256 for item in raw):
        return of(bytes(raw), value)
    return of(as_text(raw), value) if name == "string" else value


def _number(text: str) -> int:
    try:
        return int(text[:20], 16 if text.lower().startswith("0x") else 10)
    except ValueError:
        return 0


def index(value: Arg, at: Arg) -> Arg:
    """Take elements out of a constant text or list."""
    items, wanted = value.const, at.const
    if not value.is_const or not at.is_const or not isinstance(items, str | tuple | bytes) or not items:
        return Arg(sources=value.sources | at.sources)
    positions = wanted if isinstance(wanted, tuple) else (wanted,)
    if not all(isinstance(one, int) and -len(items) <= one < len(items) for one in positions):
        return Arg(sources=value.sources | at.sources)
    taken = tuple(items[one] for one in positions if isinstance(one, int))
    return of(taken if isinstance(wanted, tuple) else taken[0], value)


def static_call(kind: str, method: str, args: list[Arg]) -> Arg | None:
    """Fold a static .NET method over constants: Convert.FromBase64String, String.Join, Text.Encoding.UTF8.GetString."""
    first = args[0] if args else Arg()
    name = f"{kind}.{method}".lower()
    if not first.is_const:
        return None
    if name == "convert.frombase64string":
        out = decode("base64", as_text(first.const).encode())
        return of(out, first, "base64") if out is not None else None
    if name.startswith("text.encoding.") and method.lower() == "getstring" and isinstance(first.const, bytes):
        step = _ENCODINGS.get(name.split(".")[2], "utf_8")
        text = (decode(step, first.const) or b"").decode("utf-8", "replace")
        return of(text, first, step if step.startswith("utf_16") else "")
    if name == "string.join" and len(args) > 1 and args[1].is_const:
        return of(_join(args[1].const, first.const), args[1])
    if name in ("convert.toint32", "convert.tobyte", "convert.toint16") and len(args) > 1:
        return _in_base(first, args[1])
    return None


def _in_base(value: Arg, base: Arg) -> Arg | None:
    try:
        return of(int(as_text(value.const)[:64], base.const if isinstance(base.const, int) else 10), value)
    except ValueError:
        return None


def method_call(value: Arg, method: str, args: list[Arg]) -> Arg | None:
    """Fold a method of a constant text: Replace, Substring, Split, ToCharArray, Trim, ToLower."""
    name, text = method.lower(), value.const
    if not value.is_const or not all(arg.is_const for arg in args):
        return None
    if name in ("readtoend", "tostring", "toarray"):
        return value if name == "toarray" else of(_readable(text), value)
    if not isinstance(text, str):
        return None
    words = [arg.const for arg in args]
    if name == "replace" and len(words) == 2 and as_text(words[0]):
        return of(text.replace(as_text(words[0]), as_text(words[1])), value)
    if name == "substring" and words and all(isinstance(word, int) and word >= 0 for word in words):
        numbers = [word for word in words if isinstance(word, int)]
        return of(text[numbers[0] :][: numbers[1] if len(numbers) > 1 else None], value)
    if name == "split" and words and as_text(words[0]):
        return of(tuple(text.split(as_text(words[0])))[:MAX_LIST], value)
    if name == "tochararray":
        return of(tuple(text[:MAX_LIST]), value)
    folded = {"tolower": text.lower, "toupper": text.upper, "trim": text.strip}.get(name)
    return of(folded(), value) if folded is not None else None


def _readable(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else as_text(value)


def make(kind: str, args: list[Arg]) -> Arg | None:
    """Fold the streams through which embedded scripts are unpacked: memory, gzip, deflate, reader."""
    name = kind.lower().rpartition(".")[2]
    first = args[0] if args else Arg()
    if not first.is_const:
        return None
    raw = first.const[0] if isinstance(first.const, tuple) and len(first.const) == 1 else first.const
    if name in _STREAMS:
        return of(raw, first)
    if name in _INFLATERS and isinstance(raw, bytes):
        out = decode(_INFLATERS[name], raw)
        return of(out, first, _INFLATERS[name]) if out is not None else None
    return constant(as_text(raw))._replace(sources=first.sources, steps=first.steps) if name == "string" else None


def sequence(items: list[Arg]) -> Arg:
    """Make the value of a list."""
    sources = bounded(frozenset[int]().union(*(item.sources for item in items)))
    steps = tuple(dict.fromkeys(step for item in items for step in item.steps))
    fields = tuple((str(at), item) for at, item in enumerate(items[:64]))
    if all(item.is_const for item in items):
        return of(tuple(item.const for item in items))._replace(sources=sources, steps=steps, fields=fields)
    text = ", ".join("{}" if item.text is None else item.text for item in items)[:4096]
    return Arg(text=text, sources=sources, steps=steps, fields=fields)


def items(value: Arg) -> tuple[Arg, ...]:
    """List the elements of a list's value; empty where it is none."""
    return tuple(item for _, item in value.fields)


def unary(operator: str, value: Arg) -> Arg:
    """Apply an operator that stands in front."""
    if operator == "-join":
        return operate("-join", value, constant(""))
    if operator == ",":
        return of((value.const,), value) if value.is_const else value
    if operator == "-" and isinstance(value.const, int):
        return of(-value.const, value)
    return value if operator in ("+", "-split") else Arg(sources=value.sources)


def number(text: str) -> int:
    """Read the digits a number starts with, 0 where there are none."""
    if text[:2].lower() == "0x":
        return int(text[:18], 16)
    digits = re.match(r"\d{1,18}", text)
    return int(digits.group()) if digits is not None else 0


def operator_name(operator: str) -> str:
    """`-cReplace` and `-ireplace` are `-replace` to us."""
    return _CASED.sub(r"-\1", operator.lower())
