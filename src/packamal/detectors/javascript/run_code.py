"""Calls that run text as code, start processes, or write source to files: they make layers and edges."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from packamal.detectors.commands import read_command
from packamal.detectors.decode import decode
from packamal.detectors.javascript.arguments import sources_of
from packamal.detectors.javascript.builtins_bytes import as_bytes
from packamal.detectors.javascript.calls import call_outside, record_call
from packamal.detectors.javascript.coerce import text_of
from packamal.detectors.javascript.dispatch import NOT_FOLDED, Invocation, any_method, builtin, spot_of
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.record import LayerRecord
from packamal.detectors.javascript.sums import shown
from packamal.detectors.javascript.values import (
    UNKNOWN,
    ArrayValue,
    ObjectValue,
    Opaque,
    Ref,
    alternatives,
)

MIN_DROPPED = 40
"""Characters of a text written to a file that are worth reading as code."""
MAX_INLINE = 2_000
"""Characters of code that is evaluated where it stands, so that values pass through it."""
_TRIVIAL = re.compile(r"\s*return\s+this\s*(?:\|\|.*)?;?\s*\Z")
_HERE = re.compile(r"\{__dirname\}[\\/]?")
_SUFFIXES = {
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".ts": "typescript", ".py": "python",
    ".sh": "shell", ".bash": "shell", ".ps1": "powershell", ".bat": "batch", ".cmd": "batch", ".command": "shell",
    ".jsx": "javascript", ".pyw": "python",
}  # fmt: skip


def run_text(m: Machine, value: object, language: str, inv: Invocation, via: int | None) -> None:
    """A value runs as code: a known text becomes a layer, the content of a file an edge."""
    spot = spot_of(inv.scope, inv.start)
    for one in alternatives(value):
        raw = as_bytes(one) if isinstance(one, str | bytes) else None
        file = m.files.get(one, "") if raw is not None else getattr(one, "file", "")
        if file:
            m.record.edge("exec", file, spot)
        elif raw is not None and raw.strip():
            if isinstance(one, str) and _TRIVIAL.match(one):
                continue
            about = LayerRecord(spot, m.origin(one).steps, -1 if via is None else via)
            m.record.layer(raw, language, True, about)


@builtin("eval")
def _eval(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    number, inherited = record_call(m, "eval", inv)
    run_text(m, value, "javascript", inv, number)
    if isinstance(value, str) and len(value) <= MAX_INLINE:
        return m.run_inline(value, inv)
    sources = inherited | {number} if number is not None else inherited
    return Ref("eval()", frozenset(sources))


@builtin("Function", "AsyncFunction", "GeneratorFunction")
def _function(m: Machine, inv: Invocation) -> object:
    number, inherited = record_call(m, "Function", inv)
    value = inv.arguments[-1] if inv.arguments else ""
    run_text(m, value, "javascript", inv, number)
    names = [text_of(name) for name in inv.arguments[:-1]]
    if isinstance(value, str) and len(value) <= MAX_INLINE and None not in names:
        heads = ",".join([name for name in names if name is not None])
        return m.run_inline(f"(function({heads}){{{value}\n}})", inv)
    sources = inherited | {number} if number is not None else inherited
    return Ref("Function()", frozenset(sources))


def _runner(name: str, position: int) -> None:
    def run(m: Machine, inv: Invocation) -> object:
        result = call_outside(m, name, inv)
        number = _last_id(m, result)
        run_text(m, inv.argument(position), "javascript", inv, number)
        return result

    builtin(name)(run)


def _last_id(m: Machine, result: object) -> int | None:
    sources = sources_of(m, result)
    return max(sources) if sources else None


for _name in ("runInThisContext", "runInNewContext", "runInContext", "compileFunction", "Script", "SourceTextModule"):
    _runner(f"vm.{_name}", 0)


@any_method("_compile")
def _compile(m: Machine, receiver: object, inv: Invocation) -> object:
    inv.receiver = receiver
    name = f"{receiver.name}._compile" if isinstance(receiver, Ref) and receiver.name else "module._compile"
    result = call_outside(m, name, inv)
    run_text(m, inv.argument(0), "javascript", inv, _last_id(m, result))
    return result


@builtin("setTimeout", "setInterval", "setImmediate")
def _timer(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    if isinstance(value, str):
        number, _ = record_call(m, "setTimeout", inv)
        run_text(m, value, "javascript", inv, number)
        return UNKNOWN
    return NOT_FOLDED


@builtin("Worker", "worker_threads.Worker", "SharedWorker")
def _worker(m: Machine, inv: Invocation) -> object:
    result = call_outside(m, "worker_threads.Worker", inv)
    value, options = inv.argument(0), inv.argument(1)
    is_code = isinstance(options, ObjectValue) and options.fields.get("eval") is True
    if isinstance(value, str) and (is_code or value.startswith("data:")):
        run_data(m, value, inv, _last_id(m, result)) if value.startswith("data:") else run_text(
            m, value, "javascript", inv, _last_id(m, result)
        )
    else:
        start_file(m, value, inv)
    return result


def run_data(m: Machine, address: str, inv: Invocation, via: int | None) -> None:
    """A `data:` address that is imported or started."""
    head, _, body = address.partition(",")
    raw = unquote_to_bytes(body)
    if head.endswith(";base64"):
        found = decode("base64", raw)
        text = (found or b"").decode("utf-8", "replace")
        m.set_origin(text, ("base64",), frozenset())
    else:
        text = raw.decode("utf-8", "replace")
    run_text(m, text, "javascript", inv, via)


def start_file(m: Machine, value: object, inv: Invocation, kind: str = "start") -> None:
    """An edge to a file of the package, where the path is known enough."""
    for one in alternatives(value):
        text = _path_text(one)
        if text:
            m.record.edge(kind, text, spot_of(inv.scope, inv.start))


def _path_text(value: object) -> str:
    text = value if isinstance(value, str) else value.text if isinstance(value, Opaque) else None
    if not text or "\n" in text or len(text) > 1024:
        return ""
    return _HERE.sub("", text, count=1)


_SHELLS = ("exec", "execSync")
_PROGRAMS = ("spawn", "spawnSync", "execFile", "execFileSync")


def _starter(name: str, is_shell: bool) -> None:
    full = f"child_process.{name}"

    def run(m: Machine, inv: Invocation) -> object:
        result = call_outside(m, full, inv)
        for line in command_lines(inv, is_shell):
            _read_line(m, line, inv, _last_id(m, result), is_shell or _has_shell(inv))
        return result

    builtin(full)(run)


for _name in _SHELLS:
    _starter(_name, True)
for _name in _PROGRAMS:
    _starter(_name, False)


def _has_shell(inv: Invocation) -> bool:
    return any(isinstance(value, ObjectValue) and bool(value.fields.get("shell")) for value in inv.arguments[1:3])


def command_lines(inv: Invocation, is_shell: bool) -> list[tuple[str, bool]]:
    """Command lines that a call starts: (text, is all of it known)."""
    lines: list[tuple[str, bool]] = []
    for program in alternatives(inv.argument(0)):
        text = shown(program, None)
        is_known = isinstance(program, str)
        arguments = inv.argument(1)
        if not is_shell and isinstance(arguments, ArrayValue):
            words = [shown(item, None) for item in arguments.items]
            is_known = is_known and all(isinstance(item, str) for item in arguments.items) and not arguments.is_open
            text = " ".join([text, *[_quote(word) for word in words]])
        if text and text != "{?}":
            lines.append((text, is_known))
    return lines


def _quote(word: str) -> str:
    return word if re.fullmatch(r"[\w@%+=:,./\\{}-]+", word) else "'" + word.replace("'", "'\\''") + "'"


_EXECUTABLE = re.compile(r"\{process\.(?:execPath|argv0|argv\.0)\}")
_MIN_COMMAND = 8


def _read_line(m: Machine, line: tuple[str, bool], inv: Invocation, via: int | None, is_shell: bool) -> None:
    text, is_known = line
    spot = spot_of(inv.scope, inv.start)
    text = _EXECUTABLE.sub("node", text)
    started = read_command(text)
    for word, is_program in started.words:
        path = _HERE.sub("", word, count=1)
        if path and (is_program or "." in path) and "\n" not in path and len(path) < 1024:
            m.record.edge("start", path, spot)
    via = -1 if via is None else via
    for language, code in started.inline:
        m.record.layer(code.encode("utf-8", "replace"), language.value, True, LayerRecord(spot, (), via))
    if is_known and len(text) >= _MIN_COMMAND and (is_shell or not started.inline):
        about = LayerRecord(spot, m.origin(inv.argument(0)).steps, via)
        m.record.layer(text.encode("utf-8", "replace"), "shell", True, about)


@builtin("child_process.fork")
def _fork(m: Machine, inv: Invocation) -> object:
    start_file(m, inv.argument(0), inv)
    return call_outside(m, "child_process.fork", inv)


def _writer(name: str) -> None:
    def run(m: Machine, inv: Invocation) -> object:
        drop(m, inv.argument(0), inv.argument(1), inv)
        return NOT_FOLDED

    builtin(name)(run)


for _module in ("fs", "fs.promises", "fs-extra", "graceful-fs"):
    for _name in ("writeFile", "writeFileSync", "appendFile", "appendFileSync", "outputFile", "outputFileSync"):
        _writer(f"{_module}.{_name}")


def drop(m: Machine, path: object, content: object, inv: Invocation) -> None:
    """A known text written to a file of a kind that runs."""
    raw = as_bytes(content) if isinstance(content, str | bytes) else None
    if raw is None or len(raw) < MIN_DROPPED or content in m.files:
        return
    text = shown(path, None).lower()
    language = next((found for suffix, found in _SUFFIXES.items() if text.endswith(suffix)), "")
    if language or m.origin(content).steps:
        m.record.layer(raw, language, False, LayerRecord(spot_of(inv.scope, inv.start), m.origin(content).steps, -1))
