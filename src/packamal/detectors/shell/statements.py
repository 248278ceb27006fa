"""Groups the words of a shell text into pipelines, and notes which function and which test each hangs on."""

from __future__ import annotations

from typing import NamedTuple

from packamal.detectors.shell.lexer import Dialect, Token

MAX_CONDITION = 200
_HEAD_WORDS = frozenset(("if", "elif", "while", "until"))
_BODY_WORDS = frozenset(("then", "do"))
_END_WORDS = frozenset(("fi", "done", "esac"))
_CONNECTORS = frozenset((";", ";;", "\n", "&", "&&", "||"))
_PIPES = frozenset(("|", "|&"))


class Redirect(NamedTuple):
    """`operator` without its file descriptor: > >> < << <<< >& <& &> &>>."""

    operator: str
    descriptor: str
    target: Token


class Command(NamedTuple):
    """One simple command."""

    words: tuple[Token, ...]
    redirects: tuple[Redirect, ...]
    line: int
    condition: str = ""
    function: str = ""
    variable: str = ""
    """For the header of a loop: the variable that takes the words in turn."""


class Pipeline(NamedTuple):
    """Commands tied by pipes."""

    commands: tuple[Command, ...]
    is_background: bool = False


def parse(tokens: list[Token], source: str, dialect: Dialect) -> list[Pipeline]:
    """Group tokens; never raises, whatever is not understood is taken as words."""
    grouper = _Grouper(tokens, source) if dialect is Dialect.POSIX else _BatchGrouper(tokens, source)
    grouper.run()
    return grouper.pipelines


class _Grouper:
    def __init__(self, tokens: list[Token], source: str) -> None:
        self._tokens = tokens
        self._source = source
        self._at = 0
        self._words: list[Token] = []
        self._redirects: list[Redirect] = []
        self._commands: list[Command] = []
        self._conditions: list[str] = []
        self._guard = ""
        self._functions: list[tuple[str, int]] = []
        self._pending_function = ""
        self._braces = 0
        self._parens = 0
        self.pipelines: list[Pipeline] = []

    def run(self) -> None:
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.operator:
                self._operator(token)
            elif self._words or not self._reserved(token):
                self._words.append(token)
        self._end_pipeline("\n")

    def _operator(self, token: Token) -> None:
        operator = token.operator
        bare = operator.lstrip("0123456789")
        if bare in _CONNECTORS:
            self._end_pipeline(bare)
        elif bare in _PIPES:
            self._end_command()
        elif bare == "(":
            self._open_paren()
        elif bare == ")":
            self._close_paren()
        else:
            self._redirect(bare, operator)

    def _open_paren(self) -> None:
        following = self._tokens[self._at].operator if self._at < len(self._tokens) else ""
        if len(self._words) == 1 and following == ")":
            self._pending_function = self._words.pop().literal
            self._at += 1
        else:
            self._parens += 1
            self._end_pipeline("")

    def _close_paren(self) -> None:
        if self._parens:
            self._parens -= 1
            self._end_pipeline(")")
        else:
            # A closing bracket nobody opened ends a pattern of `case`, which is no command.
            self._words, self._redirects, self._commands = [], [], []

    def _redirect(self, bare: str, operator: str) -> None:
        if ">&" in bare and bare != ">&":
            return
        if self._at < len(self._tokens) and not self._tokens[self._at].operator:
            descriptor = operator[0] if operator[0].isdigit() else ""
            self._redirects.append(Redirect(bare.rstrip("|-"), descriptor, self._tokens[self._at]))
            self._at += 1

    def _reserved(self, token: Token) -> bool:
        word = "" if token.is_quoted else token.literal
        if word in _HEAD_WORDS:
            self._conditions.append(self._test_text(token))
        elif word == "else":
            self._conditions[-1:] = [f"not ({self._conditions[-1]})"[:MAX_CONDITION]] if self._conditions else []
        elif word in _END_WORDS:
            del self._conditions[-1:]
        elif word == "function" and self._at < len(self._tokens):
            self._pending_function = self._tokens[self._at].literal
            self._at += 1
        elif word in ("{", "}"):
            self._brace(word)
        elif word in ("for", "select", "case"):
            self._header(word, token)
        else:
            return word in _BODY_WORDS or word == "!"
        return True

    def _brace(self, word: str) -> None:
        if word == "{":
            self._braces += 1
            if self._pending_function:
                self._functions.append((self._pending_function, self._braces))
                self._pending_function = ""
            return
        if self._functions and self._functions[-1][1] == self._braces:
            self._functions.pop()
        self._braces = max(0, self._braces - 1)

    def _header(self, word: str, token: Token) -> None:
        """Read `for NAME in WORDS` as an assignment of the words, `case WORD in` as a condition."""
        words = []
        while self._at < len(self._tokens) and self._tokens[self._at].operator not in (";", "\n", "(", ")"):
            self._at += 1
            if word == "case" and self._tokens[self._at - 1].literal == "in":
                break
            words.append(self._tokens[self._at - 1])
        if word == "case":
            last = words[-1].end if words else token.end
            self._conditions.append(self._source[token.start : last][:MAX_CONDITION])
            return
        if len(words) > 2:
            values, name = tuple(words[2:]), words[0].literal
            self._commands.append(Command(values, (), token.line, self._condition(), self._function(), name))
            self._end_pipeline(";")
        self._conditions.append("")

    def _test_text(self, token: Token) -> str:
        end = self._at
        while end < len(self._tokens) and self._tokens[end].literal not in ("then", "do") and end - self._at < 40:
            end += 1
        last = self._tokens[end - 1].end if end > self._at else token.end
        return self._source[token.end : last].strip(" ;\n")[:MAX_CONDITION]

    def _condition(self) -> str:
        return self._guard or next((text for text in reversed(self._conditions) if text), "")

    def _function(self) -> str:
        return self._functions[-1][0] if self._functions else ""

    def _end_command(self) -> None:
        if self._words or self._redirects:
            line = self._words[0].line if self._words else self._redirects[0].target.line
            command = Command(tuple(self._words), tuple(self._redirects), line, self._condition(), self._function())
            self._commands.append(command)
        self._words, self._redirects = [], []

    def _end_pipeline(self, connector: str) -> None:
        self._end_command()
        if self._commands:
            self.pipelines.append(Pipeline(tuple(self._commands), connector == "&"))
        self._guard = self._guard_text() if connector in ("&&", "||") and self._commands else ""
        self._commands = []

    def _guard_text(self) -> str:
        words = self._commands[-1].words
        first = words[0].literal if words else ""
        if first not in ("[", "[[", "test", "command", "which", "grep"):
            return self._guard
        return self._source[words[0].start : words[-1].end][:MAX_CONDITION]


