"""What index and manifest say about one artifact, and where it stands, for the detectors that read metadata."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from packamal.capability import Capability
from packamal.detectors.base import Package
from packamal.detectors.sighting import shorten
from packamal.detectors.units import Unit
from packamal.ecosystems.base import Metadata
from packamal.model import SNIPPET_CHARS, TARGET_CHARS, Evidence, Origin, Role, Signal

_MANIFESTS = {
    "package.json": "npm",
    "PKG-INFO": "pypi",
    "METADATA": "pypi",
    "pyproject.toml": "pypi",
    "setup.py": "pypi",
}


@dataclass(frozen=True, slots=True)
class Dossier:
    """One artifact's papers."""

    package: Package
    own: Metadata
    """What the artifact says about itself; what the index says where it carries nothing."""
    index: Metadata | None
    manifest: Metadata | None
    ecosystem: str
    """pypi, npm, or empty."""
    unit: Unit | None
    """The manifest itself."""

    def signal(self, capability: Capability, target: str, needle: str = "") -> Signal:
        """Say something about the package, pointing at the line of the manifest that holds `needle`.

        Papers speak about the whole package and count from the moment it is chosen, so the role is install: in a rule
        that ties them to code, the code's role is the weaker one and decides.
        """
        evidence = Evidence(self.package.artifact.filename, self.unit.path if self.unit else "")
        found = self.unit.data.find(needle.encode()) if self.unit and needle else -1
        if self.unit and found >= 0:
            line = self.unit.data.count(b"\n", 0, found) + 1
            start = max(self.unit.data.rfind(b"\n", 0, found) + 1, found - SNIPPET_CHARS // 2)
            text = self.unit.data[start : start + SNIPPET_CHARS].partition(b"\n")[0].decode("utf-8", "replace")
            evidence = Evidence(evidence.artifact, evidence.path, line, shorten(text.strip(), SNIPPET_CHARS))
        return Signal(capability, Role.INSTALL, Origin.METADATA, evidence, shorten(target, TARGET_CHARS))


def open_dossier(package: Package) -> Dossier | None:
    """Gather the papers of an artifact; None when nobody says anything about it."""
    index, manifest = (package.metadata.get(name) for name in ("index", "manifest"))
    index = index if isinstance(index, Metadata) else None
    manifest = manifest if isinstance(manifest, Metadata) and manifest != Metadata() else None
    own = manifest or index
    if own is None:
        return None
    unit = _manifest_unit(package)
    purl = package.artifact.purl
    ecosystem = purl.removeprefix("pkg:").partition("/")[0] if purl else ""
    if not ecosystem and unit is not None:
        ecosystem = _MANIFESTS[posixpath.basename(unit.path)]
    return Dossier(package, own, index, manifest, ecosystem, unit)


def _manifest_unit(package: Package) -> Unit | None:
    """The manifest nearest to the root, in the order of the table."""
    order = list(_MANIFESTS)
    found = [unit for unit in package.units if not unit.parent and posixpath.basename(unit.path) in _MANIFESTS]
    return min(
        found,
        key=lambda unit: (order.index(posixpath.basename(unit.path)) > 2, unit.path.count("/"), unit.path),
        default=None,
    )
