"""Bombs of many GB end early, in bounded memory, and never look clean; large honest files do not."""

import bz2
import gzip
import io
import lzma
import resource
import subprocess
import sys
import tarfile
import textwrap
import zipfile
import zlib

import pytest
import zstandard

from packamal.archive import DEFAULT, AnomalyKind, Limits, unpack

MIB = 1024 * 1024
SMALL = Limits(
    archive_bytes=8 * MIB,
    total_bytes=4 * MIB,
    member_bytes=MIB,
    head_bytes=64 * 1024,
    read_bytes=16 * MIB,
    members=50,
    records=200,
    ratio_floor=2 * MIB,
    name_bytes=100,
    anomalies=10,
)
NOISE = b"".join(zlib.crc32(number.to_bytes(4, "little")).to_bytes(4, "little") for number in range(MIB // 4))


def tar_of(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_of(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


def last_kind(unpacked):
    return unpacked.anomalies[-1].kind


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard.compress}


@pytest.mark.parametrize("packing", PACKERS)
def test_a_bomb_is_stopped_by_its_ratio_and_is_a_problem(packing):
    packed = PACKERS[packing](tar_of([("a.py", b"a = 1"), ("bomb.py", bytes(12 * MIB)), ("z.py", b"z")]))
    unpacked = unpack(packed, "x.tgz", SMALL)
    assert unpacked.members[0].data == b"a = 1"
    assert "z.py" not in {member.path for member in unpacked.members}
    assert last_kind(unpacked) == AnomalyKind.BOMB
    assert "times its size" in unpacked.problems[-1]


def test_a_zip_bomb_is_stopped_by_its_ratio():
    unpacked = unpack(zip_of([("a.py", b"a"), ("bomb.py", bytes(12 * MIB))]), "x.zip", SMALL)
    assert [member.path for member in unpacked.members] == ["a.py"]
    assert last_kind(unpacked) == AnomalyKind.BOMB
    assert unpacked.problems


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_the_total_is_bounded_whatever_the_ratio(pack):
    unpacked = unpack(pack([(f"{number}.py", NOISE[: MIB - 100]) for number in range(7)]), "x", SMALL)
    assert sum(len(member.data) for member in unpacked.members) <= SMALL.total_bytes
    assert "more than 4 MiB unpacked" in unpacked.problems[0]


def test_the_number_of_files_is_bounded():
    for data in (tar_of([(f"{number}.py", b"") for number in range(60)]), zip_of([(str(n), b"") for n in range(60)])):
        unpacked = unpack(data, "x", SMALL)
        assert len(unpacked.members) == 50
        assert "more than 50 files" in unpacked.problems[0]


def test_the_number_of_headers_that_are_no_files_is_bounded():
    folder = tarfile.TarInfo("folder")
    folder.type = tarfile.DIRTYPE
    unpacked = unpack(folder.tobuf() * 300, "x.tar", SMALL)
    assert "more than 200 headers" in unpacked.problems[0]


def test_an_archive_beyond_the_limit_is_not_opened():
    unpacked = unpack(b"PK\3\4" + bytes(SMALL.archive_bytes), "x.zip", SMALL)
    assert not unpacked.members
    assert "larger than 8 MiB" in unpacked.problems[0]


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_a_huge_library_is_kept_by_its_head_and_is_no_problem(pack):
    unpacked = unpack(pack([("lib.so", b"\x7fELF\0\0" + NOISE * 2), ("a.py", b"a")]), "x", SMALL)
    assert len(unpacked.members[0].data) == SMALL.head_bytes
    assert unpacked.members[1].data == b"a"
    assert not unpacked.problems
    assert "lib.so" in unpacked.notes[0]


@pytest.mark.parametrize("name", ["bundle.js", "data.csv"])
def test_a_huge_text_is_kept_to_the_limit_and_is_a_problem(name):
    unpacked = unpack(tar_of([(name, NOISE.hex().encode()), ("a.py", b"a")]), "x.tar", SMALL)
    assert len(unpacked.members[0].data) == SMALL.member_bytes
    assert unpacked.members[1].data == b"a"
    assert name in unpacked.problems[0]


def test_source_does_not_pass_as_a_library_by_a_nul():
    unpacked = unpack(tar_of([("bundle.js", b"/*\0*/" + NOISE * 2)]), "x.tar", SMALL)
    assert unpacked.problems


def test_oddities_are_counted_once_there_are_many():
    unpacked = unpack(tar_of([("../a.py", b"")] * 30), "x.tar", SMALL)
    assert len(unpacked.anomalies) == SMALL.anomalies
    assert "further oddities" in unpacked.notes[0]


def test_broken_parts_are_counted_once_there_are_many():
    limits = Limits(anomalies=10)
    data = bytearray(zip_of([(f"{number}.py", NOISE[:200]) for number in range(60)]))
    at = -1
    while (at := data.find(b"PK\1\2", at + 1)) >= 0:
        data[at + 10] = 99
    unpacked = unpack(bytes(data), "x.zip", limits)
    assert len(unpacked.problems) == 51
    assert "more of the same" in unpacked.problems[-1]


def nested(depth):
    data = zip_of([("deepest.py", b"x")])
    for number in range(depth):
        data = zip_of([(f"level{number}.zip", data)])
    return data


def test_archives_inside_are_opened_and_recorded():
    unpacked = unpack(nested(2), "x.zip")
    assert [member.path for member in unpacked.members] == [
        "level1.zip",
        "level1.zip!/level0.zip",
        "level1.zip!/level0.zip!/deepest.py",
    ]
    assert [anomaly.kind for anomaly in unpacked.anomalies] == [AnomalyKind.NESTED] * 2
    assert not unpacked.problems


def test_a_zip_behind_an_image_is_opened():
    picture = b"\x89PNG\r\n\x1a\n" + bytes(50) + zip_of([("evil.py", b"e")])
    unpacked = unpack(zip_of([("logo.png", picture)]), "x.whl")
    assert {member.path: member.data for member in unpacked.members}["logo.png!/evil.py"] == b"e"


def test_archives_beyond_the_depth_are_kept_closed_and_are_a_problem():
    unpacked = unpack(nested(6), "x.zip")
    assert unpacked.members[-1].path.count("!/") == DEFAULT.depth
    assert "deeper than 4" in unpacked.problems[0]


def test_inner_archives_take_no_room_from_the_outer_one():
    bomb = zip_of([("bomb", bytes(5 * MIB))])
    unpacked = unpack(zip_of([("bomb.zip", bomb), ("a.py", b"a")]), "x.zip", SMALL)
    assert [member.path for member in unpacked.members] == ["bomb.zip", "a.py"]
    assert "bomb.zip: " in unpacked.problems[0]


def test_a_broken_archive_inside_is_a_note():
    unpacked = unpack(
        zip_of([("tests/broken.zip", b"PK\3\4 not really a zip, whatever it says"), ("a.gz", b"\x1f\x8b\x08 no")]),
        "x.zip",
    )
    assert not unpacked.problems
    assert len(unpacked.notes) == 2


def test_many_streams_in_one_file_are_bounded():
    packed = gzip.compress(tar_of([("a.py", b"a")])) + gzip.compress(b"") * 100_001
    unpacked = unpack(packed, "x.tgz")
    assert unpacked.members[0].data == b"a"
    assert "streams" in unpacked.problems[0]


CHILD = """
import bz2, gzip, lzma, resource, tarfile, zlib, zstandard
from packamal.archive import unpack
MIB = 1024 * 1024
info = tarfile.TarInfo("package/bomb.py")
info.size = 8 * 1024 * MIB
head, block = info.tobuf(tarfile.GNU_FORMAT), bytes(8 * MIB)
pack = {pack}
data = pack(head) + pack(block) * 1024
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = unpack(data, "bomb.tgz")
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert found.problems, found
print((after - before) // 1024)
"""


@pytest.mark.parametrize("pack", ["gzip.compress", "bz2.compress", "lzma.compress", "zstandard.compress"])
def test_eight_gib_unpack_in_less_memory_than_the_ratio_floor_and_a_window(pack):
    code = textwrap.dedent(CHILD.format(pack=pack))
    limit = (resource.RLIMIT_AS, (1024 * MIB, 1024 * MIB))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=lambda: resource.setrlimit(*limit),
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 3 * DEFAULT.ratio_floor // MIB
