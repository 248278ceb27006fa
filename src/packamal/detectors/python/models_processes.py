"""Processes: the command line as text, code given on it as layers, bundled files it starts as edges."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import Final

from packamal.detectors.commands import read_command
from packamal.detectors.python import limits
from packamal.detectors.python.arguments import code_of, render
from packamal.detectors.python.constants import plain
from packamal.detectors.python.layers import run_constant, run_layer
from packamal.detectors.python.models import model
from packamal.detectors.python.record import Site, record_edge
from packamal.detectors.python.templates import parts_of, text_value
from packamal.detectors.python.values import Const, Join, Ref, Result, Seq, Template, Value, options
from packamal.detectors.python.walk import Walk
from packamal.detectors.units import Language

_SHELLS: Final = (
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "os.popen2",
    "os.popen3",
)
_SUBPROCESS: Final = tuple(f"subprocess.{name}" for name in ("Popen", "run", "call", "check_call", "check_output"))
_MAX_WORDS: Final = 200


@model(*_SHELLS, "asyncio.create_subprocess_shell", "pexpect.run", "pexpect.spawn", "os.startfile")
def _shell(walk: Walk, name: str, site: Site) -> Value | None:
    argument = site.argument(0, "cmd") or site.named.get("command")
    if argument is not None:
        _command(walk, argument, site, is_shell=True)
    return None


@model(*_SUBPROCESS, "asyncio.create_subprocess_exec", "pty.spawn", "distutils.spawn.spawn")
def _process(walk: Walk, name: str, site: Site) -> Value | None:
    argument = site.argument(0, "args")
    if name == "asyncio.create_subprocess_exec":
        argument = Seq(list(site.args))
    if argument is not None:
        is_shell = plain(site.named.get("shell", Const(False))) is True
        _command(walk, argument, site, is_shell)
    return None


@model(*(f"os.{name}" for name in ("execl", "execle", "execlp", "spawnl", "spawnle", "spawnlp")))
def _exec_list(walk: Walk, name: str, site: Site) -> Value | None:
    _command(walk, Seq(site.args[2:] if "spawn" in name else site.args[1:]), site, is_shell=False)
    return None


@model(
    *(f"os.{name}" for name in ("execv", "execve", "execvp", "execvpe", "spawnv", "spawnve", "spawnvp", "posix_spawn"))
)
def _exec_vector(walk: Walk, name: str, site: Site) -> Value | None:
    position = 2 if "spawnv" in name else 1
    argument = site.argument(position)
    if argument is not None:
        _command(walk, argument, site, is_shell=False)
    return None


_SAVES: Final = re.compile(
    r"(?:\s-o\s*|\s-O\s*|\s--output[ =]|\s--output-document[ =]|\s-OutFile\s+|>\s*)[\"']?([^\s\"'|;&>]{3,500})"
)
"""Where a command says which file it makes."""


def _command(walk: Walk, argument: Value, site: Site, is_shell: bool) -> None:
    for option in options(argument):
        for path in _SAVES.findall(render(option) or ""):
            walk.session.link(walk.session.file_token(path), frozenset((site.fact,)))
        line = _line(option)
        if not line or len(line) > limits.MAX_LAYER_BYTES:
            continue
        if isinstance(option, Const) and (is_shell or " " in line):
            run_constant(walk, option, site, "shell")
        elif isinstance(option, Template) and is_shell:
            run_layer(walk, code_of(option).encode("utf-8", "surrogatepass"), site, "shell")
        if isinstance(option, Seq) and _program(option) in _TELLING:
            run_layer(walk, line.encode("utf-8", "surrogatepass"), site, "shell")
        started = read_command(line)
        for language, text in started.inline:
            if text.strip() and "{" + "}" not in text:
                run_layer(walk, text.encode("utf-8", "surrogatepass"), site, _NAMES.get(language, ""))
        _edges(walk, started.words, line, site)


_TELLING_WORDS: Final = (
    "curl wget nc ncat netcat certutil bitsadmin mshta powershell pwsh crontab schtasks reg launchctl systemctl sc "
    "attrib scp rsync nslookup dig osascript"
)
_TELLING: Final = frozenset(_TELLING_WORDS.split())
"""Programs whose words say what they do, also when they are given one by one."""


def _program(words: Seq) -> str:
    name = render(words.items[0]) if words.items else None
    return posixpath.basename((name or "").replace("\\", "/")).lower().removesuffix(".exe")


_NAMES: Final = {
    Language.PYTHON: "python",
    Language.JAVASCRIPT: "javascript",
    Language.SHELL: "shell",
    Language.POWERSHELL: "powershell",
}


def _line(argument: Value) -> str | None:
    """The command line, with the running interpreter by its name."""
    if not isinstance(argument, Seq):
        if isinstance(argument, Ref) and not isinstance(argument, Result):
            return None
        parts = parts_of(text_value(argument))
        if any(isinstance(part, str) for part in parts):
            return "".join(part if isinstance(part, str) else _word(part) for part in parts)
        return None
    return " ".join(shlex.quote(_word(item)) for item in argument.items[:_MAX_WORDS])


def _word(value: Value) -> str:
    if isinstance(value, Ref) and value.name == "sys.executable":
        return "python"
    if isinstance(value, Join):
        return _word(value.options[0])
    if isinstance(value, Template):
        return code_of(value)
    return render(value) or "{}"


def _edges(walk: Walk, words: list[tuple[str, bool]], line: str, site: Site) -> None:
    package = walk.session.package
    folder = posixpath.dirname(walk.module.unit.path)
    for word, is_code in words[:_MAX_WORDS]:
        for path in (word, posixpath.normpath(posixpath.join(folder, word))):
            if path in package:
                record_edge(walk, "start", path, site.node)
                break
        else:
            if is_code and word.endswith((".py", ".js", ".sh")):
                record_edge(walk, "start", word, site.node)
    before, _, after = line.partition(" -m ")
    if "python" in before and after:
        record_edge(walk, "start", after.split()[0].strip("'\""), site.node)
