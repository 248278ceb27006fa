"""What an archive holds, once it is in memory."""

from __future__ import annotations

import enum
from typing import NamedTuple


class AnomalyKind(enum.StrEnum):
    """What is odd about an archive; each is a signal `archive.*` and never ends the reading of the rest."""

    LINK = "link"
    PATH = "path"
    DEVICE = "device"
    DUPLICATE = "duplicate"
    CASE = "case"
    TRAILING = "trailing"
    ENCRYPTED = "encrypted"
    NESTED = "nested"
    BOMB = "bomb"
    BROKEN = "broken"
    HIDDEN = "hidden"


class Member(NamedTuple):
    """One regular file, or a link in a tar with the content of the file of the same archive that it points to."""

    path: str
    """Cleaned to a relative posix path without `..` or control characters; undecodable bytes are U+FFFD.
    A file inside an inner archive: `outer.zip!/inner/path`."""
    data: bytes
    mode: int = 0o644
    copy: int = 0
    """0 for the first member of this path, 1, 2 ... for later ones of the same path."""


class Anomaly(NamedTuple):
    """Something odd, at a path (empty: the archive itself)."""

    kind: AnomalyKind
    path: str
    detail: str


class Unpacked(NamedTuple):
    """What could be read; `problems` are one-line texts about what could not (then the analysis is incomplete)."""

    kind: str
    """zip, tar, tar.gz, tar.bz2, tar.xz, tar.zst, gem, directory, file (one compressed file)"""
    members: tuple[Member, ...]
    anomalies: tuple[Anomaly, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """One-line texts for people about what was cut without harm to the answer (the tail of a huge native library)."""
