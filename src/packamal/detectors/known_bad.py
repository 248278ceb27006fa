"""Files and artifacts whose digest stands in the list of known bad ones."""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from packamal.capability import Capability
from packamal.detectors.base import Observed, Package
from packamal.detectors.sighting import shorten
from packamal.lists import list_path
from packamal.model import TARGET_CHARS, Evidence, Origin, Role, Signal

MAX_SIGNALS = 20
_LINE = re.compile(r"([0-9a-f]{64})(?:[ \t]+(.*))?")


def detect(package: Package) -> Observed:
    """Look up the artifact and each of its members."""
    known = _known(list_path("known-bad.txt"))
    return Observed(tuple(itertools.islice(_signals(package, known), MAX_SIGNALS))) if known else Observed()


def _signals(package: Package, known: dict[str, str]) -> Iterator[Signal]:
    name = package.artifact.filename
    if (found := known.get(package.artifact.sha256)) is not None:
        yield _signal(Evidence(name), found)
    for unit in package.units:
        if not unit.parent and (found := known.get(hashlib.sha256(unit.data).hexdigest())) is not None:
            yield _signal(Evidence(name, unit.path), found)


def _signal(evidence: Evidence, what: str) -> Signal:
    return Signal(Capability.META_KNOWN_BAD, Role.INSTALL, Origin.METADATA, evidence, shorten(what, TARGET_CHARS))


@functools.cache
def _known(path: Path) -> dict[str, str]:
    """Digest -> what it is; lines that are none are left out."""
    lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
    return {found[1]: found[2] or "a known bad file" for line in lines if (found := _LINE.fullmatch(line.strip()))}
