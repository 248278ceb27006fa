"""A directory is read as it stands, and only what stands in it."""

import os

import pytest

from packamal.archive import AnomalyKind, Limits, read_directory
from packamal.errors import ArchiveError


def content(unpacked):
    return {member.path: member.data for member in unpacked.members}


def test_every_file_is_read_with_its_path_and_mode(tmp_path):
    (tmp_path / "pkg" / "deep").mkdir(parents=True)
    (tmp_path / "setup.py").write_bytes(b"s")
    (tmp_path / "pkg" / "deep" / "run.sh").write_bytes(b"r")
    (tmp_path / "pkg" / "deep" / "run.sh").chmod(0o755)
    unpacked = read_directory(tmp_path)
    assert unpacked.kind == "directory"
    assert content(unpacked) == {"setup.py": b"s", "pkg/deep/run.sh": b"r"}
    assert {member.path: member.mode for member in unpacked.members}["pkg/deep/run.sh"] == 0o755


def test_links_are_recorded_and_never_followed(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret").write_bytes(b"s")
    (root / "file").symlink_to(outside / "secret")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to(root)
    unpacked = read_directory(root)
    assert not unpacked.members
    assert [anomaly.kind for anomaly in unpacked.anomalies] == [AnomalyKind.LINK] * 3


def test_a_named_pipe_is_recorded_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a.py").write_bytes(b"a")
    unpacked = read_directory(tmp_path)
    assert content(unpacked) == {"a.py": b"a"}
    assert [anomaly.kind for anomaly in unpacked.anomalies] == [AnomalyKind.DEVICE]


def test_version_control_is_left_out_and_said(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_bytes(b"c")
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "ci.yml").write_bytes(b"ci")
    unpacked = read_directory(tmp_path)
    assert content(unpacked) == {".github/ci.yml": b"ci"}
    assert ".git" in unpacked.notes[0]


def test_a_name_that_is_no_utf8_is_read(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_bytes(b"x")
    unpacked = read_directory(tmp_path)
    assert content(unpacked) == {"caf\ufffd.py": b"x"}
    assert [anomaly.kind for anomaly in unpacked.anomalies] == [AnomalyKind.PATH]


def test_the_limits_hold_for_directories_too(tmp_path):
    for number in range(20):
        (tmp_path / f"{number}.txt").write_bytes(b"x" * 100)
    assert "more than 5 files" in read_directory(tmp_path, Limits(members=5)).problems[0]
    assert read_directory(tmp_path, Limits(total_bytes=1000)).problems
    assert len(read_directory(tmp_path, Limits(member_bytes=10)).problems) == 20


@pytest.mark.parametrize("name", ["missing", "file"])
def test_what_is_no_directory_is_refused(tmp_path, name):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(ArchiveError, match="no directory"):
        read_directory(tmp_path / name)
