"""What the standard library writes comes back; what nobody would write comes back too, without an exception of ours."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from packamal.archive import Limits, Unpacked, unpack
from packamal.errors import ArchiveError

PART = st.text("abcXYZ019._- é", min_size=1, max_size=12).filter(lambda part: part.strip(".") != "")
PATH = st.lists(PART, min_size=1, max_size=4).map("/".join)
FILES = st.dictionaries(PATH, st.binary(max_size=2000), max_size=8)
TIGHT = Limits(archive_bytes=2**20, total_bytes=2**20, member_bytes=2**18, read_bytes=2**22, members=200, records=2000)
PACKERS = st.sampled_from([bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
FORMATS = st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])


def tar_of(files, format=tarfile.PAX_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_of(files, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def outer(unpacked):
    return {member.path: member.data for member in unpacked.members if "!/" not in member.path}


@given(FILES, FORMATS, PACKERS)
def test_a_tar_comes_back_as_it_was_written(files, format, pack):
    unpacked = unpack(pack(tar_of(files, format)), "x.tar")
    assert outer(unpacked) == files
    assert not unpacked.problems


@given(FILES, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))
def test_a_zip_comes_back_as_it_was_written(files, method):
    unpacked = unpack(zip_of(files, method), "x.zip")
    assert outer(unpacked) == files
    assert not unpacked.problems


@settings(max_examples=300)
@given(
    st.sampled_from(["tar", "zip"]),
    PACKERS,
    st.lists(
        st.tuples(st.integers(0, 2**16), st.sampled_from(b"\0\xff01LKxgPK\x7f") | st.integers(0, 255)), max_size=12
    ),
    st.integers(0, 2**16),
    st.booleans(),
)
def test_a_damaged_archive_is_read_or_refused_and_never_crashes(kind, pack, changes, cut, before):
    files = {
        "package/a.py": b"a = 1" * 40,
        "package/b/" + "n" * 120: bytes(range(256)) * 3,
        "c.gz": gzip.compress(b"c"),
    }
    plain = bytearray(tar_of(files) if kind == "tar" else zip_of(files))
    packed = plain if before else bytearray(pack(bytes(plain)))
    for at, value in changes:
        packed[at % len(packed)] = value
    data = pack(bytes(packed)) if before else bytes(packed)
    data = data[: len(data) - cut] if cut < len(data) else data
    try:
        unpacked = unpack(data, "x.tgz", TIGHT)
    except ArchiveError:
        return
    assert isinstance(unpacked, Unpacked)
    assert sum(len(member.data) for member in unpacked.members) <= TIGHT.total_bytes
    assert all(member.path and not member.path.startswith(("/", "../")) for member in unpacked.members)
    assert all("\n" not in text for text in (*unpacked.problems, *unpacked.notes))


@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(data):
    for magic in (b"", b"PK\3\4", b"PK\5\6", b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"):
        try:
            unpacked = unpack(magic + data, "x", TIGHT)
        except ArchiveError:
            continue
        assert isinstance(unpacked, Unpacked)
