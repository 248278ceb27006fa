"""Compiled Python whose source is not in the artifact, and the layers that compiled files hold."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from packamal.capability import Capability
from packamal.detectors.base import Observed, Package
from packamal.detectors.decode import marshal_source, read_pyc_header
from packamal.detectors.pickles import dangerous_calls, read_unit
from packamal.detectors.units import Language, Unit
from packamal.detectors.witness import Witness

MAX_COMPILED = 200
"""Compiled files of one artifact that are written out as source."""
_TAG = re.compile(r"\.(?:cpython|pypy|jython|pyston)-?[\w.]*$")


def detect(package: Package) -> Observed:
    """Note compiled files without their source."""
    witness = Witness(package)
    paths = {unit.path for unit in package.units}
    for unit in package.units:
        if is_compiled(unit) and source_of(unit.path) not in paths:
            witness.saw(unit, Capability.BYTECODE_ONLY, unit.path)
    return witness.observed()


def is_compiled(unit: Unit) -> bool:
    """Tell compiled Python by its header; a broken header counts under the right name."""
    if unit.parent:
        return False
    return unit.path.endswith((".pyc", ".pyo")) or read_pyc_header(unit.data) is not None


def source_of(path: str) -> str:
    """Path of the source a compiled file was made from."""
    folder, name = posixpath.split(path)
    if posixpath.basename(folder) == "__pycache__":
        folder = posixpath.dirname(folder)
    stem = _TAG.sub("", re.sub(r"(?:\.opt-\d)?\.py[co]$", "", name))
    return posixpath.join(folder, stem + ".py")


def layers_of(unit: Unit, package: Mapping[str, Unit]) -> tuple[Unit, ...]:
    """Layers a member holds that no front end sees: compiled code and pickles that call, as pseudo source.

    `package` is every member by path; a compiled file beside its source has no layer, since the source is read.
    """
    if unit.parent:
        return ()
    if is_compiled(unit):
        if source_of(unit.path) in package:
            return ()
        return _layer(unit, marshal_source(unit.data), "marshal")
    reading = read_unit(unit)
    if reading is not None and dangerous_calls(reading):
        return _layer(unit, reading.source, "pickle")
    return ()


def _layer(unit: Unit, source: str, step: str) -> tuple[Unit, ...]:
    if not source.strip():
        return ()
    return (
        Unit(
            name=f"{unit.name}!{step}",
            path=unit.path,
            data=source.encode("utf-8", "replace"),
            language=Language.PYTHON,
            role=unit.role,
            reason=unit.reason,
            parent=unit.name,
            steps=(step,),
        ),
    )
