"""Name spaces as dictionaries: `globals()["x"]`, `vars(module)`, `__builtins__.__dict__`, `sys.modules`."""

from __future__ import annotations

import ast
from typing import Final

from packamal.detectors.python.modules import import_value, module_member
from packamal.detectors.python.names import BUILTINS, canonical, member
from packamal.detectors.python.values import Class, Const, Instance, Module, Ref, Result, Value
from packamal.detectors.python.walk import ATTRIBUTES, Walk

_LOCAL: Final = frozenset(("globals()", "locals()", "vars()", "sys._getframe().f_globals", "sys._getframe().f_locals"))


def namespace_item(walk: Walk, name: str, index: Value, node: ast.AST) -> Value | None:
    """The value under a constant key of a name space; None when `name` is none."""
    key = index.value if isinstance(index, Const) else None
    if not isinstance(key, str):
        return None
    if name in _LOCAL:
        return own_name(walk, key)
    if name == "sys.modules":
        return import_value(walk, key, node)
    if name in ("builtins", "builtins.__dict__", "__dict__") and key in BUILTINS:
        walk.note("rebuilt-name", node, key)
        return Ref(canonical(key))
    if name.endswith(".__dict__"):
        return Ref(member(name.removesuffix(".__dict__"), key))
    return None


def own_name(walk: Walk, key: str) -> Value | None:
    """A name of the module or function that is read, by its text."""
    if key == "__builtins__":
        return Ref("builtins")
    value = walk.scope.lookup(key) or walk.module.scope.names.get(key)
    if value is None and key in BUILTINS:
        return Ref(canonical(key))
    return value


def store_namespace_item(walk: Walk, name: str, index: Value, value: Value) -> bool:
    """`globals()["x"] = value`; False when `name` is no name space of ours."""
    key = index.value if isinstance(index, Const) else None
    if name not in _LOCAL or not isinstance(key, str):
        return False
    scope = walk.module.scope if name == "globals()" else walk.scope
    scope.bind(key, value)
    return True


def namespace_of(walk: Walk, args: list[Value]) -> Value | None:
    """What `vars(x)` is; items of it are looked up by namespace_item."""
    owner = args[0] if args else None
    if owner is None:
        return Result("vars()", frozenset())
    if isinstance(owner, Ref) and "(" not in owner.name:
        return Ref(owner.name + ".__dict__")
    return None


def get_attribute(walk: Walk, owner: Value, name: str) -> Value:
    """`getattr(owner, name)` with a constant name."""
    if isinstance(owner, Module):
        return module_member(walk, owner.record, name)
    if isinstance(owner, Result) and owner.name in _LOCAL:
        return Ref(member(owner.name, name), owner.src, owner)
    return ATTRIBUTES[owner.__class__](walk, owner, name)


def set_attribute(walk: Walk, owner: Value, name: str, value: Value) -> bool:
    """`setattr(owner, name, value)` on objects, classes and modules of the package; False on others."""
    if isinstance(owner, Instance):
        owner.attributes[name] = value
        owner.record.values[name] = value
    elif isinstance(owner, Class):
        owner.record.attributes[name] = value
    elif isinstance(owner, Module):
        owner.record.scope.bind(name, value)
    else:
        return False
    return True
