"""Evaluation of expressions but calls."""

from __future__ import annotations

from packamal.detectors.javascript.arguments import CONTAINERS, NOTABLE, consume, sources_of
from packamal.detectors.javascript.branches import maybe
from packamal.detectors.javascript.coerce import kind_of, to_number, truth
from packamal.detectors.javascript.dispatch import evaluate, evaluates
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.names import GLOBAL, SELVES
from packamal.detectors.javascript.nodes import (
    UNDEFINED,
    ArrayLiteral,
    Assign,
    Binary,
    ClassNode,
    Conditional,
    Function,
    Index,
    Literal,
    Logical,
    Member,
    Name,
    Node,
    ObjectLiteral,
    Pattern,
    Sequence,
    Spread,
    Super,
    This,
    Unary,
    Update,
    Yield,
)
from packamal.detectors.javascript.objects import make_class
from packamal.detectors.javascript.operators import add, negate, operate
from packamal.detectors.javascript.patterns import Into, bind
from packamal.detectors.javascript.references import reference
from packamal.detectors.javascript.scope import MISSING, Condition, Scope, find
from packamal.detectors.javascript.sums import add_texts
from packamal.detectors.javascript.values import (
    CONSTANT_TYPES,
    UNKNOWN,
    Accessor,
    ArrayValue,
    Closure,
    Join,
    ObjectValue,
    Opaque,
    Ref,
    RegexValue,
    join,
    merge_sources,
)


@evaluates(Literal)
def _literal(m: Machine, node: Literal, scope: Scope) -> object:
    return node.value


@evaluates(Name)
def _name(m: Machine, node: Name, scope: Scope) -> object:
    name = node.name
    value = find(scope, name)
    if value is not MISSING:
        return value
    return global_name(m, name, scope)


def global_name(m: Machine, name: str, scope: Scope) -> object:
    """What a name means that no scope holds."""
    if name in m.global_names:
        return m.global_names[name]
    if name in SELVES:
        return GLOBAL
    if name == "arguments" and scope.frame.arguments is not None:
        return ArrayValue(scope.frame.arguments, 0)
    if name == "NaN":
        return float("nan")
    if name == "Infinity":
        return float("inf")
    return Ref(name)


@evaluates(This)
def _this(m: Machine, node: This, scope: Scope) -> object:
    return scope.frame.this


@evaluates(Super)
def _super(m: Machine, node: Super, scope: Scope) -> object:
    return UNKNOWN


@evaluates(Pattern)
def _pattern(m: Machine, node: Pattern, scope: Scope) -> object:
    return RegexValue(node.pattern, node.flags)


@evaluates(Function)
def _function(m: Machine, node: Function, scope: Scope) -> object:
    closure = make_closure(m, node, scope)
    if node.name and not node.is_arrow:
        inner = closure.scope = Scope(scope, scope.frame, m.level, False)
        inner.names[node.name] = closure
    return closure


def make_closure(m: Machine, node: Function, scope: Scope) -> Closure:
    """A function value; it waits to be called."""
    closure = Closure(node, scope, scope.frame.this if node.is_arrow else UNDEFINED)
    if node.runs == 0:
        m.pending.append(closure)
    return closure


@evaluates(ClassNode)
def _class(m: Machine, node: ClassNode, scope: Scope) -> object:
    return make_class(m, node, scope)


@evaluates(ArrayLiteral)
def _array(m: Machine, node: ArrayLiteral, scope: Scope) -> object:
    items: list[object] = []
    array = ArrayValue(items, m.level)
    for item in node.items:
        if item.__class__ is Literal:
            items.append(item.value)
        elif isinstance(item, Spread):
            spread_into(m, array, evaluate(m, item.value, scope), scope, node.start)
        else:
            items.append(evaluate(m, item, scope))
    return array


def spread_into(m: Machine, array: ArrayValue, value: object, scope: Scope, start: int) -> None:
    """`...value` at the end of an array."""
    if isinstance(value, ArrayValue):
        array.items += value.items
        array.is_open = array.is_open or value.is_open
        array.sources = merge_sources((array.sources, value.sources))
    elif isinstance(value, str):
        array.items += list(value)
    else:
        array.is_open = True
        array.sources = merge_sources((array.sources, sources_of(m, consume(m, value, scope, start))))


@evaluates(ObjectLiteral)
def _object(m: Machine, node: ObjectLiteral, scope: Scope) -> object:
    fields: dict[str, object] = {}
    made = ObjectValue(fields, m.level)
    for entry in node.properties:
        if entry.kind == "spread":
            _spread_object(m, made, evaluate(m, entry.value, scope), scope, node.start)
            continue
        key = entry.key if isinstance(entry.key, str) else evaluate(m, entry.key, scope)
        value = evaluate(m, entry.value, scope)
        name = key if isinstance(key, str) else _property_name(key)
        if name is None:
            made.is_open = True
            made.sources = merge_sources((made.sources, sources_of(m, value)))
        elif entry.kind == "init":
            fields[name] = value
        else:
            known = fields.get(name)
            accessor = fields[name] = known if isinstance(known, Accessor) else Accessor(UNDEFINED, UNDEFINED)
            setattr(accessor, entry.kind, value)
    return made


def _property_name(key: object) -> str | None:
    from_number = key.__class__ in CONSTANT_TYPES and key is not UNDEFINED
    return str(key) if from_number else None


