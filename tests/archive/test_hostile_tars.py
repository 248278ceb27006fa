"""A tar can lie in many ways; none stops the reading of the rest."""

import gzip
import io
import tarfile

import pytest

from packamal.archive import AnomalyKind, Limits, unpack

END = bytes(1024)


def member(name, data=b"", **fields):
    """The blocks of one member, headers of its extensions included."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info.tobuf(fields.get("format", tarfile.PAX_FORMAT)) + data + bytes(-len(data) % 512)


def raw_member(fields, data=b""):
    """A member whose header fields are put in as they are, with a right check sum."""
    header = bytearray(member("x", data)[:512])
    for (start, end), value in fields.items():
        header[start:end] = value.ljust(end - start, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data + bytes(-len(data) % 512)


NAME, SIZE, TYPE = (0, 100), (124, 136), (156, 157)


def kinds(unpacked):
    return [anomaly.kind for anomaly in unpacked.anomalies]


def content(unpacked):
    return {member.path: member.data for member in unpacked.members}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("/etc/passwd", "etc/passwd"),
        ("../../evil.py", "evil.py"),
        ("a/../../evil.py", "a/evil.py"),
        ("C:\\Windows\\evil.py", "Windows/evil.py"),
        ("C:evil.py", "evil.py"),
        ("a\\b.py", "a/b.py"),
        ("a\nb\x1b[31m.py", "a\ufffdb\ufffd[31m.py"),
        ("evil\u202eyp.exe", "evil\ufffdyp.exe"),
        ("..", "!unnamed"),
    ],
)
def test_an_unsafe_name_is_made_safe_and_recorded(name, path):
    unpacked = unpack(member(name, b"x") + member("ok.py", b"y") + END, "x.tar")
    assert content(unpacked) == {path: b"x", "ok.py": b"y"}
    assert kinds(unpacked) == [AnomalyKind.PATH]
    assert not unpacked.problems


def test_an_undecodable_name_is_replaced_and_recorded():
    unpacked = unpack(raw_member({NAME: b"caf\xe9.py"}, b"x") + END, "x.tar")
    assert content(unpacked) == {"caf\ufffd.py": b"x"}
    assert kinds(unpacked) == [AnomalyKind.PATH]


def test_a_leading_dot_folder_is_no_oddity():
    unpacked = unpack(member("./package//index.js", b"x") + END, "x.tar")
    assert content(unpacked) == {"package/index.js": b"x"}
    assert not unpacked.anomalies


def test_a_link_is_recorded_and_never_followed_out_of_the_archive():
    links = member("shadow", type=tarfile.SYMTYPE, linkname="/etc/shadow")
    links += member("up", type=tarfile.SYMTYPE, linkname="../../../etc/passwd")
    links += member("hard", type=tarfile.LNKTYPE, linkname="/etc/hostname")
    unpacked = unpack(links + member("ok.py", b"y") + END, "x.tar")
    assert content(unpacked) == {"ok.py": b"y"}
    assert kinds(unpacked) == [AnomalyKind.LINK] * 3


def test_a_link_to_a_file_of_the_archive_has_its_content():
    blocks = member("pkg/setup.py", type=tarfile.SYMTYPE, linkname="../docs/readme.txt")
    blocks += member("pkg/again.py", type=tarfile.LNKTYPE, linkname="pkg/setup.py")
    blocks += member("loop", type=tarfile.SYMTYPE, linkname="loop")
    unpacked = unpack(blocks + member("docs/readme.txt", b"import os") + END, "x.tar")
    assert content(unpacked)["pkg/setup.py"] == b"import os"
    assert content(unpacked)["pkg/again.py"] == b"import os"
    assert "loop" not in content(unpacked)


def test_special_files_are_recorded_and_not_opened():
    types = [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
    blocks = b"".join(member(f"dev{number}", type=kind) for number, kind in enumerate(types))
    unpacked = unpack(blocks + member("ok.py", b"y") + END, "x.tar")
    assert content(unpacked) == {"ok.py": b"y"}
    assert kinds(unpacked) == [AnomalyKind.DEVICE] * 3


def test_both_copies_of_a_name_are_kept_and_told_apart():
    unpacked = unpack(member("a.py", b"good") + member("./a.py", b"evil") + member("a.py", b"good") + END, "x.tar")
    assert [(found.path, found.copy, found.data) for found in unpacked.members] == [
        ("a.py", 0, b"good"),
        ("a.py", 1, b"evil"),
        ("a.py", 2, b"good"),
    ]
    assert [anomaly.detail for anomaly in unpacked.anomalies] == ["copy 2, different content", "copy 3, same content"]


def test_names_that_differ_only_in_case_are_recorded():
    unpacked = unpack(member("Setup.py", b"1") + member("setup.py", b"2") + END, "x.tar")
    assert kinds(unpacked) == [AnomalyKind.CASE]
    assert len(unpacked.members) == 2


@pytest.mark.parametrize("zeros", [1, 2, 20])
def test_members_behind_the_end_mark_are_read_and_recorded(zeros):
    tar = member("a.py", b"a") + bytes(512 * zeros) + member("hidden.py", b"h") + END
    unpacked = unpack(tar, "x.tar")
    assert content(unpacked) == {"a.py": b"a", "hidden.py": b"h"}
    assert kinds(unpacked) == [AnomalyKind.HIDDEN]


def test_the_member_behind_the_end_mark_is_named_not_its_extended_header():
    hidden = member("hidden" * 30 + ".py", b"h")
    unpacked = unpack(member("a.py", b"a") + bytes(1024) + hidden + END, "x.tar")
    assert [(anomaly.kind, anomaly.path) for anomaly in unpacked.anomalies] == [
        (AnomalyKind.HIDDEN, "hidden" * 30 + ".py")
    ]


def test_bytes_behind_the_end_mark_are_kept_and_recorded():
    unpacked = unpack(member("a.py", b"a") + END + b"#!/bin/sh\n" * 100, "x.tar")
    assert kinds(unpacked) == [AnomalyKind.TRAILING]
    assert content(unpacked)["!trailing"].startswith(b"#!/bin/sh")
    assert not unpacked.problems


def test_the_walk_goes_on_behind_a_damaged_header():
    damaged = bytearray(member("b.py", b"b"))
    damaged[0] ^= 1
    unpacked = unpack(member("a.py", b"a") + bytes(damaged) + member("c.py", b"c") + END, "x.tar")
    assert content(unpacked)["a.py"] == b"a"
    assert content(unpacked)["c.py"] == b"c"
    assert AnomalyKind.BROKEN in kinds(unpacked)
    assert "damaged" in unpacked.problems[0]


@pytest.mark.parametrize("size", [b"77777777777", b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7])
def test_a_size_beyond_the_end_gives_what_is_there(size):
    unpacked = unpack(member("a.py", b"a") + raw_member({NAME: b"b.py", SIZE: size}, b"x" * 700), "x.tar")
    assert content(unpacked)["a.py"] == b"a"
    assert content(unpacked)["b.py"].startswith(b"x" * 700)
    assert kinds(unpacked) == [AnomalyKind.BROKEN]
    assert unpacked.problems


@pytest.mark.parametrize("size", [b"\xff" * 12, b"-0000000001", b"notanumber"])
def test_a_negative_or_senseless_size_is_damage(size):
    unpacked = unpack(member("a.py", b"a") + raw_member({NAME: b"b.py", SIZE: size}) + member("c.py", b"c"), "x.tar")
    assert content(unpacked)["c.py"] == b"c"
    assert AnomalyKind.BROKEN in kinds(unpacked)


@pytest.mark.parametrize("cut", [100, 600, 1100, 1700])
def test_a_truncated_tar_gives_what_was_read(cut):
    whole = member("a.py", b"a" * 600) + member("b.py", b"b" * 600) + END
    unpacked = unpack(whole[: 1536 + cut], "x.tar")
    assert content(unpacked)["a.py"] == b"a" * 600
    assert unpacked.problems or cut >= 1112


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_gzip_gives_what_was_read(share):
    noise = bytes((number * 7919 >> 3) & 255 for number in range(30_000))
    packed = gzip.compress(member("a.py", b"a = 1") + member("b.bin", noise) + END)
    unpacked = unpack(packed[: int(len(packed) * share)], "x.tgz")
    assert content(unpacked)["a.py"] == b"a = 1"
    assert any("ends" in problem for problem in unpacked.problems)


def test_a_gzip_with_a_wrong_checksum_still_gives_everything():
    packed = bytearray(gzip.compress(member("a.py", b"a = 1") + END))
    packed[-6] ^= 1
    unpacked = unpack(bytes(packed), "x.tgz")
    assert content(unpacked) == {"a.py": b"a = 1"}
    assert kinds(unpacked) == [AnomalyKind.BROKEN]
    assert unpacked.problems


def test_a_tar_over_several_gzip_streams_is_one_archive():
    first, second = gzip.compress(member("a.py", b"a")), gzip.compress(member("b.py", b"b") + END)
    unpacked = unpack(first + second + bytes(100), "x.tgz")
    assert content(unpacked) == {"a.py": b"a", "b.py": b"b"}
    assert not unpacked.anomalies


def test_bytes_behind_a_gzip_stream_are_kept_and_recorded():
    unpacked = unpack(gzip.compress(member("a.py", b"a") + END) + b"payload", "x.tgz")
    assert content(unpacked) == {"a.py": b"a", "!trailing": b"payload"}
    assert kinds(unpacked) == [AnomalyKind.TRAILING]


def test_a_pax_record_renames_and_resizes_the_next_member_only():
    pax = {"path": "real/name.py", "size": "3"}
    blocks = member("short", b"abc", pax_headers=pax) + member("next.py", b"n") + END
    assert content(unpack(blocks, "x.tar")) == {"real/name.py": b"abc", "next.py": b"n"}


@pytest.mark.parametrize(
    "body",
    [b"99999 path=x\n", b"-5 path=x\n", b"0 path=x\n", b"x path=y\n", b" ", b"7 path\n", b"1" * 400 + b" path=x\n"],
)
def test_senseless_pax_records_are_ignored(body):
    unpacked = unpack(raw_member({NAME: b"p", TYPE: b"x", SIZE: b"%o" % len(body)}, body) + member("a", b"a"), "x.tar")
    assert content(unpacked) == {"a": b"a"}


@pytest.mark.parametrize("type", [b"x", b"L"])
def test_an_enormous_extended_header_is_cut(type):
    body = b"9" * 3_000_000 if type == b"L" else b"3000000 path=" + b"9" * 2_999_986 + b"\n"
    blocks = raw_member({NAME: b"p", TYPE: type, SIZE: b"%o" % len(body)}, body) + member("a.py", b"a") + END
    unpacked = unpack(blocks, "x.tar")
    assert AnomalyKind.PATH in kinds(unpacked)
    assert [found.data for found in unpacked.members] == [b"a"]
    assert len(unpacked.members[0].path) <= Limits().name_bytes


def test_a_name_of_a_thousand_folders_is_cut():
    unpacked = unpack(member("a/" * 5000 + "b.py", b"x") + END, "x.tar")
    assert len(unpacked.members[0].path) <= Limits().name_bytes
    assert kinds(unpacked) == [AnomalyKind.PATH]


def test_a_sparse_file_costs_what_is_stored_not_what_it_pretends():
    header = {NAME: b"sparse.bin", TYPE: b"S", SIZE: b"%o" % 512, (483, 495): b"77777777777"}
    unpacked = unpack(raw_member(header, b"d" * 512) + member("a.py", b"a") + END, "x.tar")
    assert content(unpacked) == {"sparse.bin": b"d" * 512, "a.py": b"a"}
    assert kinds(unpacked) == [AnomalyKind.DEVICE]


def test_an_unknown_type_is_read_as_a_file_as_unpackers_do():
    unpacked = unpack(raw_member({NAME: b"odd.py", TYPE: b"Z"}, b"x = 1") + END, "x.tar")
    assert content(unpacked) == {"odd.py": b"x = 1"}
    assert kinds(unpacked) == [AnomalyKind.DEVICE]


def test_content_hidden_in_a_directory_entry_does_not_derail_the_walk():
    hidden = raw_member({NAME: b"folder", TYPE: b"5", SIZE: b"%o" % 512}) + member("in.py", b"i")
    assert content(unpack(member("a.py", b"a") + hidden + END, "x.tar")) == {"a.py": b"a", "in.py": b"i"}


def test_a_member_is_the_same_whoever_wrote_the_tar():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        info = tarfile.TarInfo("n" * 150)
        info.size, info.mode = 3, 0o755
        tar.addfile(info, io.BytesIO(b"abc"))
    found = unpack(buffer.getvalue(), "x.tar").members
    assert [(one.path, one.data, one.mode) for one in found] == [("n" * 150, b"abc", 0o755)]
