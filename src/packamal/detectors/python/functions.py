"""Functions of the package: defined, summarised once with unknown parameters, evaluated again for telling arguments."""

from __future__ import annotations

import ast

from packamal.detectors.facts import MIN_TEXT
from packamal.detectors.python import limits
from packamal.detectors.python.given import note_parameter
from packamal.detectors.python.record import Site, record_texts
from packamal.detectors.python.scope import DONE, PENDING, RUNNING, FunctionNode, FunctionRecord, Scope
from packamal.detectors.python.summaries import replace_sources, substitute
from packamal.detectors.python.values import (
    NONE,
    UNKNOWN,
    Class,
    Const,
    Function,
    Instance,
    Join,
    Map,
    Param,
    Partial,
    Ref,
    Result,
    Seq,
    Sources,
    Template,
    Unknown,
    Value,
    deep_sources,
    gather,
    join,
    join_all,
    union,
    with_sources,
)
from packamal.detectors.python.walk import Walk, base, evaluate, run

_Arguments = dict[str, Value]


def define(walk: Walk, node: FunctionNode, name: str) -> FunctionRecord:
    """Make the record of a function where it is defined; its body is read later."""
    outer = [part for part in (walk.function.qualname, walk.class_name) if part]
    record = FunctionRecord(node, ".".join((*outer, name)), walk.scope, walk.module)
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    record.positional = len(positional)
    record.vararg = arguments.vararg.arg if arguments.vararg is not None else ""
    record.kwarg = arguments.kwarg.arg if arguments.kwarg is not None else ""
    record.params = tuple(argument.arg for argument in (*positional, *arguments.kwonlyargs))
    for argument, default in zip(
        positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True
    ):
        record.defaults[argument.arg] = base(walk, default)
    for argument, keyword in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword is not None:
            record.defaults[argument.arg] = base(walk, keyword)
    if not walk.is_repeat:
        walk.module.functions.append(record)
    return record


def _token(walk: Walk, record: FunctionRecord, name: str) -> int:
    token = record.tokens.get(name)
    if token is None:
        token = record.tokens[name] = walk.session.token()
    return token


def _result_token(walk: Walk, record: FunctionRecord) -> int:
    if record.result == 0:
        record.result = walk.session.token()
    return record.result


def summarise(walk: Walk, record: FunctionRecord) -> None:
    """Read a function's body once with its parameters unknown; facts are recorded, the result is kept."""
    session = walk.session
    node = record.node
    if record.state != PENDING or node is None or session.depth >= limits.MAX_CALL_DEPTH:
        return
    record.state = RUNNING
    inner = Walk(session, record.module, Scope(record.scope, record.module.scope), record)
    _bind_unknown(inner, record)
    session.depth += 1
    record.summary = _run_body(inner, node)
    session.depth -= 1
    record.state = DONE
    if record.result:
        session.link(record.result, deep_sources(record.summary))


def _bind_unknown(inner: Walk, record: FunctionRecord) -> None:
    names = inner.scope.names
    for index, name in enumerate(record.params):
        receiver = _own_receiver(record, index)
        if receiver is not None:
            names[name] = receiver
            continue
        token = _token(inner, record, name)
        note_parameter(inner, record, name, token)
        value: Value = Param(token, name)
        default = record.defaults.get(name)
        if default is not None and _is_telling(default):
            value = join(default, value)
        names[name] = value
    for extra in (record.vararg, record.kwarg):
        if extra:
            names[extra] = Param(_token(inner, record, extra), extra)


def _own_receiver(record: FunctionRecord, index: int) -> Value | None:
    if index or record.owner is None or record.kind == "staticmethod":
        return None
    return Class(record.owner) if record.kind == "classmethod" else record.owner.shared


def _run_body(inner: Walk, node: FunctionNode) -> Value:
    if isinstance(node, ast.Lambda):
        return evaluate(inner, node.body)
    run(inner, node.body)
    if not inner.is_repeat:
        record_texts(inner)
    if inner.yields:
        return Seq(inner.yields, gather(inner.yields))
    return join_all(inner.returns) if inner.returns else Const(None)


def _is_telling(value: Value) -> bool:
    """Whether evaluating a function again with this argument may tell more."""
    if isinstance(value, Const):
        return isinstance(value.value, str | bytes) and len(value.value) >= MIN_TEXT
    if isinstance(value, Seq | Map):
        return bool(value.items)
    if isinstance(value, Join):
        return any(map(_is_telling, value.options))
    if isinstance(value, Instance):
        own = value.attributes
        return own is not value.record.values and any(isinstance(item, Const | Function) for item in own.values())
    return isinstance(value, Function | Class | Template | Partial) or value.__class__ is Ref


