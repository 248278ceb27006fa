"""What the index and the package's own manifest say that is odd: versions, scripts, dependencies, disagreements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packamal.capability import Capability
from packamal.detectors.base import Observed, Package
from packamal.ecosystems.base import Metadata
from packamal.model import TARGET_CHARS, Evidence, Origin, Role, Signal

WINNING_MAJOR = 90
"""Major versions from here on are chosen to win over an internal package; calendar versions are above 2000."""
CALENDAR_MAJOR = 1990
LIFECYCLE = ("preinstall", "install", "postinstall")
BUILD_SCRIPT = re.compile(r"^(?:node-gyp rebuild|prebuild-install|node-gyp-build|node-pre-gyp|husky|patch-package)\b")
_MAJOR = re.compile(r"^[v=]?(\d+)(?:\.|$)")
_ADDRESS = re.compile(r"^(?:git\+|https?://|git://|ssh://|file:|github:|gitlab:|bitbucket:)|@\s*(?:git\+|https?://)")


def detect(package: Package) -> Observed:
    """Compare and weigh the metadata of one artifact."""
    index, manifest = (package.metadata.get(name) for name in ("index", "manifest"))
    own = manifest if isinstance(manifest, Metadata) else index if isinstance(index, Metadata) else None
    if own is None:
        return Observed()
    signals = [_signal(package, *found) for found in _oddities(own)]
    if isinstance(index, Metadata) and isinstance(manifest, Metadata):
        signals += [_signal(package, *found) for found in _disagreements(index, manifest)]
    return Observed(tuple(signals))


def _oddities(own: Metadata) -> Iterator[tuple[Capability, str]]:
    major = _MAJOR.match(own.version)
    if major and WINNING_MAJOR <= int(major.group(1)[:6]) < CALENDAR_MAJOR:
        yield Capability.META_CONFUSION, own.version
    for name, script in own.scripts:
        if name in LIFECYCLE and not BUILD_SCRIPT.match(script.strip()):
            yield Capability.META_INSTALL_SCRIPT, f"{name}: {script}"
    for name, constraint in own.dependencies:
        if _ADDRESS.search(constraint):
            yield Capability.META_URL_DEPENDENCY, f"{name} {constraint}"


def _disagreements(index: Metadata, manifest: Metadata) -> Iterator[tuple[Capability, str]]:
    """Manifest confusion: what the index shows is not what is installed."""
    if manifest.version and index.version and manifest.version != index.version:
        yield Capability.META_MISMATCH, f"version {index.version} in the index, {manifest.version} in the archive"
    known = dict(index.scripts)
    for name, script in manifest.scripts:
        if name in LIFECYCLE and index.scripts and known.get(name) != script:
            yield Capability.META_MISMATCH, f"{name} script only in the archive: {script}"


def _signal(package: Package, capability: Capability, target: str) -> Signal:
    path = next((unit.path for unit in package.units if unit.path.endswith(_MANIFESTS)), "")
    evidence = Evidence(package.artifact.filename, path, snippet=target[:TARGET_CHARS])
    return Signal(capability, Role.NEVER, Origin.METADATA, evidence, target[:TARGET_CHARS])


_MANIFESTS = ("package.json", "PKG-INFO", "METADATA", "setup.py")
