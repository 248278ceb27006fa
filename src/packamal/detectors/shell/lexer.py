"""Splits shell and batch text into words and operators, tolerantly: whatever is broken still yields words.

One lexer for both dialects, since command strings in packages (npm scripts, os.system) do not say which they are.
Grammar: POSIX Shell Command Language 2.3, cmd.exe's parser phases as documented by `cmd /?`.
"""

from __future__ import annotations

import enum
import re
from typing import NamedTuple

MAX_TOKENS = 60_000
"""Tokens read from one text; install scripts have hundreds."""
MAX_SOURCE = 2**20
"""Characters read from one text."""


class Dialect(enum.Enum):
    """Whose quoting rules hold."""

    POSIX = "posix"
    BATCH = "batch"


class PartKind(enum.Enum):
    """What a piece of a word is."""

    LITERAL = "literal"
    VARIABLE = "variable"
    SUBSTITUTION = "substitution"
    """The text is the source of the commands inside."""


class Part(NamedTuple):
    """A piece of a word."""

    kind: PartKind
    text: str


class Token(NamedTuple):
    """A word (parts, no operator) or an operator (no parts)."""

    line: int
    parts: tuple[Part, ...] = ()
    operator: str = ""
    is_quoted: bool = False
    start: int = 0
    end: int = 0

    @property
    def literal(self) -> str:
        """The word where it is all literal, else an empty text."""
        if any(part.kind is not PartKind.LITERAL for part in self.parts):
            return ""
        return "".join(part.text for part in self.parts)


_POSIX_RUN = re.compile(r"[^\s'\"\\$`|&;<>()#%]+")
_BATCH_RUN = re.compile(r"[^\s\"^|&<>()%!]+")
_OPERATOR = re.compile(r"\d?>>|\d?>&\d?-?|&>>?|\d?<<<|\d?<<-?|\d?<&|\d?>\|?|\d?<>?|\|\||\|&?|&&|&|;;|;|\(|\)|\n")
_BATCH_OPERATOR = re.compile(r"\d?>>|\d?>&\d?|\d?<&\d?|\d?>|\d?<|\|\||\||&&|&|\(|\)|\n")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_PERCENT_NAME = re.compile(r"%([A-Za-z_][A-Za-z0-9_()]*)(?::[^%\n]{0,80})?%|%(~[a-z]*[0-9*])|%%?(~?[a-zA-Z0-9*])")
_BANG_NAME = re.compile(r"!([A-Za-z_][A-Za-z0-9_]*)(?::[^!\n]{0,80})?!")
_BLANKS = re.compile(r"(?:[ \t\r\f\v]|\\\r?\n)+")
_BATCH_BLANKS = re.compile(r"(?:[ \t\r\f\v]|\^\r?\n)+")
_PARAMETER = re.compile(r"[#!]?([A-Za-z_][A-Za-z0-9_]*|[0-9@*])(?::?[-=+]([^{}]*))?.*", re.S)
_QUOTED_RUN = re.compile(r"[^\"\\$`]+")
_ANSI_C = re.compile(r"(?:[^'\\]|\\.)*", re.S)


def tokenize(source: str, dialect: Dialect) -> tuple[list[Token], bool]:
    """Split a text; the flag is False when a limit cut it short. Never raises."""
    lexer = _Lexer(source[:MAX_SOURCE], dialect)
    lexer.run()
    return lexer.tokens, len(source) <= MAX_SOURCE and len(lexer.tokens) < MAX_TOKENS


