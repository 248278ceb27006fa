"""The state of one evaluation: budgets, uncertainty, what was recorded, what still has to run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from packamal.detectors.javascript.nodes import Function
from packamal.detectors.javascript.record import Record
from packamal.detectors.javascript.scope import Change, Frame
from packamal.detectors.javascript.values import NO_SOURCES, UNKNOWN, ArrayValue, Closure, Ref

if TYPE_CHECKING:
    from packamal.detectors.javascript.dispatch import Invocation
    from packamal.detectors.javascript.module import Module, Spot

BASE_STEPS = 15_000
"""Statements and calls evaluated in any artifact."""
UNIT_STEPS = 1_500
"""And for each unit."""
STEPS_PER_NODE = 0.25
"""And for each node of its tree: looking at every function once takes about a sixth."""
MAX_UNIT_STEPS = 25_000
"""But never more for one unit, what a tree of some 300 kB gets: a bundle holds more code, not more to find."""
LOOP_STEPS = 60_000
"""Statements of loops and calls run with known values, in one unit; some 0.7 s."""
LEAST_LOOP_STEPS = 4_000
LOOP_STEPS_PER_BYTE = 10
"""What is decoded stands in the unit: small ones get so many for each byte, so that a benchmark's loop ends soon."""
HIDDEN_LOOP_STEPS = 1_500_000
"""The same in a unit that hides what it does, where they are decoders."""
BUNDLE_LOOP_STEPS = 15_000
"""The same in a bundle that hides nothing: libraries fill tables when they are loaded, and decode nothing."""
MAX_CALL_DEPTH = 32
"""Functions entered one inside the other."""
MAX_STACK = 2_500
"""Nodes entered one inside the other, over all of them."""


class JsThrow(Exception):
    """An exception of the evaluated code, where its values are known well enough to raise it."""

    def __init__(self, value: object) -> None:
        super().__init__("thrown")
        self.value = value


class Origin(NamedTuple):
    """How a constant came about."""

    steps: tuple[str, ...]
    sources: frozenset[int]


NO_ORIGIN = Origin((), NO_SOURCES)


class Machine:
    """One evaluation of the units of one artifact."""

    __slots__ = (
        "awaited", "callbacks", "codes", "concrete", "decoded_at", "decoded_further", "decoders", "depth", "dry",
        "epoch", "files", "global_names", "level", "limit", "load", "log", "loop_steps", "module_names", "origins",
        "parts", "pending", "read_file", "record", "run_inline", "steps", "tables",
    )  # fmt: skip

    def __init__(self) -> None:
        self.record = Record()
        self.steps = 0
        self.limit: float = BASE_STEPS
        self.loop_steps = LOOP_STEPS
        self.depth = 0
        self.log: list[Change] | None = None
        """Assignments since the innermost branch that may not be taken."""
        self.level = 0
        """How many such branches evaluation is in."""
        self.concrete = 0
        """How many loops are run turn by turn around here."""
        self.dry = 0
        """Inside code that is only looked at: nothing it does may last."""
        self.origins: dict[object, Origin] = {}
        """Constants that were decoded or read, by value."""
        self.decoded_at: dict[object, Spot] = {}
        """Where constants were decoded."""
        self.decoded_further: set[object] = set()
        """Constants that were decoded once more."""
        self.decoders: dict[Function, tuple[Module, set[int], set[str]]] = {}
        """Functions that gave a text for a number -> where they are called, and what they gave."""
        self.tables: dict[ArrayValue, tuple[Module, int, set[int]]] = {}
        """Arrays of texts read by number -> (unit, where first, where)."""
        self.files: dict[object, str] = {}
        """Constants that are the content of a file of the package."""
        self.global_names: dict[str, object] = {}
        self.module_names: set[str] = set()
        self.parts = 0
        """How many more parts of the argument being shown are shown."""
        self.pending: list[Closure] = []
        """Functions made and not run yet."""
        self.callbacks: list[tuple[bool, Callable[[], None]]] = []
        """Callbacks that run once the top level of the unit has ended: (comes after the others, run)."""
        self.codes = 0
        """Characters made of codes so far."""
        self.epoch = 0
        """Counts assignments to names of outer functions."""
        self.awaited: list[object] = []
        """Last value awaited in each compiled generator that is being run."""
        self.load: Callable[[str, Frame, int], object] = lambda specifier, frame, start: Ref(specifier)
        """Gives a module's exports (modules.py)."""
        self.read_file: Callable[[str, Frame], bytes | None] = lambda target, frame: None
        """Gives the content of a file of the package (modules.py)."""
        self.run_inline: Callable[[str, Invocation], object] = lambda code, inv: UNKNOWN
        """Evaluates short code where it stands (modules.py)."""

    @property
    def is_spent(self) -> bool:
        """True when no more than the first look at every function is affordable."""
        return self.steps > self.limit

    def origin(self, value: object) -> Origin:
        """How a constant came about."""
        if not self.origins or value.__class__ not in {str, bytes}:
            return NO_ORIGIN
        return self.origins.get(value, NO_ORIGIN)

    def set_origin(self, value: object, steps: tuple[str, ...], sources: frozenset[int]) -> None:
        """Remember how a constant came about; short ones are everywhere and prove nothing."""
        if value.__class__ in {str, bytes} and len(value) >= _SHORTEST and (steps or sources):
            known = self.origins.get(value)
            if known is not None:
                steps, sources = known.steps or steps, known.sources | sources
            self.origins[value] = Origin(steps, sources)

    def may_run(self, function: Function) -> bool:
        """Whether a function may be evaluated once more."""
        limit = _RUNS_SMALL if function.size <= _SMALL else _RUNS_MEDIUM if function.size <= _MEDIUM else _RUNS_LARGE
        return function.runs < limit


_SHORTEST = 4
_SMALL, _MEDIUM = 80, 500
_RUNS_SMALL, _RUNS_MEDIUM, _RUNS_LARGE = 40, 10, 3
"""A function is evaluated anew for its callers, small ones more often; past that its callers share what is known."""