def _is_inherited(record: FunctionRecord, arguments: _Arguments) -> bool:
    """Whether a method runs on an object of a derived class, which may define what the method calls on self."""
    receiver = arguments.get(record.params[0]) if record.owner is not None and record.params else None
    return isinstance(receiver, Instance) and receiver.record is not record.owner


def _is_constant(value: Value) -> bool:
    return isinstance(value, Const) and value.value is not None


def call_function(walk: Walk, function: Function, site: Site) -> Value:
    """Value of a call of a function of the package; its facts are recorded in its own place."""
    record = function.record
    walk.function.calls.add(record)
    arguments, extra = match(function, site)
    for name, value in arguments.items():
        _pass_callback(walk, value)
        token = record.tokens.get(name) or _token(walk, record, name)
        walk.session.bind(token, value, deep_sources(value))
    if _is_worth_inlining(walk, record, arguments, site):
        result = inline(walk, record, arguments, extra)
    else:
        summarise(walk, record)
        result = _apply_summary(walk, record, arguments)
        _apply_effects(record, arguments)
    return with_sources(result, extra) if extra else result


def _pass_callback(walk: Walk, value: Value) -> None:
    if isinstance(value, Function):
        walk.function.calls.add(value.record)


def _is_worth_inlining(walk: Walk, record: FunctionRecord, arguments: _Arguments, site: Site) -> bool:
    node = record.node
    if node is None or len(walk.inlined) >= limits.MAX_INLINE_DEPTH or walk.inlined.count(record) > 1:
        return False
    values = arguments.values()
    if isinstance(node, ast.Lambda) or walk.is_repeat:
        if len(walk.inlined) > limits.MAX_INLINE_FUNCTIONS and not isinstance(node, ast.Lambda):
            return False
        if not any(_is_telling(value) or _is_constant(value) for value in values):
            return False
        session = walk.session
        return not session.is_larger(node, limits.MAX_INLINE_SIZE) and walk.spend(session.size_of(node))
    if not any(map(_is_telling, values)) and not _is_inherited(record, arguments):
        return False
    session = walk.session
    return not session.is_larger(node, limits.MAX_INLINE_SIZE) and walk.spend_inline(session.size_of(node))


def inline(walk: Walk, record: FunctionRecord, arguments: _Arguments, extra: Sources = NONE) -> Value:
    """Evaluate a function's body with these arguments."""
    node = record.node
    if node is None:
        return UNKNOWN
    inner = Walk(walk.session, record.module, Scope(record.scope, record.module.scope), record)
    inner.is_repeat = True
    inner.inlined = (*walk.inlined, record)
    for name in record.params:
        value = arguments.get(name) or record.defaults.get(name)
        inner.scope.names[name] = value if value is not None else Unknown(extra, name)
    for rest in (record.vararg, record.kwarg):
        if rest:
            inner.scope.names[rest] = arguments.get(rest) or Unknown(extra, rest)
    walk.session.depth += 1
    result = _run_body(inner, node)
    walk.session.depth -= 1
    return result


def match(function: Function, site: Site) -> tuple[_Arguments, Sources]:
    """Bind a call's arguments to parameter names; the sources of what cannot be told apart go to all the others."""
    record = function.record
    positional = [*function.bound, *site.args]
    if function.receiver is not None and record.kind != "staticmethod":
        positional.insert(0, function.receiver)
    count = record.positional
    arguments = dict(zip(record.params[:count], positional, strict=False))
    if record.vararg:
        rest = positional[count:]
        arguments[record.vararg] = Seq(rest, _sources(rest), bool(site.extra), True)
    named = {**function.named, **site.named} if function.named else site.named
    others = {name: value for name, value in named.items() if name not in record.params}
    arguments.update((name, value) for name, value in named.items() if name in record.params)
    if record.kwarg:
        arguments[record.kwarg] = Map({**others}, _sources(list(others.values())), bool(site.extra))
    if site.extra:
        for name in record.params:
            arguments.setdefault(name, Unknown(site.extra, name))
    return arguments, site.extra


def _sources(values: list[Value]) -> Sources:
    src = NONE
    for value in values:
        src = union(src, deep_sources(value))
    return src


def _apply_summary(walk: Walk, record: FunctionRecord, arguments: _Arguments) -> Value:
    if record.state != DONE:
        return Unknown(frozenset((_result_token(walk, record),)))
    summary = record.summary
    if isinstance(summary, Const | Function | Class) and not summary.src:
        return summary
    tokens = {token: arguments.get(name) for name, token in record.tokens.items()}
    return substitute(summary, tokens)


def _apply_effects(record: FunctionRecord, arguments: _Arguments) -> None:
    for name, src in record.effects.items():
        value = arguments.get(name)
        if isinstance(value, Seq | Map | Instance | Result):
            tokens = {token: arguments.get(other) for other, token in record.tokens.items()}
            value.src = union(value.src, replace_sources(src, tokens))
