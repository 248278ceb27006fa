"""Reads PowerShell: commands, .NET calls and constant expressions become facts; nothing is run.

Grammar: the PowerShell language specification, as far as scripts in packages use it; what is not understood is skipped
one character at a time.
"""

from __future__ import annotations

import re

from packamal.detectors.facts import Arg
from packamal.detectors.shell import powershell_values as values
from packamal.detectors.shell.ledger import Ledger, Where, constant, join
from packamal.detectors.shell.powershell_calls import Calls
from packamal.detectors.shell.powershell_names import type_name
from packamal.detectors.shell.powershell_text import VARIABLE, Cursor, Piece

MAX_DEPTH = 40
"""Nested brackets and blocks."""
MAX_STEPS = 60_000
"""Primaries read from one script."""
_ASSIGNMENT = re.compile(r"(?:\[[\w.\[\]]+\]\s*)?\$(?:\{([^}\n]{1,80})\}|((?:\w+:)?\w+))\s*(\+?)=(?!=)")
_KEYWORD = re.compile(
    r"(?:if|elseif|else|foreach|for|while|do|until|switch|try|catch|finally|param|begin|process|end|return|throw|trap|in|exit)\b",
    re.I,
)
_FUNCTION = re.compile(r"(?:function|filter|workflow)\s+([\w:-]+)", re.I)
_OPERATOR = re.compile(
    r"\.\.|\+(?![+=])|-(?:c|i)?(?:f|join|split|replace|bxor|bor|band|shl|shr|eq|ne|gt|lt|ge|le|like|notlike|match|notmatch|contains|"
    r"notcontains|in|is|as|and|or|xor)(?![\w-])|[*/%](?![=])|-(?=[\s$(\d])",
    re.I,
)
_PRECEDENCE = {
    "..": 6,
    "-f": 6,
    "*": 5,
    "/": 5,
    "%": 5,
    "+": 4,
    "-": 4,
    "-and": 1,
    "-or": 1,
    "-xor": 1,
    "-bxor": 2,
    "-bor": 2,
}
_COMPARISON = 3
_UNARY = re.compile(r"-join\b|-split\b|-not\b|-bnot\b|!|\+|-(?=[\s$(\d])|,", re.I)
_NUMBER = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d+)?(?:kb|mb|gb)?", re.I)
_MEMBER = re.compile(r"(\.|::)(?=[\w('\"$`])")
_KEY = re.compile(r"([\w-]+|'[^'\n]*'|\"[^\"\n]*\")\s*=(?!=)")
_NAME = re.compile(r"[\w`]+")
_WORD = re.compile(r"[^\s|;(){},'\"$&<>#@]+|[#@](?=\w)")
_COMMAND_START = re.compile(r"[A-Za-z_%?~./\\][\w./\\:%?*-]*")
_PARAMETER = re.compile(r"-([A-Za-z]\w*)(:?)")
_REDIRECT = re.compile(r"[*\d]?>>?(?:&\d)?")


class TooDeepError(Exception):
    """The script nests or runs on past the limits; what was read until then counts."""


