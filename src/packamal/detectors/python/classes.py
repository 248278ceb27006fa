"""Classes of the package and their objects: what methods store on self is joined over all objects of a class."""

from __future__ import annotations

import ast

from packamal.detectors.python.functions import call_function, summarise
from packamal.detectors.python.names import member
from packamal.detectors.python.record import Site, record_call
from packamal.detectors.python.scope import ClassRecord, Scope
from packamal.detectors.python.values import (
    NONE,
    UNKNOWN,
    Class,
    Const,
    Function,
    Instance,
    Ref,
    Sources,
    Unknown,
    Value,
    deep_sources,
    is_none,
    join,
    union,
    with_sources,
)
from packamal.detectors.python.walk import Walk, base, run

_MAX_BASES = 8


def define_class(walk: Walk, node: ast.ClassDef) -> Class:
    """Read a class body; its attributes and methods are kept by name."""
    inside = f"{walk.class_name}.{node.name}" if walk.class_name else node.name
    outer = walk.function.qualname
    record = ClassRecord(f"{outer}.{inside}" if outer else inside, walk.module)
    record.bases = tuple(base(walk, parent) for parent in node.bases[:_MAX_BASES])
    for keyword in node.keywords:
        base(walk, keyword.value)
    inner = Walk(walk.session, walk.module, Scope(walk.scope, walk.module.scope), walk.function)
    inner.is_repeat, inner.inlined, inner.condition = walk.is_repeat, walk.inlined, walk.condition
    inner.class_name = inside
    record.attributes = inner.scope.names
    run(inner, node.body)
    for value in record.attributes.values():
        if isinstance(value, Function) and value.record.owner is None:
            _adopt(record, value)
    return Class(record)


def _adopt(record: ClassRecord, value: Function) -> None:
    """A function defined in a class body becomes its method; its names do not see the body's."""
    function = value.record
    function.owner = record
    if function.scope.names is record.attributes and function.scope.parent is not None:
        function.scope = function.scope.parent


def find(record: ClassRecord, name: str, depth: int = 0) -> Value | None:
    """A class attribute or method, looked up through the bases the package defines."""
    value = record.attributes.get(name)
    if value is not None or depth > _MAX_BASES:
        return value
    for parent in record.bases:
        if isinstance(parent, Class):
            value = find(parent.record, name, depth + 1)
            if value is not None:
                return value
    return None


def foreign_base(record: ClassRecord, depth: int = 0) -> str:
    """Canonical name of the first base that the package does not define; empty when there is none."""
    for parent in record.bases:
        if isinstance(parent, Ref) and parent.name not in ("object", "abc.ABC", "typing.Generic"):
            return parent.name
        if isinstance(parent, Class) and depth < _MAX_BASES:
            name = foreign_base(parent.record, depth + 1)
            if name:
                return name
    return ""


def prepare(walk: Walk, record: ClassRecord) -> None:
    """Read `__init__` before other methods, so that they find what it stores."""
    if record.is_prepared:
        return
    record.is_prepared = True
    for name in ("__init__", "__new__"):
        method = find(record, name)
        if isinstance(method, Function):
            summarise(walk, method.record)


def instance_member(walk: Walk, owner: Instance, name: str) -> Value:
    """Value of an attribute of an object of the package's own class."""
    record = owner.record
    value = owner.attributes.get(name)
    if value is None:
        prepare(walk, record)
        value = record.values.get(name)
    if value is None:
        return _from_class(walk, owner, name)
    if value.__class__ is Unknown or is_none(value):
        return with_sources(value, frozenset((walk.session.attribute_token(record, name),)))
    return value


def _from_class(walk: Walk, owner: Instance, name: str) -> Value:
    record = owner.record
    found = find(record, name)
    if isinstance(found, Function):
        return _bind_method(walk, found, owner)
    if found is not None:
        return found
    if name == "__class__":
        return Class(record)
    foreign = foreign_base(record)
    if foreign:
        return Ref(member(foreign + "()", name), owner.src, owner)
    token = walk.session.attribute_token(record, name)
    return Unknown(union(owner.src, frozenset((token,))), name)


def _bind_method(walk: Walk, method: Function, owner: Instance) -> Value:
    kind = method.record.kind
    if kind == "staticmethod":
        return method
    receiver: Value = Class(owner.record) if kind == "classmethod" else owner
    bound = Function(method.record, receiver)
    return call_function(walk, bound, Site(ast.Pass(), [], {})) if kind == "property" else bound


def class_member(walk: Walk, record: ClassRecord, name: str) -> Value:
    """Value of an attribute of a class itself."""
    found = find(record, name)
    if isinstance(found, Function):
        return Function(found.record, Class(record)) if found.record.kind == "classmethod" else found
    if found is not None:
        return found
    if name == "__name__":
        return Const(record.name.rpartition(".")[2])
    foreign = foreign_base(record)
    if foreign:
        return Ref(member(foreign, name))
    return Unknown(frozenset((walk.session.attribute_token(record, name),)), name)


def store_attribute(walk: Walk, owner: Instance, name: str, value: Value) -> None:
    """`self.name = value`: kept on this object, and joined into what all objects of the class hold."""
    record = owner.record
    if owner.attributes is not record.values:
        owner.attributes[name] = value
    known = record.values.get(name)
    record.values[name] = value if known is None else join(known, value)
    token = record.tokens.get(name)
    src = deep_sources(value)
    if src:
        token = token if token is not None else walk.session.attribute_token(record, name)
        walk.session.link(token, src)


def instantiate(walk: Walk, owner: Class, site: Site) -> Value:
    """`Class(...)`: an object, with its constructor read for these arguments."""
    record = owner.record
    made = Instance(record, _field_sources(record, site))
    foreign = foreign_base(record)
    constructor = find(record, "__init__")
    if isinstance(constructor, Function):
        call_function(walk, Function(constructor.record, made), site)
    elif foreign:
        record_call(walk, foreign, site)
        made.src = site.src
    else:
        for name, value in site.named.items():
            store_attribute(walk, made, name, value)
    for name in _RUN_WITH_OBJECT:
        method = find(record, name)
        if isinstance(method, Function):
            walk.function.calls.add(method.record)
    return made


_RUN_WITH_OBJECT = (
    "__new__",
    "__post_init__",
    "__del__",
    "__enter__",
    "__exit__",
    "__aenter__",
    "__call__",
    "__getattr__",
)


def _field_sources(record: ClassRecord, site: Site) -> Sources:
    """Arguments of a class without constructor (a data class, a named tuple) are what its objects are made from."""
    if isinstance(find(record, "__init__"), Function):
        return NONE
    src = site.extra
    for value in (*site.args, *site.named.values()):
        src = union(src, deep_sources(value))
    return src


def call_instance(walk: Walk, owner: Instance, site: Site) -> Value:
    """`object(...)`."""
    method = find(owner.record, "__call__")
    if isinstance(method, Function):
        return call_function(walk, Function(method.record, owner), site)
    return UNKNOWN
