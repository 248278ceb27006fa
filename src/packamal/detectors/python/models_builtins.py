"""Builtins over constants, and those that reach names by text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from packamal.detectors.python import limits
from packamal.detectors.python.constants import constant, element, elements, plain, steps_of
from packamal.detectors.python.fold import MISSING, guarded
from packamal.detectors.python.hidden_names import hides_member
from packamal.detectors.python.models import model
from packamal.detectors.python.namespaces import get_attribute, namespace_item, namespace_of, set_attribute
from packamal.detectors.python.record import Site, record_use
from packamal.detectors.python.scope import ClassRecord
from packamal.detectors.python.templates import is_textual
from packamal.detectors.python.values import (
    UNKNOWN,
    Class,
    Const,
    Function,
    Instance,
    Map,
    Ref,
    Result,
    Seq,
    Template,
    Unknown,
    Value,
    deep_sources,
    join_all,
    options,
    union,
    with_sources,
)
from packamal.detectors.python.walk import Walk

_MAX_RANGE: Final = 200_000


def _ints(values: list[object]) -> bool:
    return all(isinstance(value, int) for value in values)


@model("chr", "unichr")
def _chr(walk: Walk, name: str, site: Site) -> Value | None:
    code = plain(site.args[0]) if site.args else MISSING
    if not isinstance(code, int):
        return None
    steps = steps_of(site.args[0])
    return constant(guarded(chr, code), site.src, steps if "chars" in steps else (*steps, "chars"))


@model("ord", "abs", "len", "hex", "oct", "bin", "bool", "float", "round", "ascii", "repr")
def _number(walk: Walk, name: str, site: Site) -> Value | None:
    if len(site.args) != 1 or site.named:
        return None
    argument = site.args[0]
    if name == "len" and isinstance(argument, Seq | Map):
        return None if argument.is_open else Const(len(argument.items), site.src)
    known = plain(argument)
    if known is MISSING or isinstance(known, tuple | dict):
        return None
    return constant(guarded(_FUNCTIONS[name], known), site.src, steps_of(argument))


_FUNCTIONS: Final[dict[str, Callable[..., object]]] = {
    "ord": ord,
    "abs": abs,
    "len": len,
    "hex": hex,
    "oct": oct,
    "bin": bin,
    "bool": bool,
    "float": float,
    "round": round,
    "ascii": ascii,
    "repr": repr,
}


@model("int", "long")
def _int(walk: Walk, name: str, site: Site) -> Value | None:
    if site.named or not site.args:
        return None
    known = [plain(arg) for arg in site.args]
    if any(isinstance(value, str | bytes) and len(value) > limits.MAX_WIDTH for value in known):
        return None
    if MISSING in known:
        return Unknown(site.src)
    return constant(guarded(int, *known), site.src, steps_of(*site.args))


@model("sum", "min", "max", "divmod", "pow")
def _reduce(walk: Walk, name: str, site: Site) -> Value | None:
    known = [plain(arg) for arg in site.args]
    if MISSING in known or site.named:
        return None
    flat = [item for value in known for item in (value if isinstance(value, tuple) else (value,))]
    if not _ints(flat) or (name == "pow" and not all(isinstance(value, int) and abs(value) < 2**256 for value in flat)):
        return None
    if name == "pow" and len(flat) == 2 and isinstance(flat[1], int) and flat[1] > 512:
        return None
    return constant(guarded(_REDUCERS[name], *known), site.src)


_REDUCERS: Final[dict[str, Callable[..., object]]] = {"sum": sum, "min": min, "max": max, "divmod": divmod, "pow": pow}


@model("range")
def _range(walk: Walk, name: str, site: Site) -> Value | None:
    known = [plain(arg) for arg in site.args]
    made = guarded(range, *known) if _ints(known) else MISSING
    if isinstance(made, range) and len(made) <= _MAX_RANGE:
        return Seq([Const(number) for number in made], site.src)
    return None


@model("bytes", "bytearray")
def _bytes(walk: Walk, name: str, site: Site) -> Value | None:
    if not site.args:
        return Const(b"")
    known = plain(site.args[0])
    if isinstance(known, str):
        encoding = plain(site.args[1] if len(site.args) > 1 else site.named.get("encoding", Const("utf-8")))
        raw = guarded(known.encode, encoding, "replace") if encoding in _ENCODINGS else MISSING
        return constant(raw, site.src, steps_of(site.args[0]))
    if isinstance(known, int) and known > limits.MAX_CONST:
        return None
    if known is MISSING or isinstance(known, dict | float):
        return Unknown(site.src) if not isinstance(site.args[0], Template) else site.args[0]
    steps = steps_of(site.args[0])
    if isinstance(known, tuple) and "chars" not in steps:
        steps = (*steps, "chars")
    return constant(guarded(bytes, known), site.src, steps)


_ENCODINGS: Final = frozenset(("utf-8", "utf8", "ascii", "latin-1", "latin1", "UTF-8", "iso-8859-1", "utf-16", "utf_8"))


@model("list", "tuple", "set", "frozenset", "iter", "sorted", "reversed", "enumerate", "dict")
def _container(walk: Walk, name: str, site: Site) -> Value | None:
    if not site.args:
        return Map({**site.named}, site.src) if name == "dict" else Seq([], is_tuple=name == "tuple")
    argument = site.args[0]
    if name == "dict":
        return _dict(argument, site)
    items = elements(argument)
    if items is None:
        one = element(argument)
        if one is None:
            return Unknown(site.src)
        items = [one]
    if name == "enumerate":
        return Seq([Seq([Const(index), item], item.src, is_tuple=True) for index, item in enumerate(items)], site.src)
    if name == "sorted" and not site.named:
        ordered = guarded(sorted, [plain(item) for item in items])
        return constant(ordered, site.src, steps_of(argument)) if isinstance(ordered, list) else Seq(items, site.src)
    if name == "reversed":
        items = [_reversed_item(item) for item in reversed(items)]
    is_open = isinstance(argument, Seq | Map) and argument.is_open
    return Seq(items, site.src, is_open, name == "tuple")


def _reversed_item(value: Value) -> Value:
    if isinstance(value, Const) and isinstance(value.value, str | bytes) and "reverse" not in value.steps:
        return Const(value.value, value.src, (*value.steps, "reverse"), value.is_assembled)
    return value


def _dict(argument: Value, site: Site) -> Value | None:
    if isinstance(argument, Map):
        return Map({**argument.items, **site.named}, site.src, argument.is_open)
    known = plain(argument)
    if (
        isinstance(argument, Seq)
        and isinstance(known, tuple)
        and all(isinstance(pair, tuple) and len(pair) == 2 for pair in known)
    ):
        return constant(guarded(dict, known), site.src)
    if isinstance(argument, Seq) and not argument.is_open:
        pairs = [elements(pair) for pair in argument.items]
        made = Map({**site.named}, site.src)
        for pair in pairs:
            key = plain(pair[0]) if pair is not None and len(pair) == 2 else MISSING
            if pair is None or not isinstance(key, str | int | bytes):
                return Map({}, site.src, True)
            made.items[key] = pair[1]
        return made
    return Unknown(site.src)


def _cycled(value: Value, length: int) -> list[Value] | None:
    """As many elements of `itertools.cycle(...)` as are asked for."""
    if not isinstance(value, Result) or value.name not in ("itertools.cycle()", "itertools.count()"):
        return None
    items = elements(value.args[0]) if value.args else []
    return [items[index % len(items)] for index in range(length)] if items else None


@model("zip", "itertools.zip_longest")
def _zip(walk: Walk, name: str, site: Site) -> Value | None:
    columns = [elements(arg) for arg in site.args]
    length = min((len(column) for column in columns if column is not None), default=0)
    columns = [
        _cycled(arg, length) if column is None else column for arg, column in zip(site.args, columns, strict=True)
    ]
    if not columns or any(column is None for column in columns):
        return None
    rows = zip(*(column for column in columns if column is not None), strict=False)
    return Seq([Seq(list(row), deep_sources(Seq(list(row))), is_tuple=True) for row in rows], site.src)


@model("str.maketrans", "bytes.maketrans", "string.maketrans")
def _maketrans(walk: Walk, name: str, site: Site) -> Value | None:
    known = [plain(arg) for arg in site.args]
    if MISSING in known:
        return None
    maker = bytes.maketrans if any(isinstance(value, bytes) for value in known) else str.maketrans
    return _table(guarded(maker, *known), site)


def _table(raw: object, site: Site) -> Value | None:
    if isinstance(raw, dict):
        made: dict[object, Value] = {key: Const(value, site.src) for key, value in raw.items()}
        return Map(made, site.src)
    return constant(raw, site.src)


@model("staticmethod", "classmethod", "property", "memoryview", "typing.cast")
def _wrapped(walk: Walk, name: str, site: Site) -> Value | None:
    return site.args[-1] if site.args else None


@model("next")
def _next(walk: Walk, name: str, site: Site) -> Value | None:
    if isinstance(site.args[0] if site.args else None, Seq):
        sequence = site.args[0]
        return sequence.items[0] if isinstance(sequence, Seq) and sequence.items else None
    return Unknown(site.src)


@model("getattr", "hasattr", "inspect.getattr_static")
def _getattr(walk: Walk, name: str, site: Site) -> Value | None:
    if len(site.args) < 2:
        return None
    owner, key = site.args[0], plain(site.args[1])
    if name == "hasattr":
        return Unknown(site.src)
    if not isinstance(key, str):
        if hides_member(owner, site.args[1]):
            walk.note("computed-member", site.node)
        return _any_attribute(owner, site)
    if hides_member(owner, site.args[1]):
        walk.note("rebuilt-name", site.node, key[:80])
    value = join_all([get_attribute(walk, _without_use(option), key) for option in options(owner)])
    return value if isinstance(value, Ref | Function | Class) else with_sources(value, owner.src)


def _without_use(value: Value) -> Value:
    return Ref(value.name) if value.__class__ is Ref and "(" not in value.name else value


def _any_attribute(owner: Value, site: Site) -> Value:
    if isinstance(owner, Ref) and "(" not in owner.name:
        return Ref(owner.name + ".?", site.src)
    if isinstance(owner, Instance | Class):
        methods = [item for item in owner.record.attributes.values() if isinstance(item, Function)]
        if 0 < len(methods) <= 4:
            return join_all([Function(item.record, owner) for item in methods])
    return Unknown(site.src)


@model("setattr")
def _setattr(walk: Walk, name: str, site: Site) -> Value | None:
    if len(site.args) != 3:
        return None
    owner, key, value = site.args[0], plain(site.args[1]), site.args[2]
    if isinstance(key, str) and not set_attribute(walk, owner, key, value) and isinstance(owner, Ref):
        record_use(walk, f"{owner.name}.{key}", site.node, value)
    return UNKNOWN


@model("vars")
def _vars(walk: Walk, name: str, site: Site) -> Value | None:
    return namespace_of(walk, site.args)


@model(
    "globals().get",
    "locals().get",
    "vars().get",
    "globals().__getitem__",
    "locals().__getitem__",
    "sys.modules.get",
    "sys.modules.__getitem__",
    "builtins.__dict__.get",
    "__dict__.get",
)
def _namespace_get(walk: Walk, name: str, site: Site) -> Value | None:
    return namespace_item(walk, name.rpartition(".")[0], site.args[0], site.node) if site.args else None


@model("dir().index", "dir().__getitem__")
def _index_of_name(walk: Walk, name: str, site: Site) -> Value | None:
    """`dir(x).index("name")` stands for the name: it is only used to take it out of `dir(x)` again."""
    return Result("dir().index()", site.src, site.args)


@model("type")
def _type(walk: Walk, name: str, site: Site) -> Value | None:
    """`type(value)`, and a class made of a dictionary."""
    if len(site.args) == 3 and isinstance(site.args[2], Map):
        record = ClassRecord(str(plain(site.args[0])), walk.module)
        record.bases = tuple(elements(site.args[1]) or ())
        record.attributes = {str(key): value for key, value in site.args[2].items.items()}
        return Class(record)
    argument = site.args[0] if site.args else UNKNOWN
    if isinstance(argument, Instance):
        return Class(argument.record)
    if is_textual(argument) and isinstance(argument, Const):
        return Ref(type(argument.value).__name__)
    return Unknown(site.src)


@model("super")
def _super(walk: Walk, name: str, site: Site) -> Value | None:
    owner = walk.function.owner
    if owner is None:
        return None
    for parent in owner.bases:
        if isinstance(parent, Class):
            made = Instance(parent.record)
            made.attributes = owner.shared.attributes
            return made
        if isinstance(parent, Ref):
            return Result(parent.name + "()", union(site.src, owner.shared.src), [])
    return None
