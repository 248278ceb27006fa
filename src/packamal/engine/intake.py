"""From a target to subjects: fetch or read what is to be judged and open it in memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from packageurl import PackageURL

from packamal.archive import Unpacked, read_directory, unpack
from packamal.archive.limits import DEFAULT
from packamal.ecosystems import ECOSYSTEMS
from packamal.ecosystems.base import Ecosystem, Metadata, RemoteFile
from packamal.engine.analysis import Subject
from packamal.engine.progress import Progress
from packamal.errors import AnalysisError, ArchiveError, FetchError, TargetError
from packamal.http.access import Access
from packamal.model import Artifact, Problem
from packamal.targets import Target, TargetKind

_SDIST = re.compile(r"\.(?:tar\.(?:gz|bz2|xz|zst)|tgz|zip)$", re.IGNORECASE)
_MANIFEST_NAMES = ("package.json", "PKG-INFO", "METADATA")


@dataclass(frozen=True, slots=True)
class Intake:
    """Everything a scan starts from."""

    purl: str
    subjects: tuple[Subject, ...]
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def take_in(target: Target, offline: bool, report: Callable[[Progress], None]) -> Intake:
    """Fetch or read a target. Raises TargetError, NotFoundError, FetchError, ArchiveError."""
    if target.kind is TargetKind.PACKAGE:
        assert target.purl is not None
        if offline:
            raise TargetError(f"{target.raw} must be fetched, and the network is off: leave out --offline")
        return _from_index(target.purl, report)
    assert target.path is not None
    report(Progress("archive", target.raw))
    if target.kind is TargetKind.DIRECTORY:
        subject = _of_directory(target.path)
    else:
        subject = subject_of(_read(target.path), target.path.name)
    return Intake(subject.artifact.purl, (subject,))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(DEFAULT.archive_bytes + 1)
    except OSError as error:
        raise TargetError(f"{path.name}: cannot be read: {error.strerror}") from error
    if len(content) > DEFAULT.archive_bytes:
        raise ArchiveError(f"{path.name}: larger than {DEFAULT.archive_bytes} bytes, the most that is opened")
    return content


def subject_of(content: bytes, filename: str) -> Subject:
    """A local archive: its kind by what it holds, its name by its own manifest. Raises ArchiveError."""
    unpacked = unpack(content, filename)
    kind, ecosystem = kind_of(unpacked, filename)
    manifest = manifest_of(unpacked, ecosystem)
    artifact = Artifact(
        purl=_purl(ecosystem, manifest),
        filename=filename,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        kind=kind,
    )
    return Subject(artifact, unpacked, ecosystem, {"index": None, "manifest": manifest})


def _of_directory(path: Path) -> Subject:
    unpacked = read_directory(path)
    digest = hashlib.sha256()
    for member in sorted(unpacked.members):
        digest.update(f"{member.path}\0{hashlib.sha256(member.data).hexdigest()}\n".encode())
    _, ecosystem = kind_of(unpacked, path.name)
    manifest = manifest_of(unpacked, ecosystem)
    size = sum(len(member.data) for member in unpacked.members)
    name = path.resolve().name
    artifact = Artifact(_purl(ecosystem, manifest), name, digest.hexdigest(), size, "directory")
    return Subject(artifact, unpacked, ecosystem, {"index": None, "manifest": manifest})


def kind_of(unpacked: Unpacked, filename: str) -> tuple[str, str]:
    """(artifact kind, ecosystem) by file name and content; the archive's format and no ecosystem when unknown."""
    if filename.lower().endswith(".whl"):
        return "wheel", "pypi"
    heads = {path for member in unpacked.members if (path := member.path).count("/") <= 1}
    names = {path.rpartition("/")[2] for path in heads}
    if "package/package.json" in heads or "package.json" in heads:
        return "npm", "npm"
    if names & {"PKG-INFO", "setup.py"} and _SDIST.search(filename):
        return "sdist", "pypi"
    if names & {"setup.py", "pyproject.toml", "PKG-INFO"}:
        return unpacked.kind, "pypi"
    return ("npm", "npm") if "package.json" in names else (unpacked.kind, "")


def manifest_of(unpacked: Unpacked, ecosystem: str) -> Metadata | None:
    """The metadata an artifact carries itself."""
    if ecosystem not in ECOSYSTEMS:
        return None
    files = {member.path: member.data for member in unpacked.members if member.path.endswith(_MANIFEST_NAMES)}
    return ECOSYSTEMS[ecosystem](Access()).manifest(files)


def _purl(ecosystem: str, manifest: Metadata | None) -> str:
    if manifest is None or not manifest.name:
        return ""
    namespace, _, name = manifest.name.rpartition("/")
    try:
        return PackageURL(ecosystem, namespace or None, name, manifest.version or None).to_string()
    except ValueError:
        return ""


def _from_index(purl: PackageURL, report: Callable[[Progress], None]) -> Intake:
    report(Progress("resolve", purl.to_string()))
    ecosystem = ECOSYSTEMS[purl.type](Access(progress=lambda done, total: report(Progress("fetch", "", done, total))))
    release = ecosystem.resolve(purl)
    subjects: list[Subject] = []
    problems = list(release.problems)
    for file in release.files:
        report(Progress("fetch", file.filename, 0, file.size_bytes))
        try:
            subjects.append(_fetched(ecosystem, purl.type, file, release.purl, release.metadata))
        except AnalysisError as error:
            problems.append(Problem("fetch", str(error), file.filename))
    if not subjects:
        raise FetchError(problems[0].message if problems else f"{purl}: the index lists no file that can be judged")
    return Intake(release.purl.to_string(), tuple(subjects), release.notes, tuple(problems))


def _fetched(ecosystem: Ecosystem, kind: str, file: RemoteFile, purl: PackageURL, metadata: Metadata) -> Subject:
    content = ecosystem.fetch(file)
    unpacked = unpack(content, file.filename)
    artifact = Artifact(
        purl=purl.to_string(),
        filename=file.filename,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        kind=file.kind,
        published_at=file.published_at,
    )
    return Subject(artifact, unpacked, kind, {"index": metadata, "manifest": manifest_of(unpacked, kind)})
