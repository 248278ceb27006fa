"""A zip describes each file twice and can lie both times; what any unpacker would see is read."""

import io
import struct
import zipfile
import zlib

import pytest

from packamal.archive import AnomalyKind, Limits, unpack


def zip_of(files, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


def local(name, data, *, method=0, packed=None, unpacked=None, flags=0, crc=None):
    """A local header with its content."""
    crc = zlib.crc32(data) if crc is None else crc
    sizes = (len(data) if packed is None else packed, len(data) if unpacked is None else unpacked)
    return struct.pack("<4s5H3L2H", b"PK\3\4", 20, flags, method, 0, 0, crc, *sizes, len(name), 0) + name + data


def central(name, data, offset, *, method=0, packed=None, unpacked=None, flags=0, crc=None, mode=0):
    crc = zlib.crc32(data) if crc is None else crc
    sizes = (len(data) if packed is None else packed, len(data) if unpacked is None else unpacked)
    numbers = (20, 20, flags, method, 0, 0, crc, *sizes, len(name), 0, 0, 0, 0, mode << 16, offset)
    return struct.pack("<4s6H3L5H2L", b"PK\1\2", *numbers) + name


def closed(body, directory, count, comment=b""):
    return body + directory + end(len(directory), len(body), count, comment)


def end(size, offset, count, comment=b""):
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, offset, len(comment)) + comment


def deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def kinds(unpacked):
    return [anomaly.kind for anomaly in unpacked.anomalies]


def content(unpacked):
    return {member.path: member.data for member in unpacked.members}


def test_a_file_that_only_a_local_header_knows_is_read_and_recorded():
    body = local(b"a.py", b"good") + local(b"hidden.py", b"evil")
    unpacked = unpack(closed(body, central(b"a.py", b"good", 0), 1), "x.whl")
    assert content(unpacked) == {"a.py": b"good", "hidden.py": b"evil"}
    assert kinds(unpacked) == [AnomalyKind.HIDDEN]


def test_a_hidden_file_of_unstated_size_is_read():
    hidden = local(b"hidden.py", deflate(b"evil" * 9), method=8, packed=0, unpacked=0, crc=0, flags=8)
    body = hidden + local(b"a.py", b"good")
    unpacked = unpack(closed(body, central(b"a.py", b"good", len(hidden)), 1), "x.whl")
    assert content(unpacked) == {"a.py": b"good", "hidden.py": b"evil" * 9}


def test_a_file_with_two_names_is_read_under_both():
    body = local(b"innocent.txt", b"evil")
    unpacked = unpack(closed(body, central(b"evil.py", b"evil", 0), 1), "x.whl")
    assert content(unpacked) == {"evil.py": b"evil", "innocent.txt": b"evil"}
    assert kinds(unpacked) == [AnomalyKind.HIDDEN]


def test_a_file_with_two_sizes_is_read_by_both():
    body = local(b"a.py", b"good and evil")
    unpacked = unpack(closed(body, central(b"a.py", b"good", 0), 1), "x.whl")
    assert {found.data for found in unpacked.members} == {b"good", b"good and evil"}
    assert AnomalyKind.HIDDEN in kinds(unpacked)


def test_a_file_with_two_compressions_is_read_by_both():
    data = deflate(b"evil" * 20)
    body = local(b"a.py", data, method=8, unpacked=80, crc=zlib.crc32(b"evil" * 20))
    unpacked = unpack(closed(body, central(b"a.py", data, 0, method=0), 1), "x.whl")
    assert {found.data for found in unpacked.members} == {b"evil" * 20, data}


def test_a_directory_without_its_file_is_broken_and_the_rest_is_read():
    body = local(b"a.py", b"good")
    directory = central(b"ghost.py", b"boo", 4000) + central(b"a.py", b"good", 0)
    unpacked = unpack(closed(body, directory, 2), "x.whl")
    assert content(unpacked) == {"a.py": b"good"}
    assert kinds(unpacked) == [AnomalyKind.BROKEN]
    assert "ghost.py" in unpacked.problems[0]


def test_a_directory_with_more_files_than_it_states_is_recorded():
    body = local(b"a.py", b"a") + local(b"b.py", b"b")
    directory = central(b"a.py", b"a", 0) + central(b"b.py", b"b", 35)
    unpacked = unpack(closed(body, directory, 1), "x.whl")
    assert set(content(unpacked)) == {"a.py", "b.py"}
    assert kinds(unpacked) == [AnomalyKind.HIDDEN]


def test_a_second_archive_in_the_comment_hides_nothing():
    first = zip_of([("a.py", "first")])
    body = local(b"b.py", b"second")
    inner = body + central(b"b.py", b"second", len(first)) + end(50, len(first) + len(body), 1)
    data = first[:-2] + struct.pack("<H", len(inner)) + inner
    unpacked = unpack(data, "x.whl")
    assert {"a.py", "b.py"} <= set(content(unpacked))
    assert AnomalyKind.HIDDEN in kinds(unpacked)


