"""Descriptions that are nobody's own words: placeholders, confessions, copies of another package's text."""

from __future__ import annotations

import re

from packamal.detectors.popular import bare, normalised
from packamal.ecosystems.base import Metadata

MAX_DESCRIPTION = 200_000
"""Characters that are searched; real descriptions end below."""
_PLACEHOLDER = re.compile(
    r"(?:(?:a|an|my|the|this is an?|just an?)\s+)?(?:(?:small|simple|basic|first|cool|sample|example|test|demo|"
    r"python|npm|node|new|great|nice)\s+)*"
    r"(?:test|testing|tests|demo|example|sample|package|module|library|lib|project|helper|helpers|hello world|todo|"
    r"description|short description|package description|package upload test|my description|none|null|n/a|asdf?|\W+)?",
    re.IGNORECASE,
)
_CONFESSION = re.compile(
    r"dependency[ -]confusion|bug[ -]?bount|proof[ -]of[ -]concept|\bpoc\b|security research|white ?hat|"
    r"do(?:n'?t| not) (?:install|use|download)|malicious (?:pip |npm |python )?packages?|typo-?squat|"
    r"\bplace ?holder\b|reserved (?:name|package|for)|reverse shell|exfiltrat",
    re.IGNORECASE,
)
_INSTALL = re.compile(
    r"\b(?:pip3?|uv pip|npm)\s+(?:install|i)\s+(?:(?:-{1,2}[A-Za-z-]+)\s+){0,4}([A-Za-z0-9@][\w./-]{0,100})"
)


def oddity_of(own: Metadata, ecosystem: str) -> tuple[str, str] | None:
    """(what is odd, the words that show it), or None. An empty description is too common to be odd."""
    summary = own.summary.strip()[:500]
    if summary and _PLACEHOLDER.fullmatch(summary.rstrip(".! ")):
        return f"placeholder: {summary}", summary
    found = _CONFESSION.search(summary)
    if found:
        return f"says what it is: {summary}", found[0]
    other = _copied_from(own, ecosystem)
    return (f"tells to install {other} and does not name {own.name}", other) if other else None


def _copied_from(own: Metadata, ecosystem: str) -> str:
    """The package that the description belongs to: the one it tells to install, while its own name stands nowhere."""
    text = own.description[:MAX_DESCRIPTION]
    name = bare(own.name.lower().rpartition("/")[2])
    commands = [found[1].rstrip("./") for found in _INSTALL.finditer(text)]
    if not commands or not name or name in bare((own.summary + text).lower()):
        return ""
    others = [word for word in commands if normalised(word, ecosystem) != normalised(own.name, ecosystem)]
    return others[0] if others else ""
