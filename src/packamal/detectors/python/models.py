"""The table of library calls whose result is known better than `whatever its arguments were`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from packamal.detectors.python.record import Site
from packamal.detectors.python.values import Value
from packamal.detectors.python.walk import Walk

Model = Callable[[Walk, str, Site], Value | None]
"""Gets the canonical callee; None leaves the result to the general rule."""

MODELS: Final[dict[str, Model]] = {}
"""Canonical callee -> model."""
METHODS: Final[dict[str, Model]] = {}
"""Last part of a callee on a result or on something unknown -> model, where MODELS has nothing."""
_SILENT_WORDS: Final = (
    "len isinstance issubclass range enumerate zip hasattr super min max abs id hash callable iter next "
    "any all bool float int list tuple set frozenset sorted repr property staticmethod classmethod object "
    "ord sum round divmod pow slice reversed format print dict str bytes bytearray memoryview complex hex "
    "oct bin ascii long basestring Exception ValueError TypeError KeyError IndexError RuntimeError "
    "NotImplementedError AttributeError OSError IOError ImportError AssertionError StopIteration "
    "LookupError ArithmeticError UnicodeDecodeError SystemExit KeyboardInterrupt FileNotFoundError "
    "PermissionError TimeoutError ConnectionError Warning DeprecationWarning UserWarning "
    "ZeroDivisionError OverflowError NameError SyntaxError EOFError BaseException typing.cast "
    "typing.TypeVar typing.NewType collections.namedtuple typing.NamedTuple dataclasses.field "
    "functools.partial functools.wraps operator.itemgetter operator.attrgetter "
)
SILENT: Final = frozenset(_SILENT_WORDS.split())
"""Callees that say nothing by themselves: no Call fact, the value passes through."""


def model(*names: str) -> Callable[[Model], Model]:
    """Register a model under canonical names; `?.name` means a method on anything."""

    def register(function: Model) -> Model:
        for name in names:
            if name.startswith("?."):
                METHODS[name[2:]] = function
            else:
                MODELS[name] = function
        return function

    return register
