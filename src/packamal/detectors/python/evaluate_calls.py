"""Calls: who is called, with what, and what comes back."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from packamal.detectors.python.classes import call_instance, instantiate
from packamal.detectors.python.constants import elements
from packamal.detectors.python.functions import call_function
from packamal.detectors.python.methods import call_method
from packamal.detectors.python.models import METHODS, MODELS, SILENT
from packamal.detectors.python.modules import resolve_lazily
from packamal.detectors.python.record import Site, record_call
from packamal.detectors.python.values import (
    NONE,
    UNKNOWN,
    Class,
    Function,
    Instance,
    Join,
    Map,
    Method,
    Param,
    Partial,
    Ref,
    Result,
    Sources,
    Unknown,
    Value,
    deep_sources,
    gather,
    join_all,
    union,
)
from packamal.detectors.python.walk import ATTRIBUTES, EXPRESSIONS, Walk, base, evaluate


def _call(walk: Walk, node: ast.Call) -> Value:
    func = node.func
    owner: Value | None = None
    if func.__class__ is ast.Attribute:
        owner = base(walk, func.value)
        target = ATTRIBUTES[owner.__class__](walk, owner, func.attr)
    else:
        target = base(walk, func)
    site = Site(node, *_arguments(walk, node))
    if target.__class__ is Unknown or target.__class__ is Param:
        return _call_unknown(walk, target, site, owner)
    return apply(walk, target, site)


def _arguments(walk: Walk, node: ast.Call) -> tuple[list[Value], dict[str, Value], Value | None, Sources]:
    args: list[Value] = []
    named: dict[str, Value] = {}
    extra = NONE
    for part in node.args:
        if part.__class__ is ast.Starred:
            inner = evaluate(walk, part.value)
            more = elements(inner)
            args.extend(more or ())
            extra = extra if more is not None else union(extra, deep_sources(inner))
        else:
            args.append(evaluate(walk, part))
    for keyword in node.keywords:
        value = evaluate(walk, keyword.value)
        if keyword.arg is not None:
            named[keyword.arg] = value
        elif isinstance(value, Map):
            named.update((key, item) for key, item in value.items.items() if isinstance(key, str))
            extra = union(extra, value.src) if value.is_open else extra
        else:
            extra = union(extra, deep_sources(value))
    return args, named, None, extra


def apply(walk: Walk, target: Value, site: Site) -> Value:
    """Call a value."""
    handler = _TARGETS.get(target.__class__)
    return _pass(walk, site) if handler is None else handler(walk, target, site)


def _pass(walk: Walk, site: Site) -> Value:
    src = union(site.extra, gather([*site.args, *site.named.values()]))
    return Unknown(src) if src else UNKNOWN


def _call_ref(walk: Walk, target: Ref, site: Site) -> Value:
    name = target.name
    if name.startswith("."):
        own = resolve_lazily(walk, name, site)
        if own is not None:
            return apply(walk, own, site)
    site.owner = target if isinstance(target, Result) else target.owner
    if name in SILENT:
        site.src = union(site.extra, gather([*site.args, *site.named.values()]))
    else:
        record_call(walk, name, site)
        if target.owner is None and target.src:
            site.src = union(site.src, target.src)
    known = MODELS.get(name)
    if known is None and "(" in name:
        known = METHODS.get(name.rpartition(".")[2])
    if known is not None:
        value = known(walk, name, site)
        if value is not None:
            return value
    return Result(name + "()" if len(name) < _MAX_NAME else "?()", site.src, [*site.args, *site.named.values()])


_MAX_NAME: Final = 200


def _call_unknown(walk: Walk, target: Value, site: Site, owner: Value | None) -> Value:
    """A method on something unknown, or an unknown function."""
    func = getattr(site.node, "func", None)
    name = func.attr if isinstance(func, ast.Attribute) else ""
    site.owner = owner if name else None
    record_call(walk, "?." + name if name else "?", site)
    site.src = union(site.src if name in _SOURCES else site.src - {site.fact}, target.src)
    known = METHODS.get(name)
    if known is not None:
        value = known(walk, name, site)
        if value is not None:
            return value
    label = target.label if isinstance(target, Unknown) else ""
    return Unknown(site.src, label)


_SOURCE_WORDS: Final = (
    "recv recvfrom recv_into read readline readlines read_text read_bytes decrypt decompress json text content get "
    "post execute fetchall fetchone getvalue communicate stdout data body request fetch download load loads result "
    "CryptUnprotectData wait iter_content get_secret_value find_element screenshot paste"
)
_SOURCES: Final = frozenset(_SOURCE_WORDS.split())
"""Methods that bring something new out of something unknown; the results of others are their receivers, changed."""


def _call_join(walk: Walk, target: Join, site: Site) -> Value:
    results = []
    for option in target.options:
        if isinstance(option, Unknown):
            results.append(_call_unknown(walk, option, _again(site), None))
        else:
            results.append(apply(walk, option, _again(site)))
    return join_all(results)


def _again(site: Site) -> Site:
    return Site(site.node, list(site.args), dict(site.named), site.owner, site.extra)


def _call_partial(walk: Walk, target: Partial, site: Site) -> Value:
    merged = Site(site.node, [*target.bound, *site.args], {**target.named, **site.named}, None, site.extra)
    return apply(walk, target.callee, merged)


def _call_method(walk: Walk, target: Method, site: Site) -> Value:
    return call_method(walk, target, site, apply)


_TARGETS: Final[dict[type[Value], Callable[[Walk, Any, Site], Value]]] = {
    Ref: _call_ref,
    Result: _call_ref,
    Function: call_function,
    Class: instantiate,
    Instance: call_instance,
    Join: _call_join,
    Partial: _call_partial,
    Method: _call_method,
}
EXPRESSIONS[ast.Call] = _call