class Script:
    """One script, read from start to end."""

    def __init__(self, source: str, ledger: Ledger, calls: Calls, base: Where) -> None:
        self._cursor = Cursor(source)
        self._ledger = ledger
        self._calls = calls
        self._base = base
        self._depth = 0
        self._steps = 0
        self._variables: dict[str, Arg] = {}
        self._function = base.function

    def read(self) -> Arg:
        """Read all statements; returns the value of the last."""
        try:
            return self._statements("")
        except (TooDeepError, RecursionError):
            self._ledger.note("limit", self._base, "PowerShell nests too deep or runs on too long")
            return Arg()

    def _where(self) -> Where:
        return Where(self._base.line + self._cursor.line - 1, self._function, self._base.condition)

    def _enter(self) -> None:
        self._depth += 1
        self._steps += 1
        if self._depth > MAX_DEPTH or self._steps > MAX_STEPS or self._ledger.is_full:
            raise TooDeepError

    def _statements(self, closer: str) -> Arg:
        self._enter()
        value = Arg()
        while True:
            self._cursor.skip_separators()
            if self._cursor.is_done or (closer and self._cursor.take_text(closer)):
                break
            before = self._cursor.at
            value = self._statement()
            if self._cursor.at == before:
                self._cursor.at += 1
                self._steps += 1
        self._depth -= 1
        return value

    def _statement(self) -> Arg:
        cursor = self._cursor
        function = cursor.take(_FUNCTION)
        if function is not None:
            return self._in_function(function.group(1))
        if cursor.take(_KEYWORD) is not None:
            return Arg()
        match = cursor.take(_ASSIGNMENT)
        if match is None:
            return self._pipeline()
        name = (match.group(1) or match.group(2)).lower()
        cursor.skip_separators()
        value = self._pipeline()
        if match.group(3) and name in self._variables:
            value = values.operate("+", self._variables[name], value)
        self._variables[name] = value
        return value

    def _in_function(self, name: str) -> Arg:
        end = self._cursor.source.find("{", self._cursor.at)
        if end < 0:
            return Arg()
        self._cursor.at = end + 1
        outer, self._function = self._function, name
        self._statements("}")
        self._function = outer
        return Arg()

    def _pipeline(self) -> Arg:
        value: Arg | None = None
        while True:
            self._cursor.skip_blanks()
            value = self._element(value)
            self._cursor.skip_blanks()
            if self._cursor.char != "|" or self._cursor.source.startswith("||", self._cursor.at):
                return value
            self._cursor.at += 1
            self._cursor.skip_separators()

    def _element(self, stdin: Arg | None) -> Arg:
        cursor = self._cursor
        if cursor.char == "&" or (cursor.char == "." and cursor.source[cursor.at + 1 : cursor.at + 2] in " ($'\""):
            cursor.at += 1
            cursor.skip_blanks()
            name = self._primary() if cursor.char in "($'\"{" else self._word()
            return self._command(name, stdin)
        start = _COMMAND_START.match(cursor.source, cursor.at)
        if start is not None and not cursor.char.isdigit():
            return self._command(self._word(), stdin)
        return self._expression(0)

    def _word(self) -> Arg:
        """Read a bare word of command mode, with variables and strings inside it."""
        parts: list[Arg] = []
        cursor = self._cursor
        while not cursor.is_done and (not cursor.char.isspace()) and cursor.char not in "|;){},<>":
            before = cursor.at
            parts.append(self._word_part(is_first=not parts))
            if cursor.at == before:
                break
        return join(parts) if parts else constant("")

    def _word_part(self, is_first: bool) -> Arg:
        cursor = self._cursor
        if cursor.char in "'\"" or (cursor.char == "@" and is_first):
            return self._postfix(self._atom()) if is_first else self._atom()
        if cursor.char == "$" or (cursor.char == "(" and is_first):
            return self._postfix(self._atom()) if is_first else self._atom()
        if cursor.char == "`":
            cursor.at += 2
            return constant(cursor.source[cursor.at - 1 : cursor.at])
        match = cursor.take(_WORD)
        return constant(match.group().replace("`", "")) if match is not None else constant("")

    def _command(self, name: Arg, stdin: Arg | None) -> Arg:
        self._enter()
        plain: list[Arg] = []
        named: list[tuple[str, Arg]] = []
        words: list[Arg] = []
        cursor = self._cursor
        while True:
            cursor.skip_blanks()
            if cursor.is_done or cursor.char in "|;)}\n" or cursor.source.startswith(("&&", "||"), cursor.at):
                break
            before = cursor.at
            self._argument(plain, named, words)
            if cursor.at == before:
                break
        self._depth -= 1
        return self._calls.command(name, (tuple(plain), tuple(named), tuple(words)), stdin, self._where())

    def _argument(self, plain: list[Arg], named: list[tuple[str, Arg]], words: list[Arg]) -> None:
        cursor = self._cursor
        parameter = cursor.take(_PARAMETER)
        if parameter is not None:
            words.append(constant(parameter.group()))
            key = parameter.group(1).lower()
            cursor.skip_blanks()
            if self._calls.takes_value(key) and cursor.char not in "|;)}\n-" and not cursor.is_done:
                value = self._list()
                named.append((key, value))
                words.append(value)
            else:
                named.append((key, constant("")))
            return
        redirect = cursor.take(_REDIRECT)
        if redirect is not None:
            cursor.skip_blanks()
            if "&" not in redirect.group():
                named.append(("redirect", self._word()))
            return
        value = self._list()
        plain.append(value)
        words.append(value)

    def _list(self) -> Arg:
        """Read one argument, or several with commas between."""
        items = [self._block() if self._cursor.char == "{" else self._word()]
        self._cursor.skip_blanks()
        while self._cursor.take_text(","):
            self._cursor.skip_separators()
            items.append(self._word())
            self._cursor.skip_blanks()
        return items[0] if len(items) == 1 else values.sequence(items)

    def _block(self) -> Arg:
        """Read a script block where it stands: it is there to be run."""
        start = self._cursor.at + 1
        self._cursor.at = start
        value = self._statements("}")
        return Arg(
            text=self._cursor.source[start : self._cursor.at - 1][:4096], sources=value.sources, ref="scriptblock"
        )

    def _expression(self, floor: int) -> Arg:
        self._enter()
        left = self._commas()
        while True:
            self._cursor.skip_blanks()
            match = _OPERATOR.match(self._cursor.source, self._cursor.at)
            operator = values.operator_name(match.group()) if match is not None else ""
            rank = _PRECEDENCE.get(operator, _COMPARISON)
            if match is None or rank <= floor:
                break
            self._cursor.at = match.end()
            self._cursor.skip_separators()
            left = values.operate(operator, left, self._expression(rank))
        self._depth -= 1
        return left

    def _commas(self) -> Arg:
        items = [self._primary()]
        self._cursor.skip_blanks()
        while self._cursor.take_text(","):
            self._cursor.skip_separators()
            items.append(self._primary())
            self._cursor.skip_blanks()
        return items[0] if len(items) == 1 else values.sequence(items)

    def _primary(self) -> Arg:
        self._enter()
        unary = self._cursor.take(_UNARY)
        if unary is not None:
            self._cursor.skip_blanks()
            value = values.unary(unary.group().lower(), self._primary() if unary.group() != "-join" else self._commas())
        else:
            value = self._postfix(self._atom())
        self._depth -= 1
        return value

    def _atom(self) -> Arg:
        cursor = self._cursor
        if cursor.char in "'\"" or cursor.source.startswith(("@'", '@"'), cursor.at):
            return self._expanded(cursor.string())
        if cursor.source.startswith(("$(", "@("), cursor.at) or cursor.char == "(":
            cursor.at += 1 if cursor.char == "(" else 2
            return self._statements(")")
        if cursor.source.startswith("@{", cursor.at):
            cursor.at += 2
            return self._table()
        if cursor.char == "$":
            return self._variable()
        if cursor.char == "[":
            return self._type()
        if cursor.char == "{":
            return self._block()
        number = cursor.take(_NUMBER)
        if number is not None:
            return values.of(values.number(number.group()))
        return Arg()

    def _table(self) -> Arg:
        """Read the fields of a hash table."""
        fields: list[tuple[str, Arg]] = []
        cursor = self._cursor
        while True:
            cursor.skip_separators()
            if cursor.is_done or cursor.take_text("}"):
                break
            key = cursor.take(_KEY)
            before = cursor.at
            value = self._pipeline()
            if key is not None:
                fields.append((key.group(1).strip("'\""), value))
            elif cursor.at == before:
                cursor.at += 1
                self._steps += 1
        sources = frozenset[int]().union(*(value.sources for _, value in fields))
        return Arg(sources=sources, fields=tuple(fields[:64]))

    def _type(self) -> Arg:
        cursor = self._cursor
        end = cursor.closing(cursor.at)
        name = cursor.source[cursor.at + 1 : end]
        cursor.at = end + 1
        if cursor.source.startswith("::", cursor.at):
            return Arg(ref=type_name(name))
        cursor.skip_blanks()
        if cursor.is_done or cursor.char in ";|)}\n,":
            return Arg(ref=type_name(name))
        return values.cast(name, self._primary())

    def _variable(self) -> Arg:
        match = self._cursor.take(VARIABLE)
        if match is None:
            self._cursor.at += 1
            return Arg()
        spelled = match.group(1) or (match.group(2) or "") + (match.group(3) or "")
        name = spelled.lower()
        if name.startswith("env:"):
            used = self._ledger.use(f"shell.env.{spelled[4:]}", self._where())
            return Arg(text=f"{{{name[4:].upper()}}}", sources=frozenset((used,)))
        bare = name.removeprefix("global:").removeprefix("script:")
        return self._variables.get(bare, Arg(text="{HOME}" if bare == "home" else f"{{{spelled}}}"))

    def _expanded(self, pieces: list[Piece]) -> Arg:
        parts = [self._inner(piece.text) if piece.is_source else constant(piece.text) for piece in pieces]
        return join(parts) if parts else constant("")

    def _inner(self, source: str) -> Arg:
        outer, self._cursor = self._cursor, Cursor(source)
        try:
            return self._statements("")
        finally:
            self._cursor = outer

    def _postfix(self, value: Arg) -> Arg:
        cursor = self._cursor
        while True:
            self._steps += 1
            if cursor.take(_MEMBER) is not None:
                value = self._member(value)
            elif cursor.char == "[" and (value.text is not None or value.is_const):
                cursor.at += 1
                value = values.index(value, self._statements("]"))
            else:
                return value

    def _member(self, value: Arg) -> Arg:
        cursor = self._cursor
        if cursor.char in "('\"$":
            name = values.as_text(self._atom().const)
        else:
            match = cursor.take(_NAME)
            name = match.group().replace("`", "") if match is not None else ""
        if cursor.char != "(":
            return self._calls.member(value, name)
        cursor.at += 1
        inner = self._statements(")")
        args = [values.of(item, inner) for item in inner.const] if isinstance(inner.const, tuple) else [inner]
        return self._calls.method(value, name, list(values.items(inner)) or args, self._where())
