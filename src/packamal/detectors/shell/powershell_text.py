"""A place in a PowerShell text: skipping, matching, and reading strings with what stands inside them."""

from __future__ import annotations

import re
from typing import NamedTuple

_BLANK = re.compile(r"(?:[ \t\r\f\v]|`\r?\n|<#.*?#>|#[^\n]*)+", re.S)
_SEPARATOR = re.compile(r"(?:[\s;]|`\r?\n|<#.*?#>|#[^\n]*)+", re.S)
_HERE_STRING = re.compile(r"@(['\"])[ \t]*\r?\n(.*?)\r?\n\1@", re.S)
_DOUBLE_RUN = re.compile(r"[^\"$`]+")
_SINGLE = re.compile(r"'((?:[^']|'')*)'?")
VARIABLE = re.compile(r"\$(?:\{([^}\n]{1,80})\}|([A-Za-z_][\w]*:)?([A-Za-z_]\w*|[?^$_]))")
_BACKTICKS = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "b": "\b", "e": "\x1b"}


class Piece(NamedTuple):
    """A piece of an expandable string: text, or the source of a variable or of `$(...)`."""

    text: str
    is_source: bool


class Cursor:
    """A position in the text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self._counted = (0, 1)

    @property
    def is_done(self) -> bool:
        """True at the end."""
        return self.at >= len(self.source)

    @property
    def char(self) -> str:
        """The character here, empty at the end."""
        return self.source[self.at : self.at + 1]

    @property
    def line(self) -> int:
        """1-based line of the position."""
        start, line = self._counted if self._counted[0] <= self.at else (0, 1)
        self._counted = (self.at, line + self.source.count("\n", start, self.at))
        return self._counted[1]

    def skip_blanks(self) -> None:
        """Pass over blanks, comments and continued lines."""
        self.take(_BLANK)

    def skip_separators(self) -> None:
        """Pass over blanks, line ends and semicolons."""
        self.take(_SEPARATOR)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Pass over a match that starts here."""
        match = pattern.match(self.source, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def take_text(self, text: str) -> bool:
        """Pass over a fixed text."""
        found = self.source.startswith(text, self.at)
        if found:
            self.at += len(text)
        return found

    def string(self) -> list[Piece]:
        """Read the string or here-string that starts here."""
        here = self.take(_HERE_STRING)
        if here is not None:
            return [Piece(here.group(2), False)] if here.group(1) == "'" else Cursor(here.group(2)).pieces('"""')
        if self.char == "'":
            match = self.take(_SINGLE)
            return [Piece(match.group(1).replace("''", "'") if match else "", False)]
        self.at += 1
        return self.pieces('"')

    def pieces(self, closing: str) -> list[Piece]:
        """Read an expandable string up to its closing quote; `\"\"\"` reads to the end."""
        out: list[Piece] = []
        while not self.is_done:
            char = self.char
            if char == closing:
                self.at += 1
                if self.char != closing:
                    break
                out.append(Piece(closing, False))
                self.at += 1
            elif char == "`":
                following = self.source[self.at + 1 : self.at + 2]
                out.append(Piece(_BACKTICKS.get(following, following), False))
                self.at += 2
            elif char == "$":
                out.append(self._dollar())
            else:
                run = self.take(_DOUBLE_RUN)
                out.append(Piece(run.group() if run else char, False))
                self.at += 0 if run else 1
        return out

    def _dollar(self) -> Piece:
        if self.source.startswith("$(", self.at):
            end = self.closing(self.at + 1)
            text = self.source[self.at + 2 : end]
            self.at = end + 1
            return Piece(text, True)
        match = self.take(VARIABLE)
        if match is None:
            self.at += 1
            return Piece("$", False)
        return Piece(match.group(), True)

    def closing(self, at: int) -> int:
        """Find the bracket that closes the one at `at`, strings respected; the end of the text where none does."""
        pairs = {"(": ")", "{": "}", "[": "]"}
        opening, wanted, depth = self.source[at], pairs[self.source[at]], 0
        interesting = re.compile(rf"[{re.escape(opening + wanted)}'\"`]")
        while (match := interesting.search(self.source, at)) is not None:
            char, at = match.group(), match.end()
            if char == "`":
                at += 1
            elif char in "'\"":
                end = self.source.find(char, at)
                at = len(self.source) if end < 0 else end + 1
            elif char == opening:
                depth += 1
            elif (depth := depth - 1) == 0:
                return match.start()
        return len(self.source)
