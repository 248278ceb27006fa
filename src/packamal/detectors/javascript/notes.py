"""What the code looks like: notes made while it is evaluated, and those read off the text."""

from __future__ import annotations

import re

from packamal.detectors.javascript.dispatch import spot_of
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.nodes import Index, Literal
from packamal.detectors.javascript.scope import Scope
from packamal.detectors.javascript.values import Ref


def add_note(m: Machine, kind: str, scope: Scope, start: int, detail: str = "") -> None:
    """Note something about the text."""
    m.record.note(kind, detail, spot_of(scope, start))


def note_rebuilt(m: Machine, node: Index, obj: object, key: object, scope: Scope) -> None:
    """A member of a module or of the global object, named by a text that was put together or leads to other code."""
    if not isinstance(obj, Ref) or not isinstance(key, str) or node.index.__class__ is Literal or len(key) < _SHORTEST:
        return
    is_global = obj.name in _GLOBALS
    if is_global and key not in TELLING_NAMES:
        return
    root = obj.name.partition(".")[0]
    if not is_global and (")" in obj.name or (root not in m.module_names and root not in _HOLDERS)):
        return
    if key not in _ALWAYS and _stands(scope.frame.module.source, key):
        return
    add_note(m, "rebuilt-name", scope, node.start, f"{obj.name}.{key}" if obj.name else key)


def _stands(source: bytes, word: str) -> bool:
    """Whether a word stands in the source as such, not just inside others."""
    raw = word.encode("utf-8", "replace")
    return raw in source and re.search(rb"\b" + re.escape(raw) + rb"\b", source) is not None


_SHORTEST = 3
_GLOBALS = frozenset({"", "Function()()", "eval()", "this"})
_HOLDERS = frozenset({"process", "Module", "module", "require", "document", "navigator"})
_ALWAYS = frozenset({"eval", "Function"})
TELLING_NAMES = frozenset((
    "eval", "Function", "require", "process", "module", "Module", "global", "globalThis", "window", "document",
    "navigator", "fetch", "atob", "btoa", "unescape", "Buffer", "String", "WebSocket", "XMLHttpRequest", "localStorage",
    "sessionStorage", "constructor", "fromCharCode", "child_process", "exec", "execSync", "execFile", "execFileSync",
    "spawn", "spawnSync", "fork", "http", "https", "net", "tls", "dns", "dgram", "vm", "fs", "os", "path", "zlib",
    "crypto", "axios", "request", "mainModule", "runInThisContext", "runInNewContext", "runInContext", "Script",
    "compileFunction", "_compile", "_load", "dlopen", "binding", "env", "argv", "platform", "homedir", "hostname",
    "userInfo", "networkInterfaces", "readFile", "readFileSync", "readdirSync", "writeFile", "writeFileSync",
    "createWriteStream", "existsSync", "unlinkSync", "chmodSync", "setTimeout", "setInterval", "base64", "toString",
    "charCodeAt", "importScripts", "sendBeacon", "cookie", "post", "exports", "cwd", "addEventListener", "ethereum",
))  # fmt: skip
"""Names of what reaches out of a script or turns text into code; code that hides writes them otherwise."""
