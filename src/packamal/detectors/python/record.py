"""Facts as the walker meets them: calls, uses, texts, edges; repeated nodes do not multiply them."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from packamal.detectors.facts import MIN_TEXT, Arg
from packamal.detectors.python import limits
from packamal.detectors.python.arguments import receiver_arg, record_text, text_of, to_arg
from packamal.detectors.python.session import RawCall, RawText, RawUse, Spot
from packamal.detectors.python.values import (
    NONE,
    Const,
    Join,
    Param,
    Seq,
    Sources,
    Template,
    Value,
    union,
)
from packamal.detectors.python.walk import Walk


class Site:
    """A call as it stands: the arguments that are passed, and the value whose method is called."""

    __slots__ = ("args", "extra", "fact", "named", "node", "owner", "src")

    def __init__(
        self,
        node: ast.AST,
        args: list[Value],
        named: dict[str, Value] | None = None,
        owner: Value | None = None,
        extra: Sources = NONE,
    ) -> None:
        self.node = node
        self.args = args
        self.named = {} if named is None else named
        self.owner = owner
        self.extra = extra
        """Sources of `*args` and `**named` of unknown length."""
        self.fact = -1
        """Id of the Call fact, once recorded."""
        self.src: Sources = NONE
        """Everything the result may come from."""

    def argument(self, position: int, name: str = "") -> Value | None:
        """The argument at a position or under a keyword."""
        if 0 <= position < len(self.args):
            return self.args[position]
        return self.named.get(name) if name else None


def record_call(walk: Walk, callee: str, site: Site) -> None:
    """Record a Call fact, or find the one that already says the same; sets the site's fact and sources."""
    session = walk.session
    spot = walk.spot(site.node)
    args = [to_arg(walk, value, spot) for value in site.args]
    named = [(name, to_arg(walk, value, spot)) for name, value in site.named.items()]
    if site.extra:
        named.append(("*", Arg(sources=site.extra)))
    receiver = None if site.owner is None else receiver_arg(walk, site.owner, spot)
    src = NONE
    for arg in args:
        if arg.sources:
            src = union(src, arg.sources)
    for _, arg in named:
        if arg.sources:
            src = union(src, arg.sources)
    if receiver is not None:
        src = union(src, receiver.sources)
    known = session.memo.get(site.node)
    if known is None:
        known = session.memo[site.node] = []
    else:
        twin = _twin(known, callee, args, named)
        if twin is not None:
            _absorb(twin, args, named, receiver)
            site.fact = twin.id
            site.src = union(frozenset((twin.id,)), src)
            return
    raw = RawCall(session.fact(), callee, spot)
    raw.args, raw.named, raw.receiver = args, named, receiver
    raw.pending = _pending(site)
    session.calls.append(raw)
    known.append(raw)
    site.fact = raw.id
    site.src = union(frozenset((raw.id,)), src)


def _pending(site: Site) -> list[tuple[str, Value]]:
    """Arguments whose text may become known when all calls of the function are."""
    pending = [(str(index), value) for index, value in enumerate(site.args) if _depends(value)]
    pending += [(name, value) for name, value in site.named.items() if _depends(value)]
    return pending


def _depends(value: Value) -> bool:
    if isinstance(value, Param):
        return True
    if isinstance(value, Template):
        return any(isinstance(part, Param) for part in value.parts)
    if isinstance(value, Seq):
        return any(isinstance(item, Param | Template) and _depends(item) for item in value.items[:16])
    return isinstance(value, Join) and any(map(_depends, value.options))


def _twin(known: Sequence[RawCall], callee: str, args: list[Arg], named: list[tuple[str, Arg]]) -> RawCall | None:
    texts = [(arg.text, arg.ref) for arg in args] + [(arg.text, arg.ref) for _, arg in named]
    for raw in known:
        if raw.callee != callee:
            continue
        there = [(arg.text, arg.ref) for arg in raw.args] + [(arg.text, arg.ref) for _, arg in raw.named]
        if there == texts or (len(there) == len(texts) and all(map(_says_no_more, texts, there))):
            return raw
    if len(known) >= limits.MAX_VARIANTS:
        return known[-1]
    return None


def _says_no_more(new: tuple[str | None, str], old: tuple[str | None, str]) -> bool:
    return new == old or (new[0] is None and not new[1])


def _absorb(raw: RawCall, args: list[Arg], named: list[tuple[str, Arg]], receiver: Arg | None) -> None:
    """Add sources to a call that is recorded already."""
    for index, (old, new) in enumerate(zip(raw.args, args, strict=False)):
        if not new.sources <= old.sources:
            raw.args[index] = old._replace(sources=union(old.sources, new.sources))
    for index, ((name, old), (_, new)) in enumerate(zip(raw.named, named, strict=False)):
        if not new.sources <= old.sources:
            raw.named[index] = (name, old._replace(sources=union(old.sources, new.sources)))
    if receiver is not None and raw.receiver is not None and not receiver.sources <= raw.receiver.sources:
        raw.receiver = raw.receiver._replace(sources=union(raw.receiver.sources, receiver.sources))


def record_use(walk: Walk, name: str, node: ast.AST, value: Value | None = None) -> int:
    """Record the read of a canonical attribute, or the write of `value` to it."""
    session = walk.session
    spot = walk.spot(node)
    arg = None if value is None else to_arg(walk, value, spot)
    number = session.fact()
    session.uses.append(RawUse(number, name, spot, arg))
    return number


def literal(walk: Walk, node: ast.Constant) -> Const:
    """Value of a constant in the source; texts become Text facts."""
    value = node.value
    if value.__class__ is str or value.__class__ is bytes:
        if len(value) >= MIN_TEXT:
            return _text(walk, node, value)
    elif value is Ellipsis:
        return Const(None)
    return Const(value)


def _text(walk: Walk, node: ast.Constant, value: object) -> Const:
    session = walk.session
    known = session.text_memo.get(node)
    if known is not None:
        return known
    number = session.text_fact()
    session.texts.append(RawText(number, text_of(value), walk.spot(node), False, ()))
    constant = Const(value, frozenset((number,)))
    constant.fact = number
    session.text_memo[node] = constant
    return constant


def record_texts(walk: Walk) -> None:
    """Record the assembled texts that names of a scope hold at its end."""
    for value in walk.scope.names.values():
        if isinstance(value, Const) and value.is_assembled and value.fact < 0:
            record_text(walk, value, Spot(walk.module, _line_of(walk), walk.function, None))


def _line_of(walk: Walk) -> int:
    node = walk.function.node
    return 1 if node is None else node.lineno


def record_edge(walk: Walk, kind: str, target: str, node: ast.AST) -> None:
    """Record that another unit is imported, started, run or read."""
    key = (kind, target, walk.module)
    edges = walk.session.edges
    if target and (key not in edges or not edges[key].function.is_root):
        edges[key] = walk.spot(node)