def test_without_a_directory_the_local_headers_are_read():
    whole = zip_of([("a.py", "a = 1" * 50), ("b.py", "b = 2" * 50)])
    unpacked = unpack(whole[: whole.index(b"PK\1\2")], "x.whl")
    assert content(unpacked) == {"a.py": b"a = 1" * 50, "b.py": b"b = 2" * 50}
    assert kinds(unpacked)[0] == AnomalyKind.BROKEN
    assert unpacked.problems


def test_a_directory_that_is_not_where_it_should_be_does_not_hide_the_files():
    body = local(b"a.py", b"a")
    unpacked = unpack(body + end(46, 4, 1), "x.whl")
    assert content(unpacked)["a.py"] == b"a"
    assert unpacked.problems


def test_bytes_before_and_behind_are_kept_and_recorded():
    unpacked = unpack(b"#!/bin/sh\nexit\n" + zip_of([("a.py", "a")]) + b"tail", "x.pyz")
    assert content(unpacked) == {"!leading": b"#!/bin/sh\nexit\n", "a.py": b"a", "!trailing": b"tail"}
    assert kinds(unpacked) == [AnomalyKind.TRAILING] * 2
    assert not unpacked.problems


def test_an_encrypted_file_is_recorded_and_is_a_problem():
    body = local(b"a.py", b"a") + local(b"secret.py", b"????", flags=1)
    directory = central(b"a.py", b"a", 0) + central(b"secret.py", b"????", 35, flags=1)
    unpacked = unpack(closed(body, directory, 2), "x.whl")
    assert content(unpacked) == {"a.py": b"a"}
    assert kinds(unpacked) == [AnomalyKind.ENCRYPTED]
    assert "secret.py" in unpacked.problems[0]


def test_an_encrypted_test_archive_inside_is_no_problem():
    secret = closed(local(b"s", b"????", flags=1), central(b"s", b"????", 0, flags=1), 1)
    unpacked = unpack(zip_of([("a.py", "a"), ("tests/secret.zip", secret)]), "x.whl")
    assert set(kinds(unpacked)) == {AnomalyKind.ENCRYPTED, AnomalyKind.NESTED}
    assert not unpacked.problems
    assert unpacked.notes


def test_an_unknown_compression_is_a_problem():
    body = local(b"a.py", b"a", method=9) + local(b"b.py", b"b")
    directory = central(b"a.py", b"a", 0, method=9) + central(b"b.py", b"b", 35)
    unpacked = unpack(closed(body, directory, 2), "x.whl")
    assert content(unpacked) == {"b.py": b"b"}
    assert "compression method 9" in unpacked.problems[0]


def test_a_data_descriptor_that_disagrees_with_the_directory_hides_nothing():
    data = deflate(b"x = 1\n" * 30)
    body = local(b"a.py", data, method=8, packed=0, unpacked=0, crc=0, flags=8)
    body += b"PK\7\x08" + struct.pack("<3L", 1, 2, 3)
    directory = central(b"a.py", data, 0, method=8, unpacked=180, crc=zlib.crc32(b"x = 1\n" * 30), flags=8)
    unpacked = unpack(closed(body, directory, 1), "x.whl")
    assert content(unpacked)["a.py"] == b"x = 1\n" * 30
    assert AnomalyKind.TRAILING in kinds(unpacked)


@pytest.mark.parametrize("stated", [0, 5, 4_000_000_000])
def test_a_wrong_size_gives_the_real_content(stated):
    data = deflate(b"x = 1\n" * 1000)
    sizes = {"method": 8, "unpacked": stated, "crc": zlib.crc32(b"x = 1\n" * 1000)}
    unpacked = unpack(closed(local(b"a.py", data, **sizes), central(b"a.py", data, 0, **sizes), 1), "x.whl")
    assert content(unpacked) == {"a.py": b"x = 1\n" * 1000}
    assert AnomalyKind.BROKEN in kinds(unpacked)


def test_a_wrong_checksum_is_recorded_and_the_content_kept():
    unpacked = unpack(closed(local(b"a.py", b"a", crc=1), central(b"a.py", b"a", 0, crc=1), 1), "x.whl")
    assert content(unpacked) == {"a.py": b"a"}
    assert kinds(unpacked) == [AnomalyKind.BROKEN]


