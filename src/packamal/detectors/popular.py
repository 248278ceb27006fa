"""The names of popular packages, as shipped or from a fresher list: what others would like to be taken for."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from packamal.lists import list_path

TARGETS = 12_000
"""Names that others imitate: the first of the list. The rest is only known to be no imitation itself."""
_LOOKALIKES = str.maketrans("01345789", "oleastbg", "-_.")
_WITHOUT_DELIMITERS = str.maketrans("", "", "-_.")
_PYPI_DELIMITERS = re.compile(r"[-_.]+")
_FILES = {"pypi": "popular-pypi.txt", "npm": "popular-npm.txt"}


class Popular:
    """The list of one ecosystem, most popular first, with the forms that names are compared in."""

    def __init__(self, text: str) -> None:
        body = "\n".join(line for line in text.split("\n", 8) if line and line[0] != "#").rstrip("\n")
        names = body.split("\n")
        self.names = frozenset(names)
        self.targets = names[:TARGETS]
        head = "\n".join(self.targets)
        self.bare = head.translate(_WITHOUT_DELIMITERS).split("\n")
        self.seen = _seen(head).split("\n")
        """The targets as a reader in a hurry sees them."""
        self.scopes = frozenset(name.partition("/")[0] for name in names if name[0] == "@")


def popular(ecosystem: str) -> Popular | None:
    """Load a list once; None for ecosystems without one. Takes some milliseconds."""
    return _load(list_path(_FILES[ecosystem])) if ecosystem in _FILES else None


@functools.cache
def _load(path: Path) -> Popular:
    return Popular(path.read_text("utf-8"))


def normalised(name: str, ecosystem: str) -> str:
    """The name as the index compares it."""
    return _PYPI_DELIMITERS.sub("-", name).lower() if ecosystem == "pypi" else name.lower()


def bare(name: str) -> str:
    """The name without delimiters."""
    return name.translate(_WITHOUT_DELIMITERS)


def seen(name: str) -> str:
    """The name as it looks: digits and letters that are easily taken for each other made one, delimiters left out."""
    return _seen(name)


def _seen(text: str) -> str:
    return text.translate(_LOOKALIKES).replace("rn", "m").replace("vv", "w").replace("i", "l")
