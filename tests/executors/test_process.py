"""A child process: an argument list, a clock, a kill, and bounded reading."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from packamal.config import Suppression
from packamal.executors import process
from packamal.executors.base import Ending, Order, Stage
from packamal.executors.process import ProcessExecutor

ORDER = Order("a-1", "pkg:pypi/small@1.0", 60)


@pytest.fixture
def stand_in(tmp_path):
    """An executor whose scanner is a few lines of ours."""

    def make(program, environ=None):
        words = (sys.executable, "-c", program)
        return ProcessExecutor(tmp_path / "cache", os.environ if environ is None else environ, words)

    return make


def always(stage):
    return True


def alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_the_package_is_one_word_of_an_argument_list(stand_in):
    outcome = stand_in("import json, sys; print(json.dumps(sys.argv))").run(
        Order("a-1", "pkg:pypi/x@1; touch $(id)", 60), always
    )
    assert outcome.ending is Ending.REPORTED
    assert json.loads(outcome.report)[-2:] == ["--", "pkg:pypi/x@1; touch $(id)"]


def test_the_settings_and_secrets_of_the_service_stay_out_of_the_child(stand_in):
    environ = {
        **os.environ,
        "PACKAMAL_SERVER_SECRET_KEY": "secret",
        "PACKAMAL_RULES": "/x",
        "OTEL_X": "y",
        "PIP_INDEX_URL": "kept",
    }
    order = Order("a-1", "pkg:pypi/small@1.0", 60, "request-1")
    outcome = stand_in("import json, os; print(json.dumps(dict(os.environ)))", environ).run(order, always)
    seen = json.loads(outcome.report)
    told = {name for name in seen if name.startswith("PACKAMAL_")}
    assert told == {"PACKAMAL_CACHE_DIR", "PACKAMAL_REQUEST_ID", "PACKAMAL_SETTINGS"}
    assert "OTEL_X" not in seen
    assert seen["PACKAMAL_REQUEST_ID"] == "request-1"
    assert seen["PIP_INDEX_URL"] == "kept"


def test_a_scan_reads_the_accepted_findings_of_its_order_and_no_settings_of_a_folder_above(
    stand_in, tmp_path, monkeypatch
):
    (tmp_path / ".packamal.yaml").write_text("suppressions: [{rule: '*', reason: whose?}]\njobs: 7\n")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shows = "import json; from packamal.config import load; print(json.dumps([repr(load({})), load({}).jobs]))"
    entry = Suppression('ours: a "q" \u2028 \U0001f600 \x7f', "exec/x", sha256="a" * 64, expires="2027-01-31")
    for accepted in ((), (entry,)):
        outcome = stand_in(shows).run(replace(ORDER, accepted=accepted), always)
        text, jobs = json.loads(outcome.report)
        assert f"suppressions={accepted!r})" in text
        assert jobs != 7


def test_a_hung_scan_is_killed_with_everything_it_started(stand_in, monkeypatch, tmp_path):
    monkeypatch.setattr(process, "KILL_AFTER_S", 0.0)
    program = f"""
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(child.pid))
time.sleep(60)
"""
    begun = time.monotonic()
    assert stand_in(program).run(Order("a-1", "pkg:pypi/x@1", 1), always).ending is Ending.TIMEOUT
    assert time.monotonic() - begun < 10
    pid, ends = int((tmp_path / "pid").read_text()), time.monotonic() + 5
    while alive(pid) and time.monotonic() < ends:
        time.sleep(0.02)
    assert not alive(pid)


WORKER = """
import os, pathlib, sys
from packamal.executors.base import Order
from packamal.executors.process import ProcessExecutor
ProcessExecutor(pathlib.Path(sys.argv[1]), os.environ).run(Order("a-1", "pkg:pypi/small@1.0", 60), lambda stage: True)
"""


def session(pid):
    """Processes of the session that a child of this process leads."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
    leaders = {one for one, (_, parent, *_) in found.items() if int(parent) == pid}
    return {one for one, (state, _, _, leader, *_) in found.items() if int(leader) in leaders and state != "Z"}


def wait_until(is_so):
    ends = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_scan_ends_with_its_worker_even_when_that_is_killed(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # an index that never answers keeps the scan at work
        environ = {**os.environ, "PIP_INDEX_URL": f"http://127.0.0.1:{silent.getsockname()[1]}/simple"}
        with subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path)], env=environ) as worker:
            try:
                wait_until(lambda: len(session(worker.pid)) == 2)
                scan = session(worker.pid)  # the scanner and the child that it looks at the package in
            finally:
                worker.send_signal(signal.SIGKILL)
        wait_until(lambda: not any(alive(pid) for pid in scan))


def test_a_scan_that_nobody_wants_any_more_is_stopped(stand_in):
    begun = time.monotonic()
    assert stand_in("import time; time.sleep(60)").run(ORDER, lambda stage: False).ending is Ending.STOPPED
    assert time.monotonic() - begun < 10


def test_endless_output_ends(stand_in, monkeypatch):
    monkeypatch.setattr(process, "MAX_REPORT_BYTES", 100_000)
    outcome = stand_in("while True: print('x' * 10_000)").run(ORDER, always)
    assert outcome.ending is Ending.TOO_LARGE
    assert outcome.report == b""


def test_endless_complaints_are_cut_to_their_end(stand_in):
    outcome = stand_in("import sys; sys.stderr.write('x' * 500_000 + 'the end'); sys.exit(9)").run(ORDER, always)
    assert outcome.ending is Ending.CRASHED
    assert outcome.detail.endswith("the end")
    assert len(outcome.detail) <= process.DETAIL_BYTES


@pytest.mark.parametrize(
    ("program", "ending"),
    [
        ("raise SystemExit(2)", Ending.REFUSED), ("raise SystemExit(1)", Ending.CRASHED),
        ("import os; os.kill(os.getpid(), 11)", Ending.CRASHED), ("print(1); raise SystemExit(3)", Ending.REPORTED),
        ("print(1); raise SystemExit(70)", Ending.CRASHED),
    ],
)  # fmt: skip
def test_the_exit_code_tells_how_it_ended(stand_in, program, ending):
    assert stand_in(program).run(ORDER, always).ending is ending


def test_progress_becomes_the_stage_and_nothing_else_does(stand_in, monkeypatch):
    monkeypatch.setattr(process, "BEAT_S", 0.05)
    lines = [
        {"event": "progress", "target": "x", "stage": "python", "message": "a.py", "done": 3, "total": 9},
        {"event": "progress", "stage": [], "done": "many"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines) + "plain words\n" + '{"event": "' + "x" * 5000 + "\n"
    seen: list[Stage] = []
    program = f"import sys, time; sys.stderr.write({text!r}); sys.stderr.flush(); time.sleep(0.5); print(1)"
    outcome = stand_in(program).run(ORDER, lambda stage: seen.append(stage) or True)
    assert seen[-1] == Stage("python", 3, 9)
    assert "plain words" in outcome.detail
    assert '"python"' not in outcome.detail


def test_a_scanner_that_is_not_there_is_no_fault_of_the_package(tmp_path):
    executor = ProcessExecutor(tmp_path / "cache", program=("/no/such/program",))
    assert executor.run(ORDER, always).ending is Ending.LOST