class _BatchGrouper(_Grouper):
    """`if` and `for` of cmd.exe, which need no end word."""

    def __init__(self, tokens: list[Token], source: str) -> None:
        super().__init__(tokens, source)
        self._block_has_condition: list[bool] = []

    def _reserved(self, token: Token) -> bool:
        word = "" if token.is_quoted else token.literal.lower()
        if word == "if":
            self._guard = self._if_text(token)
        elif word == "for":
            while self._at < len(self._tokens) and self._tokens[self._at].literal.lower() != "do":
                self._at += 1
            self._at += 1
        else:
            return word in ("else", "do") or word.startswith(":") or word == "@"
        return True

    def _if_text(self, token: Token) -> str:
        start = self._at
        while self._literal(0) in ("/i", "not"):
            self._at += 1
        if self._literal(0) in ("exist", "defined", "errorlevel"):
            self._at += 2
        elif self._literal(1) in _COMPARISONS:
            self._at += 3
        else:
            self._at += 1
        self._at = min(self._at, len(self._tokens))
        last = self._tokens[self._at - 1].end if self._at > start else token.end
        return self._source[token.end : last].strip()[:MAX_CONDITION]

    def _literal(self, ahead: int) -> str:
        at = self._at + ahead
        return self._tokens[at].literal.lower() if at < len(self._tokens) else ""

    def _open_paren(self) -> None:
        guard = self._guard
        super()._open_paren()
        self._block_has_condition.append(bool(guard))
        if guard:
            self._conditions.append(guard)

    def _close_paren(self) -> None:
        super()._close_paren()
        if self._block_has_condition and self._block_has_condition.pop():
            del self._conditions[-1:]


_COMPARISONS = frozenset(("==", "equ", "neq", "lss", "leq", "gtr", "geq"))
