"""Evaluation of statements but loops."""

from __future__ import annotations

from packamal.detectors.javascript.arguments import consume
from packamal.detectors.javascript.branches import choose, look_at, maybe
from packamal.detectors.javascript.coerce import truth
from packamal.detectors.javascript.dispatch import (
    MAYBE,
    RETURN,
    THROW,
    Completion,
    evaluate,
    execute,
    executes,
    run_list,
)
from packamal.detectors.javascript.evaluate_expressions import make_closure
from packamal.detectors.javascript.machine import JsThrow, Machine
from packamal.detectors.javascript.nodes import UNDEFINED, ClassNode, FunctionDeclaration, Literal, Node
from packamal.detectors.javascript.objects import make_class
from packamal.detectors.javascript.operators import strictly_equal
from packamal.detectors.javascript.patterns import Into, bind, define
from packamal.detectors.javascript.scope import Condition, Scope
from packamal.detectors.javascript.statements import (
    Block,
    Declare,
    If,
    Jump,
    Labeled,
    Return,
    Switch,
    Throw,
    Try,
)
from packamal.detectors.javascript.texts import keep_assembled
from packamal.detectors.javascript.values import UNKNOWN, ArrayValue

_AWAIT = 4
"""What TypeScript's compiled generators return before a value they wait for."""


@executes(Literal)
def _literal(m: Machine, node: Literal, scope: Scope) -> Completion | None:
    return None


@executes(FunctionDeclaration)
def _function(m: Machine, node: FunctionDeclaration, scope: Scope) -> Completion | None:
    define(m, scope, node.function.name, make_closure(m, node.function, scope))
    return None


@executes(ClassNode)
def _class(m: Machine, node: ClassNode, scope: Scope) -> Completion | None:
    value = make_class(m, node, scope)
    if node.name and node.is_statement:
        define(m, scope, node.name, value)
    return None


@executes(Declare)
def _declare(m: Machine, node: Declare, scope: Scope) -> Completion | None:
    how = "var" if node.is_var else "let"
    for target, initial in node.targets:
        if initial is None:
            if not node.is_var:
                bind(m, target, UNDEFINED, Into(scope, how))
            continue
        value = evaluate(m, initial, scope)
        if value.__class__ is str and initial.__class__ is not Literal:
            keep_assembled(m, value, scope, node.start)
        bind(m, target, value, Into(scope, how))
    return None


@executes(Return)
def _return(m: Machine, node: Return, scope: Scope) -> Completion | None:
    value = evaluate(m, node.value, scope) if node.value is not None else UNDEFINED
    if m.awaited and isinstance(value, ArrayValue) and len(value.items) == 2 and value.items[0] == _AWAIT:
        m.awaited[-1] = value.items[1]
    if not m.dry or scope.level >= m.level:
        scope.frame.returns.append(value)
    return RETURN


@executes(Throw)
def _throw(m: Machine, node: Throw, scope: Scope) -> Completion | None:
    value = evaluate(m, node.value, scope) if node.value is not None else UNDEFINED
    if m.concrete:
        raise JsThrow(value)
    return THROW


@executes(Jump)
def _jump(m: Machine, node: Jump, scope: Scope) -> Completion | None:
    return Completion(node.is_break, node.label)


@executes(Block)
def _block(m: Machine, node: Block, scope: Scope) -> Completion | None:
    return run_list(m, node.body, Scope(scope, scope.frame, m.level, False) if node.is_scope else scope)


@executes(Labeled)
def _labeled(m: Machine, node: Labeled, scope: Scope) -> Completion | None:
    completion = execute(m, node.body, scope)
    if completion is not None and completion.label == node.label:
        return None
    return completion


@executes(If)
def _if(m: Machine, node: If, scope: Scope) -> Completion | None:
    test = consume(m, evaluate(m, node.test, scope), scope, node.start)
    known = truth(test)
    if known is None:
        yes = Condition(node.start, node.end)
        no = Condition(node.start, node.end, True)
        return choose(m, (lambda: under(m, node.yes, scope, yes), lambda: under(m, node.no, scope, no)))
    taken, other = (node.yes, node.no) if known else (node.no, node.yes)
    completion = execute(m, taken, scope) if taken is not None else None
    if not node.was_dry and not m.concrete and other is not None:
        node.was_dry = True
        look_at(m, lambda: under(m, other, scope, Condition(node.start, node.end, not known)))
    return completion


def under(m: Machine, node: Node | None, scope: Scope, condition: Condition) -> Completion | None:
    """Run a statement that hangs on a condition."""
    if node is None:
        return None
    frame = scope.frame
    outer, frame.condition = frame.condition, condition
    m.steps += 1
    try:
        return execute(m, node, scope)
    finally:
        frame.condition = outer


@executes(Try)
def _try(m: Machine, node: Try, scope: Scope) -> Completion | None:
    completion: Completion | None
    try:
        completion = execute(m, node.body, scope)
    except JsThrow as thrown:
        completion = _handle(m, node, thrown.value, scope)
    else:
        completion = _after(m, node, completion, scope)
    if node.final is not None:
        last = execute(m, node.final, scope)
        if last is not None and last is not MAYBE:
            return last
    return completion


def _after(m: Machine, node: Try, completion: Completion | None, scope: Scope) -> Completion | None:
    """The handler may run, unless every value is known and nothing was thrown."""
    if node.handler is None or m.concrete:
        return completion
    if completion is THROW:
        return _handle(m, node, UNKNOWN, scope)
    handled = maybe(m, lambda: _handle(m, node, UNKNOWN, scope))
    if completion is None:
        return handled
    return completion if handled is not None and handled is not MAYBE else MAYBE


def _handle(m: Machine, node: Try, value: object, scope: Scope) -> Completion | None:
    if node.handler is None:
        return None
    inner = Scope(scope, scope.frame, m.level, False)
    if node.parameter is not None:
        bind(m, node.parameter, value, Into(inner, "let"))
    return execute(m, node.handler, inner)


@executes(Switch)
def _switch(m: Machine, node: Switch, scope: Scope) -> Completion | None:
    value = consume(m, evaluate(m, node.value, scope), scope, node.start)
    inner = Scope(scope, scope.frame, m.level, False)
    first = _matching(m, node, value, inner)
    if first is None:
        return _any_case(m, node, inner)
    for case in node.cases[first:]:
        completion = run_list(m, case.body, inner)
        if completion is not None:
            return None if completion.is_break and not completion.label else completion
    return None


def _matching(m: Machine, node: Switch, value: object, scope: Scope) -> int | None:
    """Position of the case that is taken; past the end for none; None when it cannot be told."""
    for at, case in enumerate(node.cases):
        if case.test is not None:
            same = strictly_equal(value, evaluate(m, case.test, scope))
            if same is None:
                return None
            if same:
                return at
    return next((at for at, case in enumerate(node.cases) if case.test is None), len(node.cases))


def _any_case(m: Machine, node: Switch, scope: Scope) -> Completion | None:
    condition = Condition(node.start, node.end)

    def run(body: list[Node]) -> Completion | None:
        frame = scope.frame
        outer, frame.condition = frame.condition, condition
        completion = run_list(m, body, scope)
        frame.condition = outer
        return None if completion is not None and completion.is_break and not completion.label else completion

    ways = [lambda body=case.body: run(body) for case in node.cases]
    has_default = any(case.test is None for case in node.cases)
    return choose(m, ways if has_default else [*ways, lambda: None]) if ways else None
