"""Archive bytes or a directory -> members: what kind it is, by its content, and the archives inside it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from packamal.archive.folders import read_folder
from packamal.archive.intake import Exhausted, Intake
from packamal.archive.limits import DEFAULT, MIB, Limits
from packamal.archive.members import AnomalyKind, Member, Unpacked
from packamal.archive.pipe import Pipe
from packamal.archive.streams import expand, packing_of
from packamal.archive.tars import BLOCK, has_tar_magic, is_tar, read_tar
from packamal.archive.zipheads import find_end
from packamal.archive.zips import carries_zip, is_zip, read_zip
from packamal.errors import ArchiveError

_ZIP_SUFFIXES = (".whl", ".zip", ".jar", ".egg")
_TAR_SUFFIXES = (".tar", ".tgz", ".tbz2", ".txz", ".crate", ".gem", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")
_MAGIC_STARTS = frozenset({b"PK", b"\x1f\x8b", b"BZ", b"\xfd7", b"(\xb5"})
"""First two bytes of everything that is opened inside an archive, plain tar aside."""
_CARRIER_STARTS = frozenset({b"MZ", b"\x7fE", b"\x89P", b"\xff\xd8", b"GI", b"RI", b"%P"})
"""First two bytes of programs, images and documents, which stay what they are with a zip behind them."""
_GEM_PARTS = ("metadata.gz", "data.tar.gz")


def unpack(data: bytes, filename: str, limits: Limits = DEFAULT) -> Unpacked:
    """Read every member of an archive. Raises ArchiveError when the bytes are no archive at all."""
    intake = Intake(limits)
    try:
        if len(data) > limits.archive_bytes:
            raise Exhausted(f"larger than {limits.archive_bytes // MIB:,} MiB, not read")
        if not _open(data, filename, intake):
            raise ArchiveError(f"{filename!r} is no zip, tar or gem; give a package file or a directory")
        if intake.kind == "tar" and {member.path for member in intake.members}.issuperset(_GEM_PARTS):
            _open_gem(intake)
        _open_inner(intake)
    except Exhausted as error:
        intake.stop(str(error))
    return intake.finish()


def read_directory(path: Path, limits: Limits = DEFAULT) -> Unpacked:
    """Read every regular file below a directory. Raises ArchiveError when it is none."""
    if not path.is_dir():
        raise ArchiveError(f"{str(path)!r} is no directory; give a package file or a directory")
    intake = Intake(limits)
    intake.kind = "directory"
    try:
        read_folder(path, intake)
        _open_inner(intake)
    except Exhausted as error:
        intake.stop(str(error))
    return intake.finish()


def _open(data: bytes, filename: str, intake: Intake) -> str:
    """Read one archive into the intake; its kind, empty when it is none. Raises Exhausted."""
    name = filename.lower()
    packing = packing_of(data[:16])
    if is_zip(data) or (find_end(data) and (name.endswith(_ZIP_SUFFIXES) or not (packing or is_tar(data[:BLOCK])))):
        _name_kind(intake, "zip")
        read_zip(data, intake)
        return "zip"
    pipe = Pipe(expand(packing, data, intake) if packing else iter((data,)))
    head = pipe.peek(BLOCK)
    is_empty_tar = name.endswith(_TAR_SUFFIXES) and bool(head) and not any(head)
    if is_tar(head) or is_empty_tar:
        kind = f"tar.{packing}" if packing else "tar"
        _name_kind(intake, kind)
        read_tar(pipe, intake)
    elif packing:
        kind = "file"
        _read_single(pipe, filename, intake)
    else:
        return ""
    if pipe.failure:
        intake.lose(AnomalyKind.BROKEN, "", pipe.failure)
    return kind


def _name_kind(intake: Intake, kind: str) -> None:
    """Say what the artifact is while its outermost archive is opened."""
    if not intake.prefix:
        intake.kind = kind


def _read_single(pipe: Pipe, filename: str, intake: Intake) -> None:
    """Read a compressed file that is no archive; it is named like the archive without the last suffix."""
    name = PurePosixPath(filename).stem
    body = pipe.read(intake.allowance(intake.limits.member_bytes))
    if pipe.peek(1):
        size = len(body) + sum(map(len, pipe.rest()))
        intake.add_cut(name, body, size)
    else:
        intake.add(name, body)
    if filename.lower().endswith(_TAR_SUFFIXES) and not pipe.failure:
        intake.lose(AnomalyKind.BROKEN, "", "no tar is inside")


def _open_gem(intake: Intake) -> None:
    """The two parts of a gem are the package itself, so their files stand where the gem has them."""
    for member in tuple(intake.members):
        if member.path in _GEM_PARTS:
            _open(member.data, member.path, intake)
    intake.kind = "gem"


def _open_inner(intake: Intake) -> None:
    """Open archives among the members, level by level, so that inner ones cost no outer one its turn."""
    start = 0
    for _ in range(intake.limits.depth):
        stop = len(intake.members)
        for member in intake.members[start:stop]:
            if _may_be_archive(member):
                _open_member(member, intake)
        start = stop
    for member in intake.members[start:]:
        if _may_be_archive(member):
            intake.lose(AnomalyKind.NESTED, member.path, f"deeper than {intake.limits.depth} archives, not opened")


def _open_member(member: Member, intake: Intake) -> None:
    copy = f"#{member.copy + 1}" if member.copy else ""
    intake.prefix = f"{member.path}{copy}!/"
    kind = _open(member.data, member.path, intake)
    if kind:
        intake.spot(AnomalyKind.NESTED, "", kind)
    intake.prefix = ""


def _may_be_archive(member: Member) -> bool:
    """Tell by content; what an inner archive holds beside its files stays closed, or a broken one would never end."""
    data = member.data
    if "!/!" in member.path:
        return False
    if data[:2] in _MAGIC_STARTS:
        return is_zip(data) or packing_of(data[:16]) is not None
    return has_tar_magic(data) or (data[:2] in _CARRIER_STARTS and carries_zip(data))
