"""Node's own functions whose values matter: loading modules, paths, reading files of the package."""

from __future__ import annotations

import posixpath

from packamal.detectors.javascript.arguments import sources_of
from packamal.detectors.javascript.calls import call_outside, record_call
from packamal.detectors.javascript.dispatch import NOT_FOLDED, Invocation, builtin, spot_of
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.notes import add_note
from packamal.detectors.javascript.run_code import run_data, start_file
from packamal.detectors.javascript.sums import shown
from packamal.detectors.javascript.values import (
    NO_SOURCES,
    UNKNOWN,
    Join,
    Opaque,
    Ref,
    alternatives,
    join,
    merge_sources,
)

MAX_PATH = 1024


@builtin("require", "import", "__require", "__non_webpack_require__", "process.binding", "nodeRequire")
def _require(m: Machine, inv: Invocation) -> object:
    """Load a module; a name that does not stand in the source as such is recorded."""
    value = inv.argument(0)
    found: object = UNDEFINED
    for one in alternatives(value):
        if isinstance(one, str):
            found = join(found, _load(m, one, inv))
    if found is UNDEFINED or isinstance(value, Join):
        number, inherited = record_call(m, "require", inv)
        start_file(m, value, inv, "import")
        if found is UNDEFINED:
            sources = inherited | {number} if number is not None else inherited
            return Ref("require()", frozenset(sources))
    return found


def _load(m: Machine, specifier: str, inv: Invocation) -> object:
    module = inv.scope.frame.module
    if specifier.startswith("data:"):
        number, _ = record_call(m, "import", inv)
        run_data(m, specifier, inv, number)
        return UNKNOWN
    if not module.stands(specifier):
        add_note(m, "rebuilt-name", inv.scope, inv.start, specifier)
        record_call(m, "require", inv)
    return m.load(specifier, inv.scope.frame, inv.start)


@builtin("module.createRequire", "createRequire")
def _create_require(m: Machine, inv: Invocation) -> object:
    return Ref("require")


@builtin("require.resolve", "import.meta.resolve")
def _resolve(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    if isinstance(value, str) and value.startswith("."):
        return Opaque(text=f"{{__dirname}}/{value.removeprefix('./')}")
    return value if isinstance(value, str) else NOT_FOLDED


@builtin(
    "util.promisify",
    "pify",
    "es6-promisify",
    "util.deprecate",
    "util.callbackify",
    "bluebird.promisify",
    "bluebird.promisifyAll",
)
def _promisify(m: Machine, inv: Invocation) -> object:
    return inv.argument(0)


@builtin("path.join", "path.resolve", "path.posix.join", "path.win32.join", "path.posix.resolve", "path.win32.resolve")
def _join_paths(m: Machine, inv: Invocation) -> object:
    parts = [shown(value, None) for value in inv.arguments]
    sources = merge_sources([sources_of(m, value) for value in inv.arguments])
    pieces = [part.replace("\\", "/") for part in parts if part]
    if len("/".join(pieces)) > MAX_PATH:
        return Opaque(sources) if sources else UNKNOWN
    if all(isinstance(value, str) for value in inv.arguments):
        return posixpath.normpath("/".join(pieces)) if pieces else "."
    first, rest = pieces[0] if pieces else "", pieces[1:]
    tail = _normal("/".join(rest))
    text = f"{first.rstrip('/')}/{tail}" if tail else first
    return Opaque(sources, text)


def _normal(tail: str) -> str:
    if not tail or "{" in tail:
        return tail
    found = posixpath.normpath(tail.lstrip("/"))
    return "" if found == "." else found


def _path_part(name: str) -> None:
    def run(m: Machine, inv: Invocation) -> object:
        value = inv.argument(0)
        if isinstance(value, Ref) and value.name in {"__filename", "import.meta.url"} and name == "dirname":
            return Ref("__dirname")
        text = value if isinstance(value, str) else value.text if isinstance(value, Opaque) else None
        if text is None:
            return NOT_FOLDED
        made = posixpath.normpath(text) if name == "normalize" else posixpath.dirname(text)
        if name == "basename":
            suffix = inv.argument(1)
            made = posixpath.basename(text).removesuffix(suffix if isinstance(suffix, str) else "")
        elif name == "extname":
            made = posixpath.splitext(text)[1]
        return made if isinstance(value, str) else Opaque(sources_of(m, value), made)

    builtin(f"path.{name}")(run)


for _name in ("dirname", "basename", "extname", "normalize"):
    _path_part(_name)


@builtin("url.fileURLToPath", "url.pathToFileURL")
def _file_url(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    return Ref("__filename") if isinstance(value, Ref) and value.name == "import.meta.url" else value


@builtin("URL")
def _url(m: Machine, inv: Invocation) -> object:
    value, base = inv.argument(0), inv.argument(1)
    if isinstance(value, str) and isinstance(base, Ref) and base.name in {"import.meta.url", "__filename"}:
        return Opaque(text=f"{{__dirname}}/{value.removeprefix('./')}")
    if isinstance(value, str | Opaque) and base is UNDEFINED:
        return _address(m, value)
    return NOT_FOLDED


def _address(m: Machine, value: str | Opaque) -> object:
    """An address as an object is still that address."""
    return value if isinstance(value, Opaque) else Opaque(m.origin(value).sources, value)


def _reader(name: str) -> None:
    def run(m: Machine, inv: Invocation) -> object:
        return read_own(m, name, inv)

    builtin(name)(run)


def _copier(module: str, name: str) -> None:
    """What copies or moves a file writes another as well: that is a call of its own, on what the first one reads."""

    def run(m: Machine, inv: Invocation) -> object:
        result = read_own(m, f"{module}.{name}", inv)
        if result is NOT_FOLDED:
            result = call_outside(m, f"{module}.{name}", inv)
        content = Opaque(sources_of(m, result))
        call_outside(m, f"{module}.writeFile", inv.with_arguments([inv.argument(1), content]))
        return result

    builtin(f"{module}.{name}")(run)


for _module in ("fs", "fs.promises", "fs-extra", "graceful-fs"):
    for _name in ("readFileSync", "readFile", "createReadStream", "readJsonSync"):
        _reader(f"{_module}.{_name}")
    for _name in ("copyFile", "copyFileSync", "copy", "copySync", "cp", "cpSync", "rename", "renameSync", "move"):
        _copier(_module, _name)


def read_own(m: Machine, name: str, inv: Invocation) -> object:
    """Read a file; one of the package's own is an edge, and its content is known."""
    path = inv.argument(0)
    text = path if isinstance(path, str) else path.text if isinstance(path, Opaque) else None
    if not text or text.startswith(("/", "~")) or (text.startswith("{") and not text.startswith("{__dirname}")):
        return NOT_FOLDED
    target = text.removeprefix("{__dirname}").lstrip("/")
    m.record.edge("read", target, spot_of(inv.scope, inv.start))
    if not name.endswith(("readFileSync", ".promises.readFile")):
        return NOT_FOLDED
    content = m.read_file(target, inv.scope.frame)
    if content is None:
        result = call_outside(m, name, inv)
        return result
    number, _ = record_call(m, name, inv)
    encoding = inv.argument(1)
    value: object = content if encoding is UNDEFINED else content.decode("utf-8", "replace")
    m.set_origin(value, (), frozenset((number,)) if number is not None else NO_SOURCES)
    m.files[value] = target
    return value
