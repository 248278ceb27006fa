"""Read Python units into facts; hostile source costs a note or a failure, never an exception."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence

from packamal.detectors.encodings import decode_python
from packamal.detectors.facts import Facts, Place
from packamal.detectors.pysource.calls import MAX_STEPS
from packamal.detectors.pysource.recorder import Recorder
from packamal.detectors.pysource.walker import Walker
from packamal.detectors.units import Unit

MAX_SOURCE = 4_000_000
"""Characters of one module that are parsed; generated tables are the only longer ones."""
PLAIN_ENCODINGS = {"utf-8", "utf-8-sig", "ascii", "us-ascii", "latin-1", "iso-8859-1", "iso8859-1", "cp1252", "utf8"}
_MACHINE_NAMES = re.compile(r"\b(?:_0x[0-9a-f]{4,}|[lI]{6,}|[O0o]{6,}|_{4,}[lI1O0]+|[0O]{3,}[o0O]{3,})\b")
_MACHINE_SHARE = 8
_FAR_RIGHT = re.compile(r"[^\s#][ \t]{200,}[^\s#\\]")
_PACKERS = re.compile(r"__pyarmor__|pyarmor_runtime|\b_pytransform\b|\bexec\(\(_\)\(b'")


def read(units: Sequence[Unit], package: Mapping[str, Unit]) -> Facts:
    """Read the facts of Python units."""
    del package
    recorder = Recorder()
    for unit in units:
        _read_unit(unit, recorder)
    return recorder.facts


def _read_unit(unit: Unit, recorder: Recorder) -> None:
    text, encoding = decode_python(unit.data)
    _notes(unit, text, encoding, recorder)
    if len(text) > MAX_SOURCE:
        recorder.facts.failures.append((unit.name, f"larger than {MAX_SOURCE} characters, not parsed"))
        return
    tree = _parsed(text)
    if tree is None:
        recorder.note("unparsable", Place(unit.name, 1))
        if unit.parent == "":
            _texts_of_broken(unit, text, recorder)
        return
    walker = Walker(unit, recorder)
    try:
        walker.read(tree)
    except RecursionError:
        recorder.note("limit", Place(unit.name, 1), "nesting")
        recorder.facts.failures.append((unit.name, "nested too deep to be read whole"))
    if walker.steps >= MAX_STEPS:
        recorder.note("limit", Place(unit.name, 1), "steps")
        recorder.facts.failures.append((unit.name, "too much computation to be read whole"))


def _parsed(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


_LITERAL = re.compile(r"'([^'\n]{4,2000})'|\"([^\"\n]{4,2000})\"")
MAX_LITERALS = 2_000


def _texts_of_broken(unit: Unit, text: str, recorder: Recorder) -> None:
    """Source that does not parse still shows its texts."""
    for number, match in enumerate(_LITERAL.finditer(text)):
        if number >= MAX_LITERALS:
            break
        line = text.count("\n", 0, match.start()) + 1
        recorder.text(match.group(1) or match.group(2), Place(unit.name, line))


def _notes(unit: Unit, text: str, encoding: str, recorder: Recorder) -> None:
    here = Place(unit.name, 1)
    if encoding.lower().replace("_", "-") not in PLAIN_ENCODINGS:
        recorder.note("odd-encoding", here, encoding)
    if len(set(_MACHINE_NAMES.findall(text[:200_000]))) >= _MACHINE_SHARE:
        recorder.note("hex-names", here)
    match = _FAR_RIGHT.search(text[:2_000_000]) if " " * 200 in text or "\t" * 200 in text else None
    if match:
        recorder.note("dead-long-line", Place(unit.name, text.count("\n", 0, match.start()) + 1))
    if packer := _PACKERS.search(text[:2_000_000]):
        recorder.note("packed", here, packer.group())
