"""What the code looks like: notes made while it is evaluated, and those read off the text."""

from __future__ import annotations

from packamal.detectors.javascript.dispatch import spot_of
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.nodes import Index, Literal
from packamal.detectors.javascript.scope import Scope
from packamal.detectors.javascript.values import Ref


def add_note(m: Machine, kind: str, scope: Scope, start: int, detail: str = "") -> None:
    """Note something about the text."""
    m.record.note(kind, detail, spot_of(scope, start))


def note_rebuilt(m: Machine, node: Index, obj: object, key: object, scope: Scope) -> None:
    """A member of something outside, named by a text that was put together."""
    if isinstance(obj, Ref) and isinstance(key, str) and node.index.__class__ is not Literal:
        add_note(m, "rebuilt-name", scope, node.start, f"{obj.name}.{key}" if obj.name else key)
