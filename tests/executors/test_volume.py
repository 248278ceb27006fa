"""One file that a stranger may have written: nothing is followed, waited for or believed."""

from __future__ import annotations

import os
import resource
import threading
import time

import pytest

from packamal.executors.base import MAX_REPORT_BYTES
from packamal.executors.volume import AbsentError, FullError, VolumeError, read, write

CONTENT = b'{"a": 1}' * 1000
SIZE = len(CONTENT)


@pytest.fixture
def part(tmp_path):
    made = tmp_path / "volume" / "scan-1"
    made.mkdir(parents=True)
    return made


def taken(part, size=SIZE):
    return read(part.parent, part.name, size)


def test_what_is_written_is_read(part):
    write(part, CONTENT)
    assert taken(part) == CONTENT
    write(part, CONTENT[::-1])
    assert taken(part) == CONTENT[::-1]
    assert [(one.name, one.stat().st_mode & 0o777) for one in part.iterdir()] == [("report.json", 0o640)]


def test_a_full_volume_is_told_apart_and_left_clean(part):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(FullError):
            write(part, CONTENT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(part.iterdir()) == []


def test_a_folder_in_its_place_is_not_written_over(part):
    (part / "report.json").mkdir()
    with pytest.raises(VolumeError):
        write(part, CONTENT)
    assert [one.name for one in part.iterdir()] == ["report.json"]


def test_a_link_in_its_place_is_replaced_and_not_followed(part, tmp_path):
    (tmp_path / "other").write_bytes(b"other")
    (part / "report.json").symlink_to(tmp_path / "other")
    write(part, CONTENT)
    assert (tmp_path / "other").read_bytes() == b"other"
    assert taken(part) == CONTENT


def test_nothing_there_may_come_yet(part):
    with pytest.raises(AbsentError):
        taken(part)
    with pytest.raises(AbsentError):
        read(part.parent, "scan-2", 1)


def a_link(part, other):
    (part / "report.json").symlink_to(other)


def a_link_to_nothing(part, other):
    (part / "report.json").symlink_to("/proc/self/fd/0")


def a_hard_link(part, other):
    os.link(other, part / "report.json")


def a_pipe(part, other):
    os.mkfifo(part / "report.json")


def a_folder(part, other):
    (part / "report.json").mkdir()


def a_linked_part(part, other):
    moved = part.with_name("elsewhere")
    part.rename(moved)
    (moved / "report.json").write_bytes(CONTENT)
    part.symlink_to(moved)


def a_part_that_is_a_file(part, other):
    part.rmdir()
    part.write_bytes(CONTENT)


def another_size(part, other):
    (part / "report.json").write_bytes(CONTENT + b"x")


def a_hole(part, other):
    with (part / "report.json").open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize(
    "trap",
    [a_link, a_link_to_nothing, a_hard_link, a_pipe, a_folder, a_linked_part, a_part_that_is_a_file, another_size,
     a_hole],
)  # fmt: skip
def test_what_is_no_plain_file_of_this_size_is_refused_at_once(part, tmp_path, trap):
    other = tmp_path / "other"
    other.write_bytes(CONTENT)
    trap(part, other)
    begun = time.monotonic()
    with pytest.raises(VolumeError) as caught:
        taken(part)
    assert not isinstance(caught.value, AbsentError)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("size", [-1, MAX_REPORT_BYTES + 1])
def test_no_report_has_such_a_size(part, size):
    write(part, CONTENT)
    with pytest.raises(VolumeError):
        taken(part, size)


def test_a_file_that_is_swapped_all_the_time_is_read_whole_or_refused(part, tmp_path):
    """Whoever writes it may replace it at any moment, by anything."""
    other = tmp_path / "other"
    other.write_bytes(b"o" * len(CONTENT))
    over = threading.Event()

    def swap():
        while not over.is_set():
            write(part, CONTENT)
            (part / "link").symlink_to(other)
            (part / "link").replace(part / "report.json")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(200):
            try:
                assert taken(part) == CONTENT
            except VolumeError:
                continue
    finally:
        over.set()
        thread.join()
