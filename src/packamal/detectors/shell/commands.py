"""Runs the commands of a text in thought: what each is given, what it gives on, what it starts."""

from __future__ import annotations

from typing import NamedTuple

from packamal.detectors.facts import Arg
from packamal.detectors.shell import filters, tables
from packamal.detectors.shell.ledger import Ledger, Where, bounded, constant, join, unknown
from packamal.detectors.shell.lexer import Dialect, Token, tokenize
from packamal.detectors.shell.options import Line, command_name, read_line
from packamal.detectors.shell.statements import Command, Pipeline, Redirect, parse
from packamal.detectors.shell.words import Words, split_assignment

MAX_DEPTH = 6
"""Texts inside texts: substitutions, `sh -c`, `cmd /c`."""
MAX_RUNS = 4_000
"""Commands read from one unit, those of inner texts included."""
_NOWHERE = frozenset(("/dev/null", "nul", "/dev/stdout", "/dev/stderr", "/dev/tty", "&1", "&2", "con", "1", "2", "-"))
_TCP_PREFIXES = ("/dev/tcp/", "/dev/udp/")


class Output(NamedTuple):
    """What a command writes to the next one."""

    value: Arg
    is_hidden: bool = False


class Run:
    """One shell text, with what it has defined so far."""

    def __init__(self, ledger: Ledger, dialect: Dialect) -> None:
        self._ledger = ledger
        self._dialect = dialect
        self._depth = 0
        self._runs = 0
        self._files: dict[str, frozenset[int]] = {}
        self._words = Words(ledger, self._substitution, dialect is Dialect.BATCH)

    def text(self, source: str, base: Where) -> Arg:
        """Read a text; lines count from `base.line`. Returns the value of its output."""
        tokens, is_whole = tokenize(source, self._dialect)
        if not is_whole:
            self._ledger.note("limit", base, "shell text is too long")
        value = constant("")
        for pipeline in parse(tokens, source, self._dialect):
            if self._runs > MAX_RUNS or self._ledger.is_full:
                self._ledger.note("limit", base, "too many commands")
                break
            value = self._pipeline(pipeline, base)
        return value

    def _substitution(self, source: str, where: Where) -> Arg:
        if self._depth >= MAX_DEPTH:
            return Arg()
        self._depth += 1
        try:
            value = self.text(source, where)
        finally:
            self._depth -= 1
        if value.is_const and isinstance(value.const, str):
            return value._replace(const=value.const.rstrip("\n"), text=(value.text or "").rstrip("\n"))
        return value._replace(text=value.text or f"{{$({source.strip()[:80]})}}")

    def _pipeline(self, pipeline: Pipeline, base: Where) -> Arg:
        stdin: Arg | None = None
        for command in pipeline.commands:
            where = Where(
                base.line + command.line - 1, command.function or base.function, command.condition or base.condition
            )
            stdin = self._command(command, stdin, pipeline.is_background, where)
        return stdin if stdin is not None else Arg()

    def _command(self, command: Command, stdin: Arg | None, is_background: bool, where: Where) -> Arg:
        self._runs += 1
        if command.variable:
            values = [self._words.value(token, where) for token in command.words]
            self._words.assign(command.variable, join(values, " ") if len(values) > 1 else values[0])
            return Arg()
        words = self._assignments(command.words, where)
        stdin = self._input(command.redirects, stdin, where)
        hides = is_background
        if words:
            values = self._split([self._words.value(token, where) for token in words], words[0])
            value = self.start(values, stdin, hides, where)
        else:
            value = stdin or Arg()
        return self._redirected(command.redirects, value, where)

    def _assignments(self, words: tuple[Token, ...], where: Where) -> list[Token]:
        rest = list(words)
        if rest and rest[0].literal in ("export", "declare", "local", "readonly", "typeset", "set"):
            keeps = rest[0].literal == "set" and self._dialect is Dialect.POSIX
            rest = rest if keeps else [word for word in rest[1:] if not word.literal.startswith(("-", "/"))]
        while rest and (found := split_assignment(rest[0])) is not None:
            name, token, is_appended = found
            self._words.assign(name, self._words.value(token, where), is_appended)
            rest.pop(0)
        return rest

    def _input(self, redirects: tuple[Redirect, ...], stdin: Arg | None, where: Where) -> Arg | None:
        for redirect in redirects:
            if redirect.operator in ("<<", "<<-", "<<<"):
                stdin = self._words.value(redirect.target, where)
            elif redirect.operator == "<":
                target = self._words.value(redirect.target, where)
                text = target.text or ""
                if text.startswith("{$(") or text.startswith(_TCP_PREFIXES):
                    stdin = target
                else:
                    stdin = unknown(frozenset((self._read(target, where),)))
        return stdin

    def _read(self, target: Arg, where: Where) -> int:
        number = self._ledger.call("shell.read", (target,), (), where)
        for source in self._files.get(filters.file_key(target.text or ""), ()):
            self._ledger.flow(source, number, "0")
        return number

    @staticmethod
    def _split(values: list[Arg], first: Token) -> list[Arg]:
        """A variable in the command's place is split into words, as shells do with unquoted ones."""
        text = values[0].text or ""
        if first.is_quoted or first.literal or " " not in text or not values[0].is_const:
            return values
        return [constant(word, values[0].steps)._replace(sources=values[0].sources) for word in text.split()] + values[
            1:
        ]

    def start(self, values: list[Arg], stdin: Arg | None, hides: bool, where: Where) -> Arg:
        """Take wrappers off and do what the command says."""
        while len(values) > 1 and (name := command_name(values[0].text or "")) in tables.WRAPPERS:
            if name == "command" and (values[1].text or "").lower() == "-v":
                return Arg()
            hides = hides or name in tables.HIDING
            values, stdin = _unwrapped(name, values, stdin)
        if not values:
            return Arg()
        line = read_line(values)
        if line.name in tables.SILENT:
            return Arg()
        if line.name in ("find", "fd") and (command := filters.executed(line)):
            return self.start(command, self._plain(line, stdin, hides, where), hides, where)
        if line.name in tables.INTERPRETERS:
            return self._interpret(line, stdin, hides, where)
        if line.name in ("source", ".") and line.plain:
            return self._source(line, where)
        if not line.name or line.is_file:
            return self._file(line, values[0], stdin, hides, where)
        return self._plain(line, stdin, hides, where)

    def _plain(self, line: Line, stdin: Arg | None, hides: bool, where: Where) -> Arg:
        named = self._named(line, stdin, hides, where)
        known = filters.output(line, stdin)
        number = self._ledger.call(f"shell.{line.name}", line.args, named, where)
        if known is not None and known.is_const and known.steps:
            self._ledger.came_to(known.text or "")
        self._file_flows(line, number)
        self._remember(line, number)
        sources = frozenset((number,)) | (stdin.sources if stdin else frozenset())
        if known is not None:
            return known._replace(sources=bounded(known.sources | sources))
        return unknown(sources)

    def _named(self, line: Line, stdin: Arg | None, hides: bool, where: Where) -> tuple[tuple[str, Arg], ...]:
        named = [self._uploaded(key, arg, where) for key, arg in line.named]
        if stdin is not None:
            named.append(("stdin", stdin))
        if hides:
            named.append(("hidden", constant("hidden")))
        return tuple(named)

    def _uploaded(self, key: str, arg: Arg, where: Where) -> tuple[str, Arg]:
        """`@file` and `field=@file` of curl, and upload options, read the file they name."""
        text = arg.text or ""
        path = text if key == "upload" else text.partition("@")[2] if key == "data" and "@" in text[:80] else ""
        if not path or path in ("-", "."):
            return key, arg
        number = self._read(arg._replace(text=path.split(";")[0], const=path, is_const=arg.is_const), where)
        return "data", arg._replace(sources=arg.sources | {number})

    def _file_flows(self, line: Line, number: int) -> None:
        for at, arg in enumerate(line.args):
            for source in self._files.get(filters.file_key(arg.text or ""), ()):
                self._ledger.flow(source, number, str(at))

    def _remember(self, line: Line, number: int) -> None:
        """Note which file a command writes, so that a later start of it is tied to it."""
        for path in filters.written_files(line):
            key = filters.file_key(path)
            self._files[key] = bounded(self._files.get(key, frozenset()) | {number})

    def _redirected(self, redirects: tuple[Redirect, ...], value: Arg, where: Where) -> Arg:
        for redirect in redirects:
            if not redirect.operator.endswith((">", ">>", ">&")) and not redirect.operator.startswith("&>"):
                continue
            target = self._words.value(redirect.target, where)
            path = target.text or ""
            if path.startswith(_TCP_PREFIXES):
                self._tcp(path, value, where)
            elif path.lower() not in _NOWHERE and redirect.descriptor != "2":
                callee = "shell.append" if ">>" in redirect.operator else "shell.write"
                number = self._ledger.call(callee, (target,), (("content", value),), where)
                key = filters.file_key(path)
                self._files[key] = bounded(self._files.get(key, frozenset()) | {number} | value.sources)
        return value

    def _tcp(self, path: str, value: Arg, where: Where) -> None:
        _, _, kind, *address = path.split("/")
        args = tuple(constant(part) for part in address[:2])
        self._ledger.call(f"shell.{kind}", args, (("content", value),), where)

    def _interpret(self, line: Line, stdin: Arg | None, hides: bool, where: Where) -> Arg:
        named = self._named(line, stdin, hides, where)
        interpreter = tables.INTERPRETERS[line.name]
        code, script = filters.interpreted(line, interpreter)
        if code is not None:
            named = (*named, ("code", code))
        elif script is not None:
            named = (*named, ("script", script))
        number = self._ledger.call(f"shell.{line.name}", line.args, named, where)
        if code is not None:
            return self._code(code, interpreter.language, number, where)
        if script is not None:
            self._script(script, line, number, where)
        elif stdin is not None:
            self._code(stdin, interpreter.language, number, where)
        return unknown(frozenset((number,)))

    def _code(self, code: Arg, language: str, number: int, where: Where) -> Arg:
        if not code.is_const and code.text is None:
            return unknown(code.sources | {number})
        text = str(code.const) if code.is_const else code.text or ""
        if language == "shell" and not code.steps and self._depth < MAX_DEPTH and code.is_const:
            value = self._substitution(text, where)
            return value._replace(sources=value.sources | {number})
        if code.is_const:
            self._ledger.layer(text, code.steps, language, where, number)
        return unknown(code.sources | {number})

    def _script(self, script: Arg, line: Line, number: int, where: Where) -> None:
        path = script.text or ""
        for source in self._files.get(filters.file_key(path), ()):
            self._ledger.flow(source, number, "script")
        if "://" not in path:
            kind = "import" if line.name == "python" and filters.is_module(line) else "start"
            self._ledger.edge(kind, filters.local_path(path), where)

    def _source(self, line: Line, where: Where) -> Arg:
        number = self._ledger.call("shell.source", line.args, (), where)
        path = line.plain[0].text or ""
        if not path.startswith("{$("):
            self._ledger.edge("exec", filters.local_path(path), where)
        self._file_flows(line, number)
        return unknown(frozenset((number,)))

    def _file(self, line: Line, first: Arg, stdin: Arg | None, hides: bool, where: Where) -> Arg:
        number = self._ledger.call("shell.start", (first, *line.args), self._named(line, stdin, hides, where), where)
        for source in self._files.get(filters.file_key(line.path), ()):
            self._ledger.flow(source, number, "0")
        if line.path:
            self._ledger.edge("start", filters.local_path(line.path), where)
        return unknown(frozenset((number,)))


def _unwrapped(name: str, values: list[Arg], stdin: Arg | None) -> tuple[list[Arg], Arg | None]:
    rest, skip = values[1:], tables.WRAPPERS[name]
    while rest:
        word = rest[0].text or ""
        if word.startswith("-") or (name == "start" and word.startswith("/")):
            rest = rest[2:] if word in tables.WRAPPER_VALUES else rest[1:]
        elif skip or (word.partition("=")[0].isidentifier() and "=" in word) or (name == "start" and not word):
            skip = max(0, skip - 1) if "=" not in word else skip
            rest = rest[1:]
        else:
            break
    if name == "xargs" and stdin is not None:
        return [*rest, stdin], None
    return rest, stdin
