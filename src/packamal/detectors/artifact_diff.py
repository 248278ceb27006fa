"""What a wheel holds that its sdist does not: the code that people read is not the code that people run.

Files of the sdist that no wheel carries (tests, docs, setup.py) are ordinary. The other way round a Python file was
either made by the build, as version files are, or put in by somebody.
"""

from __future__ import annotations

import enum
import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from packamal.capability import Capability
from packamal.detectors.base import Observed
from packamal.detectors.sighting import shorten
from packamal.detectors.units import Unit
from packamal.model import SNIPPET_CHARS, Evidence, Origin, Signal

MAX_SIGNALS = 20
"""Differences that are shown; a build that rewrites every file is told by a few."""
MAX_PARTS = 12
"""Folders from the end of a path that are compared; packages nest less deep."""
MIN_BYTES = 3
"""Files of a blank line or two say nothing."""
_GENERATED = re.compile(
    r"(?:_?_?version(?:_?info)?(?:__)?|__?about__|_?(?:build|git)_?info|__config__|_?generated_version|_meta)\.py$"
    r"|.*_pb2(?:_grpc)?\.py$"
)
_ACTS = re.compile(
    rb"\b(?:exec|eval|compile|__import__|getattr|open)\s*\(|\b(?:subprocess|socket|urllib|requests|httpx|base64|zlib|"
    rb"marshal|ctypes|importlib|codecs|binascii)\b|os\s*\.\s*(?:system|popen|environ)"
)
"""What no file does that only states a version."""
_INSTALL_FOLDER = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")
_PAPERS = re.compile(r"^[^/]+\.(?:dist-info|data)/")


class Kind(enum.StrEnum):
    """How a file of the wheel relates to the sdist; the value is what people read."""

    ONLY_IN_WHEEL = "stands only in the wheel"
    DIFFERS = "differs from the sdist"


class Difference(NamedTuple):
    """One Python file of the wheel."""

    unit: Unit
    kind: Kind
    line: int
    """First line that differs, 1-based; 1 when the whole file is new."""


def compare(sdist: Sequence[Unit], wheel: Sequence[Unit]) -> list[Difference]:
    """Every Python file of the wheel that the sdist does not hold in the same form, generated ones left out."""
    sources = _sources(sdist)
    contents = {_digest(unit.data) for unit in sdist if _is_python(unit)}
    found = []
    for unit in wheel:
        path = _installed(unit)
        if not path or len(unit.data) < MIN_BYTES or _digest(unit.data) in contents or _is_generated(path, unit.data):
            continue
        others = sources.get(path, ())
        kind = Kind.DIFFERS if others else Kind.ONLY_IN_WHEEL
        found.append(Difference(unit, kind, min((_first_difference(unit, other) for other in others), default=1)))
    return found


def signals_of(sdist: Sequence[Unit], wheel: Sequence[Unit], filename: str) -> Observed:
    """Make a signal of each difference; `filename` is the wheel's."""
    return Observed(tuple(_signal(found, filename) for found in compare(sdist, wheel)[:MAX_SIGNALS]))


def _signal(found: Difference, filename: str) -> Signal:
    unit = found.unit
    line = unit.data.split(b"\n", found.line)[found.line - 1 : found.line]
    snippet = shorten(b"".join(line)[: 4 * SNIPPET_CHARS].decode("utf-8", "replace").strip(), SNIPPET_CHARS)
    evidence = Evidence(filename, unit.path, found.line, snippet)
    return Signal(
        Capability.META_ARTIFACT_DIFF,
        unit.role,
        Origin.DIFF,
        evidence,
        f"{unit.path} {found.kind}",
        reason=unit.reason,
    )


def _is_python(unit: Unit) -> bool:
    return not unit.parent and "!/" not in unit.path and unit.path.endswith((".py", ".pth"))


def _installed(unit: Unit) -> str:
    """The path below site-packages of a Python file of a wheel; empty for anything else."""
    path = _INSTALL_FOLDER.sub("", unit.path)
    return path if _is_python(unit) and not _PAPERS.match(path) else ""


def _sources(sdist: Iterable[Unit]) -> Mapping[str, list[Unit]]:
    """Files by every end of their path, since `name-1.0/src/` or the like stands before what is installed."""
    found: dict[str, list[Unit]] = defaultdict(list)
    for unit in sdist:
        if _is_python(unit):
            parts = unit.path.split("/")
            for start in range(max(0, len(parts) - MAX_PARTS), len(parts)):
                found["/".join(parts[start:])].append(unit)
    return found


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(_plain(data), digest_size=16).digest()


def _plain(data: bytes) -> bytes:
    """Content without what builds and checkouts change: line ends, blanks behind a line, blank lines at the end."""
    return b"\n".join(line.rstrip() for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n")).rstrip()


def _is_generated(path: str, data: bytes) -> bool:
    return bool(_GENERATED.match(posixpath.basename(path))) and not _ACTS.search(data)


def _first_difference(one: Unit, other: Unit) -> int:
    lines = zip(_plain(one.data).split(b"\n"), _plain(other.data).split(b"\n"), strict=False)
    numbered = enumerate(lines, 1)
    return next((number for number, (line, counterpart) in numbered if line != counterpart), 1)
