"""Names and attributes: aliases resolved to canonical names, objects to what is stored on them."""

from __future__ import annotations

import ast
from typing import Any, Final

from packamal.detectors.python.classes import class_member, instance_member
from packamal.detectors.python.given import note_attribute
from packamal.detectors.python.modules import module_member
from packamal.detectors.python.names import BUILTINS, STAR_NAMES, canonical, member
from packamal.detectors.python.record import record_use
from packamal.detectors.python.templates import PATH, path_part
from packamal.detectors.python.values import (
    NO_VALUE,
    UNKNOWN,
    Class,
    Const,
    Function,
    Instance,
    Join,
    Map,
    Method,
    Module,
    Param,
    Partial,
    Ref,
    Result,
    Seq,
    Template,
    Unknown,
    Value,
    join_all,
    with_sources,
)
from packamal.detectors.python.walk import ATTRIBUTES, BASES, EXPRESSIONS, Walk, base

_CONSTANTS: Final = {"True": Const(True), "False": Const(False), "None": NO_VALUE}


def name_base(walk: Walk, node: ast.Name) -> Value:
    """Resolve a name through its scopes."""
    name = node.id
    value = walk.scope.lookup(name)
    if value is None:
        value = walk.module.scope.names.get(name) or missing_name(walk, name)
    return value


def missing_name(walk: Walk, name: str) -> Value:
    """A name nobody assigned: special names, builtins, names out of a star import."""
    if name in _SPECIAL:
        return _special(walk, name)
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    if name in BUILTINS:
        return Ref(canonical(name))
    return _from_star(walk, name) if walk.module.stars else Unknown(label=name)


def _from_star(walk: Walk, name: str) -> Value:
    for module in reversed(walk.module.stars):
        if name in STAR_NAMES.get(module, ()):
            return Ref(member(module, name))
    for module in reversed(walk.module.stars):
        if module not in STAR_NAMES:
            return Ref(member(module, name))
    return Unknown(label=name)


_SPECIAL = frozenset(("__file__", "__name__", "__builtins__", "__doc__", "__package__", "__path__", "WindowsError"))


def _special(walk: Walk, name: str) -> Value:
    if name == "__file__":
        return Const(walk.module.unit.path)
    if name == "__name__":
        return Const("__main__" if walk.module.is_main else walk.module.name)
    if name == "__builtins__":
        return Ref("builtins")
    if name == "__package__":
        return Const(walk.module.package)
    return Unknown(label=name)


def _used(walk: Walk, value: Value, node: ast.AST) -> Value:
    """Record the read of a foreign attribute; the value carries the fact on."""
    if value.__class__ is Ref:
        name = value.name
        if "." in name and not value.src and "(" not in name and name not in walk.session.foreign:
            return Ref(name, frozenset((record_use(walk, name, node),)))
    elif value.__class__ is Join:
        return join_all([_used(walk, option, node) for option in value.options])
    return value


def name_read(walk: Walk, node: ast.Name) -> Value:
    """A name that is read for its value."""
    value = name_base(walk, node)
    kind = value.__class__
    return _used(walk, value, node) if kind is Ref or kind is Join else value


def attribute_base(walk: Walk, node: ast.Attribute) -> Value:
    """An attribute that is only a step on the way."""
    owner = base(walk, node.value)
    return note_attribute(walk, ATTRIBUTES[owner.__class__](walk, owner, node.attr), node)


def attribute_read(walk: Walk, node: ast.Attribute) -> Value:
    """An attribute that is read for its value."""
    owner = base(walk, node.value)
    value = note_attribute(walk, ATTRIBUTES[owner.__class__](walk, owner, node.attr), node)
    kind = value.__class__
    return _used(walk, value, node) if kind is Ref or kind is Join else value


def _of_ref(walk: Walk, owner: Ref, name: str) -> Value:
    if "(" in owner.name:
        return Ref(member(owner.name, name), owner.src, owner)
    if name == "__call__":
        return owner
    return Ref(member(owner.name, name))


def _of_result(walk: Walk, owner: Result, name: str) -> Value:
    if owner.name.endswith(".__dict__") or (name == "__dict__" and owner.name == "vars()"):
        return Unknown(owner.src)
    if owner.text is not None and owner.name == PATH:
        part = path_part(owner, name)
        if part is not None:
            return part
    return Ref(member(owner.name, name), owner.src, owner)


def _of_unknown(walk: Walk, owner: Unknown, name: str) -> Value:
    if owner.label:
        return Unknown(owner.src, f"{owner.label}.{name}" if len(owner.label) < 60 else name)
    return Unknown(owner.src, name) if owner.src else UNKNOWN


def _of_method_owner(walk: Walk, owner: Value, name: str) -> Value:
    if name in ("value", "real") and isinstance(owner, Const) and not isinstance(owner.value, str | bytes):
        return owner
    return Method(owner, name)


def _of_function(walk: Walk, owner: Function, name: str) -> Value:
    if name == "__globals__":
        return Result("globals()", owner.src)
    if name == "__name__":
        return Const(owner.record.qualname.rpartition(".")[2])
    return Method(owner, name)


def _of_join(walk: Walk, owner: Join, name: str) -> Value:
    found = [ATTRIBUTES[option.__class__](walk, option, name) for option in owner.options]
    return with_sources(join_all([value for value in found if value is not UNKNOWN]), owner.src)


def _of_module(walk: Walk, owner: Module, name: str) -> Value:
    return module_member(walk, owner.record, name)


def _of_instance(walk: Walk, owner: Instance, name: str) -> Value:
    return instance_member(walk, owner, name)


def _of_class(walk: Walk, owner: Class, name: str) -> Value:
    return class_member(walk, owner.record, name)


EXPRESSIONS[ast.Name] = name_read
EXPRESSIONS[ast.Attribute] = attribute_read
BASES[ast.Name] = name_base
BASES[ast.Attribute] = attribute_base

_HANDLERS: Final[dict[type[Value], Any]] = {
    Ref: _of_ref,
    Result: _of_result,
    Unknown: _of_unknown,
    Param: _of_unknown,
    Const: _of_method_owner,
    Template: _of_method_owner,
    Seq: _of_method_owner,
    Map: _of_method_owner,
    Partial: _of_method_owner,
    Method: _of_method_owner,
    Function: _of_function,
    Join: _of_join,
    Module: _of_module,
    Instance: _of_instance,
    Class: _of_class,
}
ATTRIBUTES.update(_HANDLERS)
