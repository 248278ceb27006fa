"""What the index and the package's own manifest say that is odd: versions, scripts, dependencies, disagreements.

Most of it is weak alone; rules tie it to what the code does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packamal.capability import Capability
from packamal.detectors.base import Observed, Package
from packamal.detectors.content import is_empty
from packamal.detectors.descriptions import oddity_of
from packamal.detectors.dossier import Dossier, open_dossier
from packamal.detectors.people import odd_address
from packamal.detectors.popular import normalised, popular
from packamal.detectors.typosquat import Slip, squat_of
from packamal.ecosystems.base import Metadata
from packamal.model import Signal

WINNING_MAJOR = 90
"""Major versions from here on are chosen to win over an internal package; calendar versions are above 2000."""
HIGH_MAJOR = 20
"""A major version that nobody begins with."""
FEW_RELEASES = 2
CALENDAR_MAJOR, LAST_YEAR = 1990, 2100
MAX_DEPENDENCIES = 300
"""Dependencies that are looked at; the longest lists of real packages have some 200."""
LIFECYCLE = ("preinstall", "install", "postinstall")
BUILD_SCRIPT = re.compile(r"^(?:node-gyp rebuild|prebuild-install|node-gyp-build|node-pre-gyp|husky|patch-package)\b")
_MAJOR = re.compile(r"^[v=]?(\d{1,9})(?:\.|$)")
_REPEATED = re.compile(r"^([6-9]{1,2}|69)(?:\.\1){1,3}$")
_NINES = re.compile(r"^9+(?:\.9+){1,3}$")
_ZERO = re.compile(r"^0(?:\.0){0,3}$")
_ADDRESS = re.compile(
    r"^(?:git\+|git:|git@|https?:|ssh:|file:|github:|gitlab:|bitbucket:|gist:)|@\s*(?:git\+|https?:|file:)"
    r"|^[\w.-]+/[\w.-]+(?:#.*)?$"
)
_HOSTED = re.compile(r"(?:github|gitlab|bitbucket)\.\w+[/:][\w.-]+/([\w.-]+?)(?:\.git)?/?(?:[#?/].*)?$")
_COMMON_SLIPS = (Slip.LETTER, Slip.AFFIX)
"""What honest families of packages do: name2 beside name, jaraco.test beside jaraco.text."""
MAX_LINK = 300
FAMOUS_PROJECTS = 2_000
"""Rank up to which somebody else's repository is recognised by its name."""


def detect(package: Package) -> Observed:
    """Compare and weigh the metadata of one artifact."""
    dossier = open_dossier(package)
    if dossier is None:
        return Observed()
    signals = [signal for look in _LOOKS for signal in look(dossier)]
    if is_empty(package):
        signals.append(dossier.signal(Capability.META_EMPTY, "nothing but packaging files"))
    return Observed(tuple(signals))


def _version(dossier: Dossier) -> Iterator[Signal]:
    version = dossier.own.version
    known = popular(dossier.ecosystem)
    if known and normalised(dossier.own.name, dossier.ecosystem) in known.names:
        return
    if _is_made_to_win(version, dossier.index.release_count if dossier.index else 0):
        yield dossier.signal(Capability.META_CONFUSION, version, version)
    elif _REPEATED.match(version) or _ZERO.match(version):
        yield dossier.signal(Capability.META_VERSION, version, version)


def _is_made_to_win(version: str, releases: int) -> bool:
    found = _MAJOR.match(version)
    major = int(found[1]) if found else 0
    if WINNING_MAJOR <= major < CALENDAR_MAJOR or _NINES.match(version):
        return True
    if HIGH_MAJOR <= major < CALENDAR_MAJOR and 0 < releases <= FEW_RELEASES:
        return True
    return major > LAST_YEAR and not _is_date(major)


def _is_date(number: int) -> bool:
    """True for 20261124 and the like."""
    return 19900101 <= number <= 20991231


