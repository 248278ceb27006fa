"""Collects the facts while code is evaluated. One place may be reached several times with different values."""

from __future__ import annotations

from typing import NamedTuple

from packamal.detectors.facts import MAX_TEXT, Arg
from packamal.detectors.javascript.module import Spot
from packamal.detectors.javascript.values import merge_sources

MAX_VARIANTS = 4
"""Calls recorded of one place with different arguments; later ones are merged into the last."""
MAX_CALLS = 40_000
"""Calls recorded of one artifact; a bundle of 4 MB makes about 20,000."""
MAX_LAYERS = 200
MAX_NOTES_OF_KIND = 20
MAX_DETAIL = 200


class CallRecord:
    """A call as far as it is known."""

    __slots__ = ("arguments", "callee", "id", "is_new", "receiver", "spot")

    def __init__(self, number: int, callee: str, arguments: tuple[Arg, ...], spot: Spot) -> None:
        self.id = number
        self.callee = callee
        self.arguments = arguments
        self.spot = spot
        self.receiver: Arg | None = None
        self.is_new = False


class UseRecord:
    """A use or a write."""

    __slots__ = ("id", "is_write", "name", "spot", "value")

    def __init__(self, number: int, name: str, spot: Spot) -> None:
        self.id = number
        self.name = name
        self.spot = spot
        self.is_write = False
        self.value: Arg | None = None


class LayerRecord(NamedTuple):
    """A layer, but for its content."""

    spot: Spot
    steps: tuple[str, ...]
    via: int


class Record:
    """Everything recorded of one artifact."""

    __slots__ = (
        "_calls", "_counts", "_next", "_uses", "assembled", "calls", "edges", "layers", "notes", "results", "uses",
    )  # fmt: skip

    def __init__(self) -> None:
        self.calls: list[CallRecord] = []
        self.uses: list[UseRecord] = []
        self.assembled: dict[tuple[int, str], tuple[str, Spot, tuple[str, ...]]] = {}
        """(unit, value) -> texts that do not stand in the source."""
        self.layers: dict[tuple[bytes, bool, str], LayerRecord] = {}
        """(content, is it run, language)"""
        self.edges: dict[tuple[str, str, int, int], Spot] = {}
        """(kind, target, unit, offset)"""
        self.results: dict[int, str] = {}
        """Text that a decoder gave, by the id of its call."""
        self.notes: list[tuple[str, str, Spot]] = []
        """(kind, detail, where)"""
        self._calls: dict[tuple[int, int, str], list[CallRecord]] = {}
        self._uses: dict[tuple[int, int, str, bool], UseRecord] = {}
        self._counts: dict[tuple[str, int], int] = {}
        self._next = 0

    def number(self) -> int:
        """A fresh fact id."""
        self._next += 1
        return self._next - 1

    def call(self, callee: str, arguments: tuple[Arg, ...], receiver: Arg | None, spot: Spot) -> CallRecord | None:
        """Record a call, or refine what was recorded of it; None past MAX_CALLS."""
        key = (id(spot.module), spot.start, callee)
        variants = self._calls.setdefault(key, [])
        for known in variants:
            if _is_compatible(known.arguments, arguments):
                _refine(known, arguments, receiver)
                return known
        if len(variants) >= MAX_VARIANTS:
            _blend(variants[-1], arguments, receiver)
            return variants[-1]
        if len(self.calls) >= MAX_CALLS:
            return None
        record = CallRecord(self.number(), callee, arguments, spot)
        record.receiver = receiver
        variants.append(record)
        self.calls.append(record)
        return record

    def gave(self, number: int | None, value: str | bytes) -> None:
        """Remember what a decoder gave; the first result stands for all of one call."""
        if number is not None and value:
            text = value if isinstance(value, str) else value[:MAX_TEXT].decode("utf-8", "replace")
            is_text = "\0" not in text and text.count("\ufffd") * 8 <= len(text)
            self.results.setdefault(number, text[:MAX_TEXT] if is_text else f"{len(value)} bytes")

    def use(self, name: str, spot: Spot, value: Arg | None = None, is_write: bool = False) -> UseRecord:
        """Record a use, once for each place."""
        key = (id(spot.module), spot.start, name, is_write)
        record = self._uses.get(key)
        if record is None:
            record = self._uses[key] = UseRecord(self.number(), name, spot)
            record.is_write = is_write
            self.uses.append(record)
        if value is not None:
            record.value = value if record.value is None else _combine(record.value, value)
        return record

    def text(self, value: str, spot: Spot, steps: tuple[str, ...] = ()) -> None:
        """Record an assembled text."""
        self.assembled.setdefault((id(spot.module), value), (value, spot, steps))

    def layer(self, content: bytes, language: str, is_executed: bool, about: LayerRecord) -> None:
        """Record a layer, each content once."""
        if len(self.layers) < MAX_LAYERS:
            self.layers.setdefault((content, is_executed, language), about)

    def edge(self, kind: str, target: str, spot: Spot) -> None:
        """Record an edge."""
        self.edges.setdefault((kind, target, id(spot.module), spot.start), spot)

    def note(self, kind: str, detail: str, spot: Spot) -> None:
        """Record a note, a bounded number of each kind."""
        key = (kind, id(spot.module))
        count = self._counts[key] = self._counts.get(key, 0) + 1
        if count <= MAX_NOTES_OF_KIND:
            self.notes.append((kind, detail[:MAX_DETAIL], spot))


def _is_compatible(known: tuple[Arg, ...], new: tuple[Arg, ...]) -> bool:
    if known == new:
        return True
    if len(known) != len(new):
        return False
    for left, right in zip(known, new, strict=True):
        if left.text != right.text and left.text is not None and right.text is not None:
            return False
        if left.ref and right.ref and left.ref != right.ref:
            return False
        if left.fields and right.fields and [key for key, _ in left.fields] != [key for key, _ in right.fields]:
            return False
        if left.fields and not _is_compatible(tuple([a for _, a in left.fields]), tuple([a for _, a in right.fields])):
            return False
    return True


def _refine(record: CallRecord, arguments: tuple[Arg, ...], receiver: Arg | None) -> None:
    if record.arguments != arguments:
        record.arguments = tuple(
            [_combine(left, right) for left, right in zip(record.arguments, arguments, strict=True)]
        )
    if receiver is not None:
        record.receiver = receiver if record.receiver is None else _combine(record.receiver, receiver)


def _blend(record: CallRecord, arguments: tuple[Arg, ...], receiver: Arg | None) -> None:
    """Only the sources of what cannot be told apart any more."""
    merged = list(record.arguments)
    for at, argument in enumerate(arguments[: len(merged)]):
        merged[at] = merged[at]._replace(sources=merge_sources((merged[at].sources, argument.sources)))
    record.arguments = tuple(merged)


def _combine(left: Arg, right: Arg) -> Arg:
    if left == right:
        return left
    fields = left.fields
    if right.fields:
        if not left.fields:
            fields = right.fields
        elif len(left.fields) == len(right.fields):
            fields = tuple([(a[0], _combine(a[1], b[1])) for a, b in zip(left.fields, right.fields, strict=True)])
    best, other = (left, right) if left.is_const or (left.text is not None and not right.is_const) else (right, left)
    is_const = best.is_const and (other.is_const or not other.sources)
    return Arg(
        best.text if is_const or best.text else other.text,
        best.const if is_const else None,
        is_const,
        left.ref or right.ref,
        merge_sources((left.sources, right.sources)),
        left.steps or right.steps,
        fields,
    )
