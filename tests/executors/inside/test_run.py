"""Every end of a Job has its exit code, and only a 200 is a delivery. The scanner is a few lines of ours."""

from __future__ import annotations

import functools
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from packamal.executors import process
from packamal.executors.inside import delivering, fetching, pulse, run
from packamal.executors.inside.listener import digest_of
from packamal.executors.inside.run import TERMINATED, Task
from packamal.executors.kubernetes.exits import ENDINGS, JobExit
from packamal.executors.kubernetes.settings import Profile
from packamal.executors.process import ProcessExecutor

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
RESULT, HEARTBEAT = "r" * 43, "h" * 43
REPORTS = "print('{}' * 1000)"
ARCHIVE = b"PK" * 1000
SHOWS_UPLOAD = "import sys; sys.stdout.write(open(sys.argv[-1]).read())"


@pytest.fixture
def listener():
    """Answers as it is told, path by path; the last answer stays."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rpartition("/")[2]
            if name == "upload":
                server.on_upload()
            else:
                server.on_accepted()
            said, content = server.answers[name], server.files[name]
            self.send_response(said.pop(0) if len(said) > 1 else said[0])
            self.send_header("content-length", str(len(content)))
            self.send_header("content-digest", server.digests.get(name, digest_of(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            name = self.path.rpartition("/")[2]
            server.asked.append((name, self.headers["authorization"], body, dict(self.headers)))
            said = server.answers[name]
            if name == "result":
                server.on_result()
            self.send_response(said.pop(0) if len(said) > 1 else said[0])
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.asked, server.on_result = True, [], lambda: None
    server.on_accepted = lambda: None
    server.answers = {"heartbeat": [204], "result": [200], "stored": [200], "upload": [200], "accepted": [200]}
    server.files, server.digests, server.on_upload = {"upload": ARCHIVE, "accepted": b"[]"}, {}, lambda: None
    server.address = f"http://127.0.0.1:{server.server_address[1]}/internal/v1/attempts/x/1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def job(listener, tmp_path, monkeypatch):
    """Runs a Job in this process; gives its exit code."""
    before = signal.getsignal(signal.SIGTERM)
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens/result").write_text(RESULT)
    (tmp_path / "tokens/heartbeat").write_text(HEARTBEAT + "\n")
    monkeypatch.setattr(delivering, "BACK_OFF_S", (0.01,))

    def start(program=REPORTS, time_limit_s=30, **more):
        words = program if isinstance(program, tuple) else (sys.executable, "-c", program)
        monkeypatch.setattr(run, "ProcessExecutor", functools.partial(ProcessExecutor, program=words))
        given = {
            "callback": listener.address, "tokens_dir": tmp_path / "tokens", "profile": Profile.PRIVILEGED,
            "purl": "pkg:pypi/small@1.0", "time_limit_s": time_limit_s, "request_id": "asked-by-somebody",
            "cache_dir": tmp_path / "cache", **more,
        }  # fmt: skip
        start.said = []
        return run.run(Task(**given), lambda event, fields: start.said.append((event, fields)))

    yield start
    signal.signal(signal.SIGTERM, before)


def results(listener):
    return [asked for asked in listener.asked if asked[0] in ("result", "stored")]


def test_a_report_is_delivered_with_its_digest_and_its_own_token(job, listener):
    assert job() == JobExit.DELIVERED
    ((_, token, body, headers),) = results(listener)
    assert (token, body) == (f"Bearer {RESULT}", b"{}" * 1000 + b"\n")
    assert headers["content-digest"].startswith("sha-256=:")
    assert headers["x-request-id"] == "asked-by-somebody"
    assert {token for name, token, *_ in listener.asked if name == "heartbeat"} == {f"Bearer {HEARTBEAT}"}


@pytest.mark.parametrize(
    ("status", "ending"),
    [(200, JobExit.DELIVERED), (400, JobExit.REJECTED), (401, JobExit.UNWANTED), (409, JobExit.UNWANTED),
     (410, JobExit.UNWANTED), (411, JobExit.REJECTED), (413, JobExit.TOO_LARGE), (422, JobExit.REJECTED)],
)  # fmt: skip
def test_an_answer_that_stays_ends_it_at_once(job, listener, status, ending):
    listener.answers["result"] = [status]
    assert job() == ending
    assert len(results(listener)) == 1


@pytest.mark.parametrize("status", [302, 404, 429, 500, 502, 503, 504, 204])
def test_any_other_answer_is_tried_again_with_the_same_report(job, listener, status):
    listener.answers["result"] = [status, status, 200]
    assert job() == JobExit.DELIVERED
    assert len({asked[2] for asked in results(listener)}) == 1
    assert len(results(listener)) == 3


def test_a_listener_that_never_takes_it_leaves_it_undelivered(job, listener, monkeypatch):
    listener.answers["result"] = [503]
    for name, seconds in {"KILL_AFTER_S": 0.0, "DELIVER_S": 1.5}.items():
        monkeypatch.setattr(run, name, seconds)
    assert job(time_limit_s=1) == JobExit.UNDELIVERED
    assert results(listener)


def test_a_listener_that_went_away_leaves_it_undelivered(job, listener, monkeypatch):
    for name, seconds in {"KILL_AFTER_S": 0.0, "DELIVER_S": 0.5}.items():
        monkeypatch.setattr(run, name, seconds)
    listener.on_accepted = lambda: (listener.shutdown(), listener.socket.close())
    assert job("import time; time.sleep(0.5); print(1)", time_limit_s=1) == JobExit.UNDELIVERED


def test_without_a_listener_nothing_is_scanned(job, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "FETCH_S", 0.1)
    program = f"open({str(tmp_path / 'scanned')!r}, 'w')"
    assert job(program, callback="http://127.0.0.1:9/internal/v1/attempts/x/1") == JobExit.LOST
    assert not (tmp_path / "scanned").exists()


@pytest.mark.parametrize("callback", ["", "127.0.0.1:8001", "file:///etc/passwd", "http://user:x@127.0.0.1/a"])
def test_what_is_no_address_is_not_called(job, listener, callback):
    assert job(callback=callback) == JobExit.LOST
    assert listener.asked == []


@pytest.mark.parametrize(
    ("program", "ending"),
    [
        ("raise SystemExit(2)", JobExit.REFUSED), ("raise SystemExit(70)", JobExit.CRASHED),
        ("pass", JobExit.CRASHED), ("import os; os.abort()", JobExit.CRASHED),
        (("/no/such/program",), JobExit.LOST),
    ],
)  # fmt: skip
def test_a_scan_without_a_report_sends_nothing(job, listener, program, ending):
    assert job(program) == ending
    assert results(listener) == []


def test_a_scan_that_hangs_is_too_slow(job, listener, monkeypatch):
    monkeypatch.setattr(process, "KILL_AFTER_S", 0.0)
    assert job("import time; time.sleep(60)", time_limit_s=1) == JobExit.TIMEOUT
    assert results(listener) == []


def test_endless_output_is_too_large(job, listener, monkeypatch):
    monkeypatch.setattr(process, "MAX_REPORT_BYTES", 100_000)
    assert job("while True: print('x' * 10_000)") == JobExit.TOO_LARGE
    assert results(listener) == []


def test_a_kill_that_the_kernel_counted_is_want_of_memory(job, monkeypatch):
    counts = iter([3, 4])
    monkeypatch.setattr(run, "oom_kills", lambda: next(counts))
    assert job("import os; os.kill(os.getpid(), 9)") == JobExit.OUT_OF_MEMORY


def test_a_full_volume_is_want_of_room_and_nothing_is_announced(job, listener, tmp_path):
    (tmp_path / "part").mkdir()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        assert job(results_dir=tmp_path / "part") == JobExit.OUT_OF_MEMORY
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "volume" in job.said[-1][1]["why"]
    assert (results(listener), list((tmp_path / "part").iterdir())) == ([], [])


def test_word_of_a_report_on_the_volume_has_no_body(job, listener, tmp_path):
    (tmp_path / "part").mkdir()
    listener.answers["stored"] = [503, 200]
    assert job(results_dir=tmp_path / "part") == JobExit.DELIVERED
    (first, second) = results(listener)
    assert (first[0], first[2], first[3]["report-length"]) == ("stored", b"", "2001")
    assert second[3]["report-digest"] == first[3]["report-digest"]
    assert (tmp_path / "part/report.json").read_bytes() == b"{}" * 1000 + b"\n"


@pytest.mark.parametrize("status", [401, 409, 410])
def test_a_scan_that_nobody_wants_any_more_is_stopped(job, listener, status):
    listener.answers["heartbeat"] = [status]
    begun = time.monotonic()
    assert job("import time; time.sleep(60)") == JobExit.UNWANTED
    assert time.monotonic() - begun < 20
    assert results(listener) == []


def test_a_heartbeat_that_fails_stops_nothing(job, listener):
    listener.answers["heartbeat"] = [500]
    assert job("import time; time.sleep(1.5); print(1)") == JobExit.DELIVERED


def test_progress_is_told_as_far_as_it_is_some(job, listener, monkeypatch):
    monkeypatch.setattr(process, "BEAT_S", 0.1)
    monkeypatch.setattr(pulse, "TICK_S", 0.1)
    step = {"event": "progress", "stage": "é\0" * 300, "done": -5, "total": 9999999999999}
    line = json.dumps(step)
    assert job(f"import sys, time; print({line!r}, file=sys.stderr, flush=True); time.sleep(2); print(1)") == 0
    told = [asked[2] for asked in listener.asked if asked[0] == "heartbeat" and b'"total": 1000000' in asked[2]]
    assert told
    assert all(len(body) <= 4096 and b'"done": 0' in body and b"\\u0000" not in body for body in told)


def test_an_end_of_the_pod_during_delivery_lets_the_try_in_hand_end(job, listener):
    listener.on_result = lambda: (os.kill(os.getpid(), signal.SIGTERM), time.sleep(0.3))
    assert job() == JobExit.DELIVERED


def test_an_end_of_the_pod_between_two_tries_is_no_verdict(job, listener):
    listener.answers["result"] = [503]
    listener.on_result = lambda: os.kill(os.getpid(), signal.SIGTERM)
    assert job() == TERMINATED
    assert len(results(listener)) == 1
    assert TERMINATED not in ENDINGS


@pytest.mark.parametrize("content", ["", "short", "x" * 300, "with space " * 4, "\0" * 43, "é" * 30])
def test_what_is_no_token_is_neither_used_nor_shown(job, listener, tmp_path, content):
    (tmp_path / "tokens/result").write_text(content)
    assert job() == JobExit.LOST
    assert listener.asked == []
    assert not content or content not in str(job.said)


def test_no_token_is_ever_said(job, listener):
    assert job("import sys; print(1); print('words', file=sys.stderr); sys.exit(9)") == JobExit.CRASHED
    assert "words" in str(job.said)
    assert RESULT not in str(job.said)
    assert HEARTBEAT not in str(job.said)


def test_an_upload_is_what_the_scanner_is_given(job, listener):
    assert job(SHOWS_UPLOAD, upload="mine-1.0.zip") == JobExit.DELIVERED
    assert results(listener)[0][2] == ARCHIVE


def test_an_upload_that_comes_wrong_or_not_at_all_is_asked_for_again(job, listener, monkeypatch):
    monkeypatch.setattr(fetching, "BACK_OFF_S", 0.01)
    listener.answers["upload"] = [503, 429, 200]
    assert job(SHOWS_UPLOAD, upload="mine-1.0.zip") == JobExit.DELIVERED
    monkeypatch.setattr(fetching, "FETCH_S", 0.5)
    listener.digests["upload"] = digest_of(b"other")
    assert job(SHOWS_UPLOAD, upload="mine-1.0.zip") == JobExit.LOST
    assert len(results(listener)) == 1


@pytest.mark.parametrize(
    ("status", "ending"),
    [(401, JobExit.UNWANTED), (409, JobExit.UNWANTED), (404, JobExit.LOST), (302, JobExit.LOST)],
)
def test_an_upload_that_is_not_given_out_starts_nothing(job, listener, status, ending):
    listener.answers["upload"] = [status]
    assert job(SHOWS_UPLOAD, upload="mine-1.0.zip") == ending
    assert results(listener) == []


SHOWS_SETTINGS = "import os, sys; sys.stdout.write(open(os.environ['PACKAMAL_SETTINGS']).read())"
ACCEPTED = {"reason": "é: ours", "rule": "a/b", "purl": "*", "path": "*", "sha256": "0" * 64, "expires": "2027-01-31"}


def test_what_people_accepted_is_given_to_the_scanner(job, listener):
    listener.files["accepted"] = json.dumps([ACCEPTED]).encode()
    assert job(SHOWS_SETTINGS) == JobExit.DELIVERED
    assert yaml.safe_load(results(listener)[0][2]) == {"suppressions": [ACCEPTED]}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[1]", b"[{}]", b"[" * 100_000, json.dumps([{**ACCEPTED, "more": "x"}]).encode(),
     json.dumps([{**ACCEPTED, "rule": 1}]).encode(), b"[" + b" " * 2_000_001 + b"]"],
)  # fmt: skip
def test_without_what_people_accepted_nothing_is_scanned(job, listener, content):
    listener.files["accepted"] = content
    assert job() == JobExit.LOST
    assert results(listener) == []


@pytest.mark.parametrize(("status", "ending"), [(409, JobExit.UNWANTED), (412, JobExit.LOST), (404, JobExit.LOST)])
def test_where_others_are_accepted_meanwhile_another_attempt_is_needed(job, listener, status, ending):
    listener.answers["accepted"] = [status]
    assert job() == ending
    assert results(listener) == []


def test_an_upload_larger_than_any_is_left(job, listener, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_UPLOAD_BYTES", 100)
    assert job(SHOWS_UPLOAD, upload="mine-1.0.zip") == JobExit.LOST


def test_an_end_of_the_pod_breaks_an_upload_off(job, listener):
    listener.on_upload = lambda: (os.kill(os.getpid(), signal.SIGTERM), time.sleep(30))
    begun = time.monotonic()
    assert job(SHOWS_UPLOAD, upload="mine-1.0.zip") == TERMINATED
    assert time.monotonic() - begun < 20


def test_walls_that_cannot_be_looked_at_are_none(job, listener, monkeypatch):
    def fails():
        raise OSError("no /proc here")

    monkeypatch.setattr(run.confinement, "look", fails)
    assert job() == JobExit.UNSAFE
    assert listener.asked == []


def test_the_image_of_scans_has_all_that_it_needs():
    """Neither the service's libraries nor a cluster's client, and nothing that opens a package in this process."""
    barred = ["django", "celery", "redis", "kubernetes", "urllib3", "packamal.engine", "packamal.archive", "yara_x"]
    program = f"import sys; sys.modules.update(dict.fromkeys({barred})); import packamal.executors.inside.run"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
