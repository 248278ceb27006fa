"""What an archive is, is told by its bytes; every kind gives its members."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
import zstandard

from packamal.archive import AnomalyKind, unpack
from packamal.errors import ArchiveError

FILES = {"pkg/__init__.py": b"print('hello')\n", "pkg/data.bin": bytes(range(256)) * 40, "pkg/empty.txt": b""}


def tar_of(files, mode="w", **options):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, **options) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_of(files, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def content(unpacked):
    return {member.path: member.data for member in unpacked.members}


PLAIN_TAR = tar_of(FILES)
KINDS = {
    "tar": PLAIN_TAR,
    "tar.gz": gzip.compress(PLAIN_TAR),
    "tar.bz2": bz2.compress(PLAIN_TAR),
    "tar.xz": lzma.compress(PLAIN_TAR),
    "tar.zst": zstandard.compress(PLAIN_TAR),
    "zip": zip_of(FILES),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("filename", ["package", "package-1.0.whl", "package-1.0.tar.gz", "package.crate"])
def test_the_kind_is_told_by_content_whatever_the_name(kind, filename):
    unpacked = unpack(KINDS[kind], filename)
    assert unpacked.kind == kind
    assert content(unpacked) == FILES
    assert not unpacked.anomalies
    assert not unpacked.problems
    assert not unpacked.notes


@pytest.mark.parametrize(
    "format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["ustar", "gnu", "pax"]
)
def test_long_and_foreign_names_are_read_in_every_tar_dialect(format):
    files = {"a" * 90 + "/" + "b" * 50 + "/ünïcode.py": b"x = 1", "short.py": b"y = 2"}
    if format != tarfile.USTAR_FORMAT:
        files["c" * 300 + "é"] = b"long"
    assert content(unpack(tar_of(files, format=format), "x.tar")) == files


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_compression_of_a_zip_is_read(method):
    unpacked = unpack(zip_of(FILES, method), "x.zip")
    assert content(unpacked) == FILES
    assert not unpacked.problems
    assert not unpacked.anomalies


def test_a_zip_written_to_a_stream_with_data_descriptors_is_ordinary():
    class Unseekable(io.BytesIO):
        def seekable(self):
            return False

        def seek(self, *_):
            raise io.UnsupportedOperation

        def tell(self):
            raise io.UnsupportedOperation

    buffer = Unseekable()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    unpacked = unpack(buffer.getvalue(), "x.whl")
    assert content(unpacked) == FILES
    assert not unpacked.anomalies


def test_a_zip64_is_read():
    buffer = io.BytesIO()
    archive = zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED)
    with archive, archive.open("big.py", "w", force_zip64=True) as file:
        file.write(b"x = 1\n")
    unpacked = unpack(buffer.getvalue(), "x.zip")
    assert content(unpacked) == {"big.py": b"x = 1\n"}
    assert not unpacked.problems


def test_a_zip_with_more_files_than_a_short_count_holds_is_ordinary():
    files = {f"f{number}": b"" for number in range(65_600)}
    unpacked = unpack(zip_of(files, zipfile.ZIP_STORED), "many.zip")
    assert len(unpacked.members) == 65_600
    assert not unpacked.anomalies


def test_a_gem_shows_the_files_of_its_parts_where_the_gem_has_them():
    body = gzip.compress(tar_of({"lib/gem.rb": b"puts 1"}))
    gem = tar_of({"metadata.gz": gzip.compress(b"name: gem\n"), "data.tar.gz": body, "checksums.yaml.gz": b""})
    unpacked = unpack(gem, "gem-1.0.gem")
    assert unpacked.kind == "gem"
    assert content(unpacked)["lib/gem.rb"] == b"puts 1"
    assert content(unpacked)["metadata"] == b"name: gem\n"


def test_a_single_compressed_file_is_read_as_one_file():
    unpacked = unpack(gzip.compress(b"print(1)"), "tool.py.gz")
    assert unpacked.kind == "file"
    assert content(unpacked) == {"tool.py": b"print(1)"}
    assert not unpacked.problems


def test_a_compressed_file_that_calls_itself_a_tar_and_is_none_is_a_problem():
    unpacked = unpack(gzip.compress(b"print(1)"), "package-1.0.tgz")
    assert "no tar" in unpacked.problems[0]


def test_empty_archives_are_read():
    assert unpack(zip_of({}), "x.zip").kind == "zip"
    assert unpack(bytes(10240), "x.tar").kind == "tar"
    assert unpack(gzip.compress(bytes(1024)), "x.tgz").kind == "tar.gz"


@pytest.mark.parametrize(
    "data", [b"", b"x", b"<html>404</html>", b"%PDF-1.7 ...", bytes(5000), b"PK", b"\x1f\x8b", b"\x7fELF" * 300]
)
def test_bytes_that_are_no_archive_are_refused_with_one_line(data):
    with pytest.raises(ArchiveError) as caught:
        unpack(data, "evil\nname")
    assert "\n" not in str(caught.value)


def test_a_tar_hidden_behind_a_zip_suffix_and_a_zip_behind_its_end_are_both_read():
    polyglot = gzip.compress(tar_of({"a.py": b"a"})) + zip_of({"b.py": b"b"})
    as_tar = unpack(polyglot, "x.tar.gz")
    assert as_tar.kind == "tar.gz"
    assert content(as_tar)["!trailing!/b.py"] == b"b"
    as_zip = unpack(polyglot, "x.whl")
    assert as_zip.kind == "zip"
    assert content(as_zip)["!leading!/a.py"] == b"a"
    for unpacked in (as_tar, as_zip):
        assert AnomalyKind.TRAILING in {anomaly.kind for anomaly in unpacked.anomalies}
