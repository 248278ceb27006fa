"""Walking over the tree that is evaluated, without knowing its kinds."""

from __future__ import annotations

from collections.abc import Iterator

from packamal.detectors.javascript.nodes import Function, Node

_PARTS = ("assigned",)


def walk(root: Node) -> Iterator[Node]:
    """Every node below and with `root`, in no particular order."""
    stack: list[object] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Node):
            yield node
            stack.extend(getattr(node, name) for name in _slots(node))
        elif isinstance(node, list | tuple):
            stack.extend(node)


def _slots(node: Node) -> tuple[str, ...]:
    if isinstance(node, Function):
        return ("parameters", "body")
    names: list[str] = []
    for kind in type(node).__mro__:
        slots = getattr(kind, "__slots__", ())
        names += [slots] if isinstance(slots, str) else slots
    return tuple([name for name in names if name not in _PARTS])
