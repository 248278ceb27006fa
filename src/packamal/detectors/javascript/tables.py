"""What is known of names without their arguments: which give new data, which pass data on, which say nothing."""

from __future__ import annotations

BORING = frozenset((
    # texts
    "charAt", "charCodeAt", "codePointAt", "concat", "endsWith", "includes", "indexOf", "lastIndexOf", "localeCompare",
    "match", "matchAll", "normalize", "padEnd", "padStart", "repeat", "replace", "replaceAll", "search", "slice",
    "split", "startsWith", "substr", "substring", "toLowerCase", "toUpperCase", "toLocaleLowerCase", "trim", "trimEnd",
    "trimStart", "toLocaleUpperCase", "trimLeft", "trimRight",
    # arrays and collections
    "at", "copyWithin", "entries", "every", "fill", "filter", "find", "findIndex", "findLast", "flat", "flatMap",
    "forEach", "join", "keys", "map", "pop", "push", "reduce", "reduceRight", "reverse", "shift", "some", "sort",
    "splice", "unshift", "values", "has", "clear", "subarray", "item",
    # objects, numbers, dates, regular expressions
    "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toString", "toLocaleString", "valueOf", "toFixed",
    "toPrecision", "toJSON", "getTime", "getFullYear", "getMonth", "getDate", "toISOString", "test",
    # nodes of trees and pages that say nothing
    "appendChild", "getAttribute", "querySelector", "querySelectorAll", "removeChild", "insertBefore", "equals",
    # promises and generators
    "next", "throw", "return", "finally", "catch", "then",
))  # fmt: skip
"""Methods of built-in kinds: on something unknown they are no facts."""

_ORIGINS = frozenset((
    "fs", "fs.promises", "fs-extra", "graceful-fs", "http", "https", "http2", "child_process", "net", "tls", "dns",
    "dns.promises", "dgram", "os", "fetch", "axios", "got", "request", "needle", "superagent", "node-fetch", "undici",
    "cross-fetch", "bent", "phin", "ky", "XMLHttpRequest", "WebSocket", "ws", "process", "Deno", "Bun", "navigator",
    "document", "localStorage", "sessionStorage", "execa", "shelljs", "cross-spawn", "require", "import", "fs.promises",
    "request-promise", "follow-redirects", "readline", "Date", "setTimeout", "setInterval",
))  # fmt: skip
"""What these give is new, not made of what they were given."""

_TRANSPARENT = frozenset((
    "JSON", "Object", "Array", "String", "Number", "Math", "Promise", "path", "path.posix", "path.win32", "querystring",
    "util", "encodeURIComponent", "encodeURI", "escape", "parseInt", "parseFloat", "Symbol", "Boolean", "Reflect",
    "Uint8Array", "Map", "Set", "isNaN", "url", "URL", "URLSearchParams", "Error", "TextEncoder", "TextDecoder",
    "BigInt",
    "Buffer.concat", "Buffer.alloc", "Buffer.isBuffer", "qs", "Date", "RegExp", "Proxy", "structuredClone", "console",
))  # fmt: skip
"""What these give is what they were given, in another shape: no step worth naming between a source and a sink."""


def _starts(name: str, table: frozenset[str]) -> bool:
    head = name
    while head:
        if head in table:
            return True
        head = head.rpartition(".")[0]
    return False


def is_origin(name: str) -> bool:
    """True when a call's result is new data: read, fetched, the output of a process."""
    return "(" not in name and _starts(name, _ORIGINS)


def is_transparent(name: str) -> bool:
    """True when a call only reshapes what it is given."""
    return "(" not in name and _starts(name, _TRANSPARENT)


_DEFERRED = frozenset((
    "on", "once", "addListener", "addEventListener", "prependListener", "setTimeout", "setInterval", "setImmediate",
    "nextTick", "queueMicrotask", "get", "request", "exec", "execFile", "spawn", "fork", "readFile", "writeFile",
    "readdir", "stat", "lstat", "access", "exists", "unlink", "rm", "mkdir", "appendFile", "copyFile", "connect",
    "createServer", "listen", "lookup", "resolve", "resolve4", "resolveTxt", "post", "put", "end", "close",
    "requestAnimationFrame",
    "requestIdleCallback",
))  # fmt: skip


def is_deferred(name: str) -> bool:
    """True when callbacks of a call run later, after what stands behind it."""
    return name.rpartition(".")[2] in _DEFERRED