class _Lexer:
    def __init__(self, source: str, dialect: Dialect) -> None:
        self._source = source
        self._is_posix = dialect is Dialect.POSIX
        self._at = 0
        self._line = 1
        self._parts: list[Part] = []
        self._is_quoted = False
        self._word_start = -1
        self._pending_heredocs: list[tuple[int, str, bool]] = []
        self.tokens: list[Token] = []

    def run(self) -> None:
        blanks = _BLANKS if self._is_posix else _BATCH_BLANKS
        operator = _OPERATOR if self._is_posix else _BATCH_OPERATOR
        while self._at < len(self._source) and len(self.tokens) < MAX_TOKENS:
            match = blanks.match(self._source, self._at)
            if match is not None:
                self._flush()
                self._advance(match.end())
                continue
            if self._word_start < 0 and self._skip_comment():
                continue
            match = operator.match(self._source, self._at) if self._may_operate() else None
            if match is not None:
                self._operator(match)
            else:
                self._piece()
        self._flush()

    def _may_operate(self) -> bool:
        return not self._source[self._at].isdigit() or self._word_start < 0

    def _operator(self, match: re.Match[str]) -> None:
        self._flush()
        text = match.group()
        opens = text in ("<", ">") and self._is_posix and self._source.startswith("(", match.end())
        if opens:
            self._begin()
            end = _closing(self._source, match.end(), "(", ")")
            self._parts.append(Part(PartKind.SUBSTITUTION, self._source[match.end() + 1 : end]))
            self._advance(end + 1)
            return
        self.tokens.append(Token(self._line, operator=text, start=match.start(), end=match.end()))
        self._advance(match.end())
        if text == "\n" and self._pending_heredocs:
            self._heredocs()

    def _skip_comment(self) -> bool:
        source, at = self._source, self._at
        if self._is_posix:
            is_comment = source[at] == "#"
        else:
            is_comment = source.startswith("::", at) or source[at : at + 4].lower() in ("rem ", "rem\n", "rem\t")
        if is_comment:
            end = source.find("\n", at)
            self._advance(len(source) if end < 0 else end)
        return is_comment

    def _begin(self) -> None:
        if self._word_start < 0:
            self._word_start = self._at

    def _advance(self, to: int) -> None:
        self._line += self._source.count("\n", self._at, to)
        self._at = to

    def _literal(self, text: str) -> None:
        self._parts.append(Part(PartKind.LITERAL, text))

    def _flush(self) -> None:
        if self._word_start < 0:
            return
        token = Token(self._line, tuple(self._parts), "", self._is_quoted, self._word_start, self._at)
        previous = self.tokens[-1].operator if self.tokens else ""
        if previous.lstrip("0123456789") in ("<<", "<<-"):
            self._pending_heredocs.append((len(self.tokens), token.literal, self._is_quoted))
        self.tokens.append(token)
        self._parts, self._is_quoted, self._word_start = [], False, -1

    def _piece(self) -> None:
        self._begin()
        char = self._source[self._at]
        if char == '"':
            self._double_quoted()
        elif char == "%" or (char == "!" and not self._is_posix):
            self._percent(char)
        elif self._is_posix and char in "'\\$`":
            self._posix_special(char)
        elif char == "^" and not self._is_posix:
            self._literal(self._source[self._at + 1 : self._at + 2])
            self._advance(self._at + 2)
        else:
            run = (_POSIX_RUN if self._is_posix else _BATCH_RUN).match(self._source, self._at)
            end = run.end() if run is not None else self._at + 1
            self._literal(self._source[self._at : end])
            self._advance(end)

    def _posix_special(self, char: str) -> None:
        if char == "'":
            self._single_quoted(self._at)
        elif char == "\\":
            self._literal(self._source[self._at + 1 : self._at + 2])
            self._advance(self._at + 2)
        else:
            self._dollar(char)

    def _single_quoted(self, at: int) -> None:
        self._is_quoted = True
        end = self._source.find("'", at + 1)
        end = len(self._source) if end < 0 else end
        self._literal(self._source[at + 1 : end])
        self._advance(end + 1)

    def _double_quoted(self) -> None:
        self._is_quoted = True
        self._advance(self._at + 1)
        while self._at < len(self._source):
            char = self._source[self._at]
            if char == '"':
                self._advance(self._at + 1)
                return
            if not self._is_posix:
                self._batch_quoted(char)
            elif char == "\\":
                following = self._source[self._at + 1 : self._at + 2]
                self._literal(following if following in '"\\$`' else "" if following == "\n" else "\\" + following)
                self._advance(self._at + 2)
            elif char in "$`":
                self._dollar(char)
            else:
                run = _QUOTED_RUN.match(self._source, self._at)
                end = run.end() if run is not None else self._at + 1
                self._literal(self._source[self._at : end])
                self._advance(end)

    def _batch_quoted(self, char: str) -> None:
        if char in "%!":
            self._percent(char)
            return
        if self._source.startswith('\\"', self._at):
            self._literal('"')
            self._advance(self._at + 2)
            return
        self._literal(char)
        self._advance(self._at + 1)

    def _percent(self, char: str) -> None:
        match = (_PERCENT_NAME if char == "%" else _BANG_NAME).match(self._source, self._at)
        if match is None or (self._is_posix and match.group(1) is None):
            self._literal(char)
            self._advance(self._at + 1)
            return
        self._parts.append(Part(PartKind.VARIABLE, next(group for group in match.groups() if group)))
        self._advance(match.end())

    def _dollar(self, char: str) -> None:
        source, at = self._source, self._at
        if char == "`":
            end = _backtick(source, at + 1)
            self._parts.append(Part(PartKind.SUBSTITUTION, source[at + 1 : end].replace("\\`", "`")))
            self._advance(end + 1)
        elif source.startswith("$((", at):
            end = _closing(source, at + 1, "(", ")")
            self._literal("0")
            self._advance(end + 1)
        elif source.startswith("$(", at):
            end = _closing(source, at + 1, "(", ")")
            self._parts.append(Part(PartKind.SUBSTITUTION, source[at + 2 : end]))
            self._advance(end + 1)
        elif source.startswith("${", at):
            end = _closing(source, at + 1, "{", "}")
            self._parameter(source[at + 2 : end])
            self._advance(end + 1)
        elif source.startswith("$'", at):
            self._ansi_c(at)
        else:
            self._plain_variable()

    def _parameter(self, inner: str) -> None:
        match = _PARAMETER.match(inner)
        if match is None:
            return
        name, default = match.group(1), match.group(2)
        self._parts.append(Part(PartKind.VARIABLE, f"{name}:-{default}" if default else name))

    def _ansi_c(self, at: int) -> None:
        from_here = _ANSI_C.match(self._source, at + 2)
        end = from_here.end() if from_here is not None else at + 2
        self._is_quoted = True
        self._parts.append(Part(PartKind.LITERAL, _unescape(self._source[at + 2 : end])))
        self._advance(end + 1)

    def _plain_variable(self) -> None:
        match = _NAME.match(self._source, self._at + 1)
        if match is None:
            self._literal("$")
            self._advance(self._at + 1)
            return
        self._parts.append(Part(PartKind.VARIABLE, match.group()))
        self._advance(match.end())

    def _heredocs(self) -> None:
        for index, word, is_quoted in self._pending_heredocs:
            strips = self.tokens[index - 1].operator.endswith("-")
            body, end = _heredoc_body(self._source, self._at, word, strips)
            parts = (Part(PartKind.LITERAL, body),) if is_quoted else _expand(body)
            self.tokens[index] = self.tokens[index]._replace(parts=parts, is_quoted=True)
            self._advance(end)
        self._pending_heredocs = []