def _scripts(dossier: Dossier) -> Iterator[Signal]:
    for name, script in dossier.own.scripts:
        if name in LIFECYCLE and not BUILD_SCRIPT.match(script.strip()):
            yield dossier.signal(Capability.META_INSTALL_SCRIPT, f"{name}: {script}", f'"{name}"')


def _dependencies(dossier: Dossier) -> Iterator[Signal]:
    for name, constraint in dossier.own.dependencies[:MAX_DEPENDENCIES]:
        if _ADDRESS.search(constraint):
            yield dossier.signal(Capability.META_URL_DEPENDENCY, f"{name} {constraint}", constraint)
        squat = squat_of(name, dossier.ecosystem)
        if squat and squat.slip not in _COMMON_SLIPS and squat.name != normalised(dossier.own.name, dossier.ecosystem):
            yield dossier.signal(Capability.META_DEPENDENCY, f"{name}, close to {squat.name}: {squat.slip}", name)


def _description(dossier: Dossier) -> Iterator[Signal]:
    found = oddity_of(dossier.own, dossier.ecosystem)
    if found:
        yield dossier.signal(Capability.META_DESCRIPTION, *found)


def _repository(dossier: Dossier) -> Iterator[Signal]:
    """None at all, or the one of a popular project of another name."""
    link = dossier.own.repository or dossier.own.homepage
    if not link and not (dossier.index and (dossier.index.repository or dossier.index.homepage)):
        yield dossier.signal(Capability.META_REPOSITORY, "neither repository nor home page")
        return
    known, hosted = popular(dossier.ecosystem), _HOSTED.search(link[:MAX_LINK])
    if known is None or hosted is None:
        return
    own, other = (normalised(name, dossier.ecosystem) for name in (dossier.own.name, hosted[1]))
    is_other = other not in own and own.rpartition("/")[2] not in other
    if own not in known.names and is_other and other in known.targets[:FAMOUS_PROJECTS]:
        yield dossier.signal(Capability.META_REPOSITORY, f"the repository of {other}: {link}", link)


def _maintainers(dossier: Dossier) -> Iterator[Signal]:
    for person in (dossier.own.author, *dossier.own.maintainers):
        if found := odd_address(person):
            yield dossier.signal(Capability.META_MAINTAINER, found, found)
            return


def _disagreements(dossier: Dossier) -> Iterator[Signal]:
    """Manifest confusion: what the index shows is not what is installed."""
    index, manifest = dossier.index, dossier.manifest
    if index is None or manifest is None:
        return
    for what, shown, real in _differences(index, manifest, dossier.ecosystem):
        yield dossier.signal(Capability.META_MISMATCH, f"{what}: {shown or 'none'} in the index, {real} here", real)


def _differences(index: Metadata, manifest: Metadata, ecosystem: str) -> Iterator[tuple[str, str, str]]:
    """(what, what the index shows, what the archive holds)"""
    names = [normalised(name, ecosystem) for name in (index.name, manifest.name)]
    if all(names) and names[0] != names[1]:
        yield "name", index.name, manifest.name
    if index.version and manifest.version and _plain(index.version) != _plain(manifest.version):
        yield "version", index.version, manifest.version
    if ecosystem != "npm":
        return
    shown = dict(index.scripts)
    for name, script in manifest.scripts:
        if name in LIFECYCLE and shown.get(name) != script:
            yield f"{name} script", shown.get(name, ""), script
    known = dict(index.dependencies)
    for name, constraint in manifest.dependencies[:MAX_DEPENDENCIES]:
        if name not in known:
            yield "dependency", "", f"{name} {constraint}"


def _plain(version: str) -> str:
    """A version without the spellings that mean the same: v1.0, 1.0.0, 1.0-rc1, 1.0+build."""
    return re.sub(r"(?:\.0)+$", "", re.sub(r"[-_]", "", version.lower().removeprefix("v").partition("+")[0]))


_LOOKS = (_version, _scripts, _dependencies, _description, _repository, _maintainers, _disagreements)
