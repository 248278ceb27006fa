"""Canonical names: what a member of something named is called."""

from __future__ import annotations

from packamal.detectors.javascript.values import Ref

MAX_NAME = 120
"""Characters of a name; a longer chain of calls is named by its last part."""
GLOBAL = Ref("")
"""The global object."""
SELVES = frozenset({"globalThis", "window", "self", "global", "top", "parent", "frames"})
_RENAMED = {
    "buffer.Buffer": "Buffer",
    "url.URL": "URL",
    "url.URLSearchParams": "URLSearchParams",
    "util.TextDecoder": "TextDecoder",
    "util.TextEncoder": "TextEncoder",
    "timers.setTimeout": "setTimeout",
    "timers.setInterval": "setInterval",
    "timers.setImmediate": "setImmediate",
    "module.require": "require",
    "require.main.require": "require",
    "process.mainModule.require": "require",
    "module.constructor": "Module",
    "module.Module": "Module",
    "require.main.constructor": "Module",
    "process.mainModule.constructor": "Module",
    "module._load": "require",
    "Module._load": "require",
    "module.createRequire": "module.createRequire",
    "Module.createRequire": "module.createRequire",
    "process.getBuiltinModule": "require",
    "document.defaultView": "",
    "worker_threads.default": "worker_threads",
}
CONSTRUCTORS = frozenset((
    "String", "Number", "Boolean", "Array", "Object", "RegExp", "Date", "Function", "Promise", "Map", "Set", "Symbol",
    "Buffer", "Error", "Proxy", "eval", "parseInt", "fetch", "setTimeout", "require", "Function.prototype",
    "AsyncFunction", "GeneratorFunction",
))  # fmt: skip


def member_name(name: str, key: str) -> str:
    """Canonical name of a member of a named thing."""
    if not name:
        return "" if key in SELVES else key
    if key == "constructor":
        if name in CONSTRUCTORS or name.endswith(".constructor") or name.endswith("()"):
            return "Function" if not name.endswith("()") else f"{name}.constructor"
        if name.startswith(("Object.getPrototypeOf", "Reflect.getPrototypeOf")):
            return "Function"
    if name == "document.forms" or (name.startswith("document.forms.") and key.isdigit()):
        key = key if key == "length" else "?"
    full = f"{name}.{key}"
    if len(full) > MAX_NAME:
        return f"?.{key}"
    return _RENAMED.get(full, full)


def module_name(specifier: str) -> str:
    """Canonical name of a module from outside the package."""
    name = specifier.removeprefix("node:")
    if name.endswith("/promises"):
        return name.replace("/", ".")
    return name[:MAX_NAME]
