"""Evaluates words: variables, substitutions and escapes become values with a text and an origin."""

from __future__ import annotations

import re
from collections.abc import Callable

from packamal.detectors.facts import Arg
from packamal.detectors.shell.ledger import Ledger, Where, constant, join, unknown
from packamal.detectors.shell.lexer import Part, PartKind, Token

_POSITIONAL = re.compile(r"[0-9@*#?$!-]|~.*")
Substitute = Callable[[str, Where], Arg]
"""Reads the commands of a substitution and gives the value of their output."""


class Words:
    """The variables of one text, and the values of its words."""

    def __init__(self, ledger: Ledger, substitute: Substitute, folds_case: bool) -> None:
        self._ledger = ledger
        self._folds_case = folds_case
        self._substitute = substitute
        self._variables: dict[str, Arg] = {}

    def value(self, token: Token, where: Where) -> Arg:
        """Evaluate a word."""
        if not token.parts:
            return constant("")
        return join([self._part(part, where) for part in token.parts])

    def assign(self, name: str, value: Arg, is_appended: bool = False) -> None:
        """Set a variable."""
        key = self._key(name)
        if is_appended and key in self._variables:
            value = join([self._variables[key], value])
        self._variables[key] = value

    def _key(self, name: str) -> str:
        return name.lower() if self._folds_case else name

    def _part(self, part: Part, where: Where) -> Arg:
        if part.kind is PartKind.LITERAL:
            return constant(part.text)
        if part.kind is PartKind.SUBSTITUTION:
            return self._substitute(part.text, where)
        name, _, default = part.text.partition(":-")
        known = self._variables.get(self._key(name))
        if known is not None:
            return known
        if _POSITIONAL.fullmatch(name):
            return Arg(text=f"{{{name}}}")
        used = self._ledger.use(f"shell.env.{name}", where)
        if default and "$" not in default:
            return Arg(text=default, sources=frozenset((used,)))
        return unknown(frozenset((used,)), name)


def split_assignment(token: Token) -> tuple[str, Token, bool] | None:
    """Split `NAME=value` into name, the word of the value, and whether it is appended; None for other words."""
    if not token.parts or token.parts[0].kind is not PartKind.LITERAL:
        return None
    match = _ASSIGNMENT.match(token.parts[0].text)
    if match is None:
        return None
    rest = token.parts[0].text[match.end() :]
    parts = ((Part(PartKind.LITERAL, rest),) if rest else ()) + token.parts[1:]
    return match.group(1), token._replace(parts=parts), bool(match.group(2))


_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