def test_a_damaged_file_gives_its_beginning_and_is_a_problem():
    noise = bytes((number * number >> 5) & 255 for number in range(50_000))
    data = bytearray(deflate(noise))
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    sizes = {"method": 8, "unpacked": 50_000, "crc": 1}
    body = local(b"a.bin", bytes(data), **sizes)
    unpacked = unpack(closed(body, central(b"a.bin", bytes(data), 0, **sizes), 1), "x.whl")
    assert unpacked.members[0].data[:1000] == noise[:1000]
    assert unpacked.problems


def test_a_truncated_zip_gives_the_files_before_the_cut():
    whole = zip_of([("a.py", "a = 1" * 50), ("b.bin", bytes(range(256)) * 9)], zipfile.ZIP_STORED)
    unpacked = unpack(whole[: whole.index(b"b.bin") + 300], "x.whl")
    assert content(unpacked)["a.py"] == b"a = 1" * 50
    assert content(unpacked)["b.bin"].startswith(bytes(range(256)))
    assert unpacked.problems


def test_a_directory_entry_with_content_is_read():
    body = local(b"pkg/", b"import os")
    unpacked = unpack(closed(body, central(b"pkg/", b"import os", 0), 1), "x.whl")
    assert content(unpacked) == {"pkg": b"import os"}
    assert AnomalyKind.HIDDEN in kinds(unpacked)


def test_a_symbolic_link_is_recorded_and_read_as_the_plain_file_it_is_to_some():
    body = local(b"link.py", b"/etc/passwd")
    unpacked = unpack(closed(body, central(b"link.py", b"/etc/passwd", 0, mode=0o120777), 1), "x.whl")
    assert content(unpacked) == {"link.py": b"/etc/passwd"}
    assert kinds(unpacked) == [AnomalyKind.LINK]


def test_a_name_ends_at_nul_as_it_does_for_the_installer():
    body = local(b"evil.py\0.txt", b"x")
    unpacked = unpack(closed(body, central(b"evil.py\0.txt", b"x", 0), 1), "x.whl")
    assert content(unpacked) == {"evil.py": b"x"}
    assert kinds(unpacked) == [AnomalyKind.PATH]


@pytest.mark.parametrize("name", ["../evil.py", "/abs/evil.py", "a\\..\\evil.py", "C:/evil.py"])
def test_an_unsafe_name_is_made_safe_and_recorded(name):
    raw = name.encode()
    unpacked = unpack(closed(local(raw, b"x"), central(raw, b"x", 0), 1), "x.zip")
    assert unpacked.members[0].path.endswith("evil.py")
    assert not unpacked.members[0].path.startswith(("/", ".", "C:"))
    assert kinds(unpacked) == [AnomalyKind.PATH]


def test_duplicate_names_are_both_read():
    body = local(b"a.py", b"one") + local(b"a.py", b"two")
    directory = central(b"a.py", b"one", 0) + central(b"a.py", b"two", 37)
    unpacked = unpack(closed(body, directory, 2), "x.whl")
    assert [(found.data, found.copy) for found in unpacked.members] == [(b"one", 0), (b"two", 1)]
    assert kinds(unpacked) == [AnomalyKind.DUPLICATE]


def overlapping(count):
    """Each file's stored content begins with the headers of all files after it (quoted in stored deflate blocks)."""
    kernel = deflate(bytes(1_000_000))
    body = local(b"%04d" % count, kernel, method=8, unpacked=1_000_000, crc=0)
    sizes = [(len(kernel), 1_000_000)]
    for number in range(count - 1, 0, -1):
        head = body[:34]
        quote = b"\0" + struct.pack("<HH", len(head), len(head) ^ 0xFFFF)
        packed, unpacked = sizes[-1][0] + len(head) + 5, sizes[-1][1] + len(head)
        fields = (b"PK\3\4", 20, 0, 8, 0, 0, 0, packed, unpacked, 4, 0)
        body = struct.pack("<4s5H3L2H", *fields) + b"%04d" % number + quote + body
        sizes.append((packed, unpacked))
    directory = b""
    for number in range(1, count + 1):
        packed, unpacked = sizes[count - number]
        offset = (number - 1) * 39
        directory += central(b"%04d" % number, b"", offset, method=8, packed=packed, unpacked=unpacked, crc=0)
    return closed(body, directory, count)


def test_files_that_share_their_bytes_are_read_and_recorded():
    unpacked = unpack(overlapping(3), "x.zip")
    assert [len(found.data) for found in unpacked.members][:3] == [1_000_068, 1_000_034, 1_000_000]
    assert AnomalyKind.BOMB in kinds(unpacked)


def test_an_overlap_bomb_is_stopped_by_what_it_unpacks_to_in_all():
    limits = Limits(ratio_floor=20_000_000)
    unpacked = unpack(overlapping(500), "x.zip", limits)
    assert sum(len(found.data) for found in unpacked.members) < 22_000_000
    assert kinds(unpacked)[-1] == AnomalyKind.BOMB
    assert unpacked.problems