def _spread_object(m: Machine, made: ObjectValue, value: object, scope: Scope, start: int) -> None:
    if isinstance(value, ObjectValue):
        made.fields.update(value.fields)
        made.is_open = made.is_open or value.is_open
        made.sources = merge_sources((made.sources, value.sources))
    elif isinstance(value, Closure):
        return
    else:
        made.is_open = True
        made.sources = merge_sources((made.sources, sources_of(m, consume(m, value, scope, start))))


@evaluates(Member, Index)
def _member(m: Machine, node: Member | Index, scope: Scope) -> object:
    value = reference(m, node, scope)
    if value.__class__ is Ref and value.name not in CONTAINERS:
        root, dot, _ = value.name.partition(".")
        if dot and root in NOTABLE:
            return consume(m, value, scope, node.start)
    return value


@evaluates(Unary)
def _unary(m: Machine, node: Unary, scope: Scope) -> object:
    operator = node.operator
    if operator == "typeof":
        kind = kind_of(reference(m, node.operand, scope))
        return UNKNOWN if kind is None else kind
    if operator == "delete":
        reference(m, node.operand, scope)
        return True
    value = evaluate(m, node.operand, scope)
    if operator == "void":
        return UNDEFINED
    known = negate(operator, value)
    return known if known is not UNKNOWN else _made_of(m, (value,))


def _made_of(m: Machine, values: tuple[object, ...]) -> object:
    sources = merge_sources([sources_of(m, value, 2) for value in values])
    return Opaque(sources) if sources else UNKNOWN


@evaluates(Update)
def _update(m: Machine, node: Update, scope: Scope) -> object:
    old = evaluate(m, node.target, scope)
    number = to_number(old)
    new: object = UNKNOWN
    if number is not None:
        new = add(number, 1) if node.operator == "+" else operate("-", number, 1)
    bind(m, node.target, new, Into(scope, "set"))
    if node.is_prefix:
        return new
    return number if number is not None else UNKNOWN


@evaluates(Binary)
def _binary(m: Machine, node: Binary, scope: Scope) -> object:
    left = evaluate(m, node.left, scope)
    right = evaluate(m, node.right, scope)
    known = operate(node.operator, left, right)
    if known is not UNKNOWN:
        return known
    start = node.start
    return _made_of(m, (consume(m, left, scope, start), consume(m, right, scope, start)))


@evaluates(Logical)
def _logical(m: Machine, node: Logical, scope: Scope) -> object:
    left = evaluate(m, node.left, scope)
    operator = node.operator
    if operator == "??":
        known = None if isinstance(left, Opaque | Ref | Join) else left is None or left is UNDEFINED
    else:
        known = truth(left)
        if known is not None and operator == "||":
            known = not known
    if known is False:
        return left
    if known is True:
        return evaluate(m, node.right, scope)
    right = _conditioned(m, node.right, scope, Condition(node.start, node.end, operator == "||"))
    if operator == "&&":
        return right if right.__class__ not in {bool} else join(left, right)
    return join(left, right)


def _conditioned(m: Machine, node: Node, scope: Scope, condition: Condition) -> object:
    """Evaluate what may not be evaluated."""
    if node.__class__ is Literal or node.__class__ is Name:
        return evaluate(m, node, scope)
    frame = scope.frame
    outer, frame.condition = frame.condition, condition
    value: object = UNKNOWN

    def run() -> None:
        nonlocal value
        value = evaluate(m, node, scope)

    maybe(m, run)
    frame.condition = outer
    return value


@evaluates(Conditional)
def _conditional(m: Machine, node: Conditional, scope: Scope) -> object:
    test = consume(m, evaluate(m, node.test, scope), scope, node.start)
    known = truth(test)
    if known is not None:
        return evaluate(m, node.yes if known else node.no, scope)
    yes = _conditioned(m, node.yes, scope, Condition(node.start, node.end))
    no = _conditioned(m, node.no, scope, Condition(node.start, node.end, True))
    return join(yes, no)


@evaluates(Assign)
def _assign(m: Machine, node: Assign, scope: Scope) -> object:
    operator = node.operator
    value = evaluate(m, node.value, scope) if not operator else _augmented(m, node, scope, operator)
    bind(m, node.target, value, Into(scope, "set"))
    return value


def _augmented(m: Machine, node: Assign, scope: Scope, operator: str) -> object:
    old = evaluate(m, node.target, scope)
    if operator in {"||", "??", "&&"}:
        known = truth(old)
        if operator == "||" and known is True:
            return old
        return join(old, _conditioned(m, node.value, scope, scope.frame.condition or Condition(node.start, node.start)))
    right = evaluate(m, node.value, scope)
    if operator == "+":
        return add_texts(m, [(old, node.target), (right, node.value)], scope, node.start)
    known_value = operate(operator, old, right)
    return known_value if known_value is not UNKNOWN else _made_of(m, (old, right))


@evaluates(Sequence)
def _sequence(m: Machine, node: Sequence, scope: Scope) -> object:
    value: object = UNDEFINED
    for item in node.items:
        value = evaluate(m, item, scope)
    return UNKNOWN if node.is_markup else value


@evaluates(Yield)
def _yield(m: Machine, node: Yield, scope: Scope) -> object:
    value = evaluate(m, node.value, scope)
    scope.frame.returns.append(value)
    return value


@evaluates(Spread)
def _spread(m: Machine, node: Spread, scope: Scope) -> object:
    return evaluate(m, node.value, scope)
