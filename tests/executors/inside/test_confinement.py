"""The walls as the kernel tells them: each that is missing is seen, and a profile is kept or refused."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from packamal.executors.inside.confinement import look, trouble, words
from packamal.executors.kubernetes.settings import Profile

STATUS = """Name:\tpackamal
Uid:\t10001\t10001\t10001\t10001
Gid:\t10001\t10001\t10001\t10001
Groups:\t10001
CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t0000000000000000
CapAmb:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
Seccomp_filters:\t1
"""
MOUNTS = """1201 1100 0:150 / / ro,relatime - overlay overlay rw,lowerdir=/a
1202 1201 0:155 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
1210 1201 8:1 /pods/x/volumes/tokens /run/packamal ro,relatime - tmpfs tmpfs rw,size=1024k
1211 1201 8:1 /run /run/secrets rw,relatime - tmpfs tmpfs rw
"""
ACCOUNT = "1220 1201 0:160 / /run/secrets/kubernetes.io/serviceaccount ro,relatime - tmpfs tmpfs rw\n"
GUEST = "1230 1201 0:170 / /etc/hosts rw,relatime - virtiofs kataShared rw\n"


@pytest.fixture
def ground(tmp_path, monkeypatch):
    """What the kernel tells, as files; and a root that cannot be written."""

    def make(status=STATUS, mounts=MOUNTS, line="console=ttyS0", flags=os.ST_RDONLY):
        (tmp_path / "proc/self").mkdir(parents=True, exist_ok=True)
        (tmp_path / "proc/self/status").write_text(status)
        (tmp_path / "proc/self/mountinfo").write_text(mounts)
        (tmp_path / "proc/cmdline").write_text(line)
        with monkeypatch.context() as patch:
            patch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=flags))
            return look(tmp_path)

    return make


def test_a_pod_that_is_shut_in_is_one(ground):
    assert trouble(ground(), Profile.RESTRICTED) == ()
    assert trouble(ground(), Profile.PRIVILEGED) == ()


@pytest.mark.parametrize(
    ("of", "to", "said"),
    [
        ("Uid:\t10001\t10001\t10001", "Uid:\t0\t0\t0", "the user is root"),
        ("Uid:\t10001\t10001\t10001", "Uid:\t10001\t10001\t0", "the user is root"),
        ("Uid:\t10001\t10001", "Uid:\t10001\t10002", "the users differ"),
        ("Groups:\t10001", "Groups:\t0 10001", "a group is root"),
        ("NoNewPrivs:\t1", "NoNewPrivs:\t0", "new privileges can be had"),
        ("Seccomp:\t2", "Seccomp:\t0", "no seccomp filter is in force"),
        ("Seccomp:\t2", "Seccomp:\t1", "no seccomp filter is in force"),
        ("CapBnd:\t0000000000000000", "CapBnd:\t0000000000000400", "capabilities can be had"),
        ("CapEff:\t0000000000000000", "CapEff:\t000001ffffffffff", "capabilities can be had"),
    ],
)
def test_each_wall_that_is_missing_is_named(ground, of, to, said):
    found = ground(STATUS.replace(of, to))
    for profile in (Profile.RESTRICTED, Profile.KATA):
        assert said in trouble(found, profile)
    assert trouble(found, Profile.PRIVILEGED) == ()


def test_a_root_that_can_be_written_is_no_wall(ground):
    assert trouble(ground(flags=0), Profile.RESTRICTED) == ("the root file system can be written",)


def test_no_profile_has_a_token_of_an_account(ground, tmp_path):
    for profile in Profile:
        assert "a token of an account is mounted" in trouble(ground(mounts=MOUNTS + ACCOUNT), profile)
    (tmp_path / "run/secrets/kubernetes.io").mkdir(parents=True)
    assert trouble(ground(), Profile.PRIVILEGED) == ("a token of an account is mounted",)


def test_kata_is_a_machine_of_its_own(ground):
    assert trouble(ground(), Profile.KATA) == ("there is no virtual machine of its own",)
    assert trouble(ground(mounts=MOUNTS + GUEST), Profile.KATA) == ()
    assert trouble(ground(line="quiet systemd.unit=kata-containers.target"), Profile.KATA) == ()


def test_what_the_kernel_does_not_tell_is_no_wall(ground):
    with pytest.raises(KeyError):
        ground(STATUS.replace("Seccomp:", "Other:"))
    with pytest.raises(ValueError, match="invalid literal"):
        ground(STATUS.replace("CapEff:\t0000000000000000", "CapEff:\tnone"))


def test_this_process_is_seen_as_it_is():
    found = look()
    assert found.user_ids[:3] == os.getresuid()
    assert found.group_ids[:3] == os.getresgid()


def test_the_report_says_which_walls_there_were(ground):
    shut_in = "user 10001, no new privileges, seccomp filter, no capabilities, read-only root"
    assert words(ground(), Profile.RESTRICTED) == f"made in a Job, profile restricted: {shut_in}"
    assert words(ground(STATUS.replace("\t10001", "\t0"), flags=0), Profile.PRIVILEGED).endswith(
        "profile privileged: user 0, no new privileges, seccomp filter, no capabilities"
    )
