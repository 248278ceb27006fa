"""What PowerShell commands and .NET calls mean as facts."""

from __future__ import annotations

from packamal.detectors.facts import Arg
from packamal.detectors.shell import powershell_values as values
from packamal.detectors.shell.commands import Run
from packamal.detectors.shell.filters import local_path
from packamal.detectors.shell.ledger import Ledger, Where, constant, join, unknown
from packamal.detectors.shell.options import is_file
from packamal.detectors.shell.powershell_names import FIRST, PARAMETERS, SECOND, SWITCHES, cmdlet, type_name

Words = tuple[tuple[Arg, ...], tuple[tuple[str, Arg], ...], tuple[Arg, ...]]
"""Plain words, parameters in lower case with their values, and all words as they stand."""
_PREFIX = "shell.powershell."
_RUNS_CODE = frozenset(("Invoke-Expression",))
_QUIET = frozenset(("Out-Null", "Write-Output", "ForEach-Object", "Where-Object", "Select-Object", "Write-Host"))


class Calls:
    """Turns commands and methods into calls; outer commands go to the shell reader."""

    def __init__(self, ledger: Ledger, run: Run) -> None:
        self._ledger = ledger
        self._run = run
        self._files: dict[str, int] = {}

    def takes_value(self, parameter: str) -> bool:
        """Tell parameters from switches."""
        return parameter not in SWITCHES

    def command(self, name: Arg, words: Words, stdin: Arg | None, where: Where) -> Arg:
        """Note a command; returns the value of its output."""
        text = name.text or ""
        canonical = cmdlet(text)
        if not canonical:
            return self._outer(name, words, stdin, where)
        if canonical == "New-Object":
            return self._new_object(words, where)
        named = _named(canonical, words, stdin)
        plain = tuple(word for word in words[0])
        if canonical in _QUIET:
            return stdin if stdin is not None else (plain[0] if plain else Arg())
        number = self._ledger.call(_PREFIX + canonical, plain, named, where)
        self._follow(canonical, dict(named), number, where)
        return unknown(frozenset((number,)) | (stdin.sources if stdin is not None else frozenset()))

    def _follow(self, name: str, named: dict[str, Arg], number: int, where: Where) -> None:
        """Tie code that runs, programs that start, and files that were written before."""
        code = named.get("code", named.get("stdin"))
        if name in _RUNS_CODE and code is not None and code.is_const:
            self._ledger.layer(values.as_text(code.const), code.steps, "powershell", where, number)
        if name == "Start-Process" and "program" in named:
            self._program(named["program"], named.get("arguments"), number, where)
        for key in ("path", "program"):
            writer = self._files.get((named[key].text or "").lower()) if key in named else None
            if writer is not None:
                self._ledger.flow(writer, number, key)
        for key in ("output", "path") if name in ("Set-Content", "Out-File", "Add-Content") else ("output",):
            if key in named:
                self._files[(named[key].text or "").lower()] = number

    def _program(self, program: Arg, arguments: Arg | None, number: int, where: Where) -> None:
        path = program.text or ""
        if is_file(path):
            self._ledger.edge("start", local_path(path), where)
            return
        words = [arguments] if arguments is not None and arguments.text is not None else []
        if all(word.is_const for word in words) and "://" not in path:
            line = " ".join((path, *(values.as_text(word.const) for word in words)))
            self._run.text(line, where._replace(line=where.line))

    def _outer(self, name: Arg, words: Words, stdin: Arg | None, where: Where) -> Arg:
        if name.ref == "scriptblock" or name.text is None:
            return unknown(name.sources)
        args = [constant(values.as_text(word.const)) if word.is_const else word for word in words[2]]
        return self._run.start([name, *args], stdin, False, where)

    def _new_object(self, words: Words, where: Where) -> Arg:
        plain, named, _ = words
        com = next((value for key, value in named if key == "comobject"), None)
        kind = com or (plain[0] if plain else next((value for key, value in named if key == "typename"), Arg()))
        args = [*plain[1:], *(value for key, value in named if key in ("argumentlist", "args"))]
        inner = [item for arg in args for item in (tuple(field for _, field in arg.fields) or (arg,))]
        # `New-Object IO.StreamReader(...)` parses as a word with a bracket behind it.
        name = type_name((kind.text or "").split("(")[0])
        folded = values.make(name, inner)
        if folded is not None:
            return folded
        number = self._ledger.call(_PREFIX + "New-Object", (constant(name), *inner), (), where)
        sources = frozenset((number,)).union(*(arg.sources for arg in inner))
        return Arg(ref=name, sources=sources)

    def member(self, value: Arg, name: str) -> Arg:
        """Read a property."""
        if name.lower() == "length" and value.is_const and isinstance(value.const, str | tuple | bytes):
            return values.of(len(value.const))
        return Arg(ref=f"{value.ref}.{name}" if value.ref else "", sources=value.sources)

    def method(self, value: Arg, name: str, args: list[Arg], where: Where) -> Arg:
        """Note a method call; constants are folded instead."""
        args = [arg for arg in args if arg != Arg()]
        if name.lower() == "new" and value.ref:
            made = values.make(value.ref, args)
            return made if made is not None else Arg(ref=value.ref, sources=value.sources)
        folded = values.static_call(value.ref, name, args) if value.ref else values.method_call(value, name, args)
        if folded is not None:
            return folded
        callee = f"{_PREFIX}{value.ref or '?'}.{name}"
        named = (("receiver", value),) if value.sources else ()
        number = self._ledger.call(callee, tuple(args), named, where)
        self._written(name, args, number, where)
        return unknown(frozenset((number,)) | value.sources)

    def _written(self, name: str, args: list[Arg], number: int, where: Where) -> None:
        if name.lower() in ("downloadfile", "downloadfileasync", "writeallbytes", "writealltext") and args:
            path = args[1] if name.lower().startswith("download") and len(args) > 1 else args[0]
            self._files[(path.text or "").lower()] = number
        if name.lower() == "start" and args and is_file(args[0].text or ""):
            self._ledger.edge("start", local_path(args[0].text or ""), where)


def _named(name: str, words: Words, stdin: Arg | None) -> tuple[tuple[str, Arg], ...]:
    plain, given, _ = words
    named = [(PARAMETERS.get(key, key), value) for key, value in given]
    keys = {key for key, _ in named}
    for position, table in enumerate((FIRST, SECOND)):
        if len(plain) > position and name in table and table[name] not in keys:
            named.append((table[name], plain[position]))
    if stdin is not None:
        named.append(("stdin", stdin))
    if any(key == "window" and (value.text or "").lower() in ("hidden", "1") for key, value in named):
        named.append(("hidden", constant("hidden")))
    if name == "Start-Process" and len(plain) > 1 and "arguments" not in keys:
        named.append(("arguments", join(list(plain[1:]), " ")))
    return tuple(named)