def _heredoc_body(source: str, at: int, word: str, strips: bool) -> tuple[str, int]:
    lines = []
    while at < len(source):
        end = source.find("\n", at)
        end = len(source) if end < 0 else end
        line = source[at:end].rstrip("\r")
        at = end + 1
        if (line.lstrip("\t") if strips else line) == word:
            break
        lines.append(line.lstrip("\t") if strips else line)
    return "\n".join(lines) + "\n", min(at, len(source))


def _expand(body: str) -> tuple[Part, ...]:
    """Variables and substitutions of an unquoted here-document, by reading it as one double-quoted word."""
    if "$" not in body and "`" not in body:
        return (Part(PartKind.LITERAL, body),)
    inner = _Lexer('"' + body.replace('"', '\\"') + '"', Dialect.POSIX)
    inner.run()
    return tuple(part for token in inner.tokens for part in token.parts)


def _unescape(text: str) -> str:
    from_bytes = re.sub(r"\\x([0-9A-Fa-f]{1,2})", lambda m: chr(int(m.group(1), 16)), text)
    from_octal = re.sub(r"\\([0-7]{1,3})", lambda m: chr(int(m.group(1), 8) & 255), from_bytes)
    for name, char in (("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r"), ("\\'", "'"), ('\\"', '"'), ("\\\\", "\\")):
        from_octal = from_octal.replace(name, char)
    return from_octal


def _backtick(source: str, at: int) -> int:
    while at < len(source) and source[at] != "`":
        at += 2 if source[at] == "\\" else 1
    return min(at, len(source))


def _closing(source: str, at: int, opening: str, closing: str) -> int:
    """Find the bracket that closes the one at `at`, quotes respected; the end of the text where none does."""
    depth, interesting = 0, re.compile(rf"['\"\\{opening}{closing}]")
    while (match := interesting.search(source, at)) is not None:
        char, at = match.group(), match.end()
        if char == "\\":
            at += 1
        elif char in "'\"":
            end = _string_end(source, at, char)
            at = end
        elif char == opening:
            depth += 1
        elif (depth := depth - 1) <= 0:
            return match.start()
    return len(source)


def _string_end(source: str, at: int, quote: str) -> int:
    while at < len(source) and source[at] != quote:
        at += 2 if source[at] == "\\" and quote == '"' else 1
    return at + 1
