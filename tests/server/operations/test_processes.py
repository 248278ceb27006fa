"""A set ends what it started, all of it, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from fullset.folder import SECRETS, Folder, is_free
from fullset.parts import PARTS, Part, environment
from fullset.processes import Process, Processes, process

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
LEAVES = """
import subprocess, time
subprocess.Popen(["sleep", "60"], start_new_session=True)
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def processes(tmp_path):
    folder = Folder(tmp_path / "set")
    folder.make()
    started = Processes(folder)
    yield started
    started.sweep()


def start(processes, part, program):
    one = processes.start(part, [sys.executable, "-c", program], {"PATH": os.environ["PATH"]})
    ends = time.monotonic() + 20
    while "up" not in processes.folder.log(part).read_text():
        assert time.monotonic() < ends
        time.sleep(0.02)
    return one


def test_who_does_not_listen_is_killed(processes):
    one = start(processes, "beat", STUBBORN)
    processes.stop({"beat": Part(patience_s=0.3)})
    assert not one.is_alive
    assert processes.known() == {}


def test_what_a_part_left_behind_is_found_by_its_mark(processes):
    start(processes, "beat", LEAVES)
    processes.stop(PARTS)
    assert len(processes.marked()) == 1
    assert processes.sweep() == 1
    assert processes.marked() == []


def test_a_number_that_belongs_to_somebody_else_now_is_left_alone(processes):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        at_another_time = Process(stranger.pid, "1@another-boot")
        processes.path.write_text(json.dumps({"beat": at_another_time}))
        assert processes.known() == {}
        processes.stop(PARTS)
        assert processes.sweep() == 0
        assert stranger.poll() is None
        assert process(stranger.pid).is_alive
    finally:
        stranger.kill()
        stranger.wait()


def test_a_part_that_runs_is_not_started_again(processes):
    one = start(processes, "beat", STUBBORN)
    assert processes.start("beat", ["false"], {}) == one
    one.send(signal.SIGKILL)


def test_secrets_are_made_once_for_their_owner(tmp_path):
    folder = Folder(tmp_path / "a")
    folder.make()
    first = {name: folder.secret(name) for name in SECRETS}
    folder.make()
    assert {name: folder.secret(name) for name in SECRETS} == first
    assert len(set(first.values())) == len(SECRETS)
    assert {(folder.secret_file(name)).stat().st_mode & 0o777 for name in SECRETS} == {0o600}


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_ports_are_kept_until_somebody_else_has_one(tmp_path):
    folder = Folder(tmp_path)
    folder.choose_ports()
    first = folder.ports()
    folder.choose_ports()
    assert folder.ports() == first
    with socket.socket() as other:
        other.bind(("127.0.0.1", first["web"]))
        other.listen()
        assert not is_free(first["web"])
        folder.choose_ports()
        assert first["web"] not in folder.ports().values()


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_whoever_starts_a_set_says_whom_people_sign_in_with_and_nothing_else(tmp_path):
    folder = Folder(tmp_path)
    folder.make()
    folder.choose_ports()
    given = {"PACKAMAL_SERVER_OIDC_ISSUER": "https://login.example/x", "PACKAMAL_SERVER_SCANS": "9", "HOME": "/nowhere"}
    said = environment(folder, given)
    assert said["PACKAMAL_SERVER_OIDC_ISSUER"] == "https://login.example/x"
    assert said["HOME"] == "/nowhere"
    assert "PACKAMAL_SERVER_SCANS" not in said
