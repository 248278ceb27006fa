"""`packamal job` as a cluster starts it: the real program, the real listener over HTTP, a real scan."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test.testcases import LiveServerThread
from django.test.utils import override_settings
from django.utils import timezone

from packamal.executors.kubernetes.exits import ENDINGS, JobExit
from packamal.executors.kubernetes.names import job_name
from packamal.executors.kubernetes.settings import JobSettings
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import UPLOAD, Asker, claim
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.operations import tokens
from packamal.server.operations.models import CallbackToken, TokenScope
from packamal.server.pipeline import parts, quarantine
from packamal.server.pipeline.run import attempt_name

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.allow_hosts(["127.0.0.1"])]
PATIENCE_S = 90
GRACE_S = 20
"""Less than what a pod is given."""


@pytest.fixture
def listener():
    """The paths of the internal listener, served over HTTP from this process."""
    for connection in connections.all():
        connection.inc_thread_sharing()
    inner = {
        "ROOT_URLCONF": "packamal.server.operations.internal_urls",
        "MIDDLEWARE": ["packamal.server.request_id.RequestId"],
        "ALLOWED_HOSTS": ["*"],
    }
    with override_settings(**inner):
        server = LiveServerThread("127.0.0.1", lambda application: application)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        assert server.error is None
        yield f"http://127.0.0.1:{server.port}"
        server.terminate()
    for connection in connections.all():
        connection.dec_thread_sharing()


@pytest.fixture
def lease(question):
    analysis = claim(question(), Asker(request_id="asked-by-somebody")).analysis
    return transitions.start(analysis.pk, "a cluster", 60)


@pytest.fixture
def volume(tmp_path):
    """Jobs deliver by it."""
    folder = tmp_path / "volume"
    folder.mkdir()
    jobs = JobSettings("analysis", "scans", "http://internal.example:8001", results_dir=folder)
    with override_settings(PACKAMAL=replace(settings.PACKAMAL, jobs=jobs)):
        yield folder


class Job:
    """One attempt's program, started as its pod would start it."""

    def __init__(self, address, lease, folder):
        self.lease, self.folder = lease, folder
        self.tokens = {scope: tokens.issue(lease, scope) for scope in TokenScope}
        self.tokens_dir = folder / "tokens"
        self.tokens_dir.mkdir()
        for scope, token in self.tokens.items():
            (self.tokens_dir / scope.value).write_text(token)
        self.address = f"{address}/internal/v1/attempts/{lease.analysis_id}/{lease.attempt}"
        self.child = None

    def words(self, *more, profile="privileged", purl=""):
        return [
            *[sys.executable, "-m", "packamal", "job", "--callback", self.address],
            *["--tokens", str(self.tokens_dir), "--profile", profile, "--time-limit", "60s"],
            *["--request-id", "asked-by-somebody", *more, "--", purl or self.lease.purl],
        ]

    def start(self, *more, **named):
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PACKAMAL_", "DJANGO_"))}
        environ = {**kept, "HOME": str(scratch), "TMPDIR": str(scratch)}
        self.child = subprocess.Popen(
            self.words(*more, **named), env=environ, cwd=scratch, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        return self

    def ended(self):
        """The exit code and what was said."""
        out, said = self.child.communicate(timeout=PATIENCE_S)
        assert out == b""
        for token in self.tokens.values():
            assert token.encode() not in said
        return self.child.returncode, [json.loads(line) for line in said.decode().splitlines()]

    def run(self, *more, **named):
        return self.start(*more, **named).ended()[0]


@pytest.fixture
def job(listener, lease, index, tmp_path):
    index.add("small", "1.0")
    made = Job(listener, lease, tmp_path)
    yield made
    if made.child and made.child.poll() is None:
        made.child.kill()
        made.child.communicate()


@pytest.fixture
def uploaded(listener, question, tmp_path):
    """A Job about an archive that somebody uploaded."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        member = tarfile.TarInfo("mine-1.0/setup.py")
        tar.addfile(member, io.BytesIO())
    incoming = quarantine.Incoming(settings.PACKAMAL.quarantine_dir)
    incoming.write(buffer.getvalue())
    digest = incoming.keep("mine-1.0.tar.gz")
    lease = transitions.start(claim(question("mine", options={UPLOAD: digest}), Asker()).analysis.pk, "a cluster", 60)
    return Job(listener, lease, tmp_path), quarantine.find(settings.PACKAMAL.quarantine_dir, digest)


@pytest.fixture
def held(index, monkeypatch):
    """The index keeps everybody waiting until it is told to go on."""
    asked, go_on, plain = threading.Event(), threading.Event(), index.answer

    def answer(path):
        asked.set()
        go_on.wait(PATIENCE_S)
        return plain(path)

    monkeypatch.setattr(index, "answer", answer)
    yield asked
    go_on.set()


def row(lease):
    return Analysis.objects.get(pk=lease.analysis_id)


def children_of(pid):
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = path.read_text().rpartition(")")[2].split()
            if int(words[1]) == pid and words[0] != "Z":
                found.append(int(path.parent.name))
    return found


def test_a_report_comes_back_by_upload(job, lease):
    status, said = job.start().ended()
    assert status == JobExit.DELIVERED, said
    found = row(lease)
    assert (found.state, found.level) == (State.DONE, "clean")
    report = json.loads(parts.store().get(found.report_id))
    assert report["purl"] == "pkg:pypi/small@1.0"
    assert report["notes"][0].startswith("made in a Job, profile privileged: user ")
    assert [line["event"] for line in said] == ["confinement"]
    assert [path.name for path in (job.folder / "scratch").iterdir()] == [".cache"]


def test_a_report_comes_back_by_the_volume(job, lease, volume):
    part = volume / job_name(attempt_name(lease.analysis_id, lease.attempt))
    part.mkdir()
    assert job.run("--results", str(part)) == JobExit.DELIVERED
    assert [path.name for path in part.iterdir()] == ["report.json"]
    assert (part / "report.json").stat().st_mode & 0o777 == 0o640
    assert row(lease).report_id == sha256((part / "report.json").read_bytes()).hexdigest()


def test_an_upload_is_fetched_and_scanned(uploaded):
    job, path = uploaded
    status, said = job.start("--upload", path.name).ended()
    assert status == JobExit.DELIVERED, said
    found = row(job.lease)
    assert (found.state, found.artifacts.get().sha256) == (State.DONE, path.parent.name)


@pytest.mark.parametrize("name", ["../mine-1.0.tar.gz", "-x.tar.gz", ".hidden.zip"])
def test_an_upload_has_a_plain_name(uploaded, name):
    job, _ = uploaded
    assert job.run("--upload", name) == JobExit.LOST
    assert row(job.lease).report is None


def test_an_upload_that_is_gone_starts_nothing(uploaded):
    job, path = uploaded
    path.unlink()
    assert job.run("--upload", path.name) == JobExit.LOST


def test_an_upload_of_an_attempt_that_ended_is_not_wanted(uploaded):
    job, path = uploaded
    transitions.cancel(job.lease.analysis_id)
    assert job.run("--upload", path.name) == JobExit.UNWANTED


def test_a_folder_that_is_not_there_brings_nothing_back(job, lease, volume):
    assert job.run("--results", str(volume / "gone")) == JobExit.UNDELIVERED
    assert row(lease).state == State.RUNNING


def test_walls_that_are_not_there_end_it_before_anything_is_fetched(job, lease, index):
    status, said = job.start(profile="restricted").ended()
    assert status == JobExit.UNSAFE
    assert said[0]["event"] == "confinement"
    assert said[0]["trouble"]
    assert index.asked == []
    assert row(lease).stage == ""


def test_without_its_tokens_it_ends_at_once(job, index):
    (job.tokens_dir / "heartbeat").unlink()
    status, said = job.start().ended()
    assert status == JobExit.LOST
    assert "heartbeat" in said[-1]["why"]
    assert index.asked == []


def test_what_the_scanner_does_not_take_is_refused(job):
    assert job.run(purl="pkg:nosuch/small@1.0") == JobExit.REFUSED


def test_a_report_on_another_package_is_rejected_for_good(job, lease, index):
    assert job.run(purl=index.add("other", "1.0")) == JobExit.REJECTED
    assert (row(lease).state, row(lease).error_category) == (State.FAILED, "result_invalid")


def test_a_cancelled_analysis_stops_the_scan(job, lease, held):
    job.start()
    assert held.wait(PATIENCE_S)
    transitions.cancel(lease.analysis_id)
    assert job.ended()[0] == JobExit.UNWANTED
    assert row(lease).state == State.CANCELLED


def test_an_attempt_that_ended_meanwhile_is_not_wanted(job, lease):
    CallbackToken.objects.filter(scope=TokenScope.RESULT).update(expires_at=timezone.now())
    assert job.run() == JobExit.UNWANTED
    assert row(lease).report is None


def test_a_scan_that_is_killed_has_crashed(job, lease, held):
    job.start()
    assert held.wait(PATIENCE_S)
    (scan,) = children_of(job.child.pid)
    os.kill(scan, signal.SIGKILL)
    assert job.ended()[0] == JobExit.CRASHED
    assert row(lease).report is None


def test_a_pod_that_is_taken_away_says_nothing_about_the_package(job, lease, held):
    job.start()
    assert held.wait(PATIENCE_S)
    (scan,) = children_of(job.child.pid)
    begun = time.monotonic()
    job.child.terminate()
    status = job.ended()[0]
    assert time.monotonic() - begun < GRACE_S
    assert status == 128 + signal.SIGTERM
    assert status not in ENDINGS
    assert not Path(f"/proc/{scan}").exists()
    assert (row(lease).state, row(lease).report) == (State.RUNNING, None)


def test_the_row_learns_where_the_scan_stands(job, lease, held):
    before = row(lease).lease_until
    job.start()
    assert held.wait(PATIENCE_S)
    ends = time.monotonic() + PATIENCE_S
    while not row(lease).stage and time.monotonic() < ends:
        time.sleep(0.1)
    assert row(lease).stage
    assert row(lease).lease_until > before
    job.child.terminate()
    job.ended()


def test_the_scan_knows_neither_tokens_nor_their_place(job, held):
    job.start()
    assert held.wait(PATIENCE_S)
    (scan,) = children_of(job.child.pid)
    seen = Path(f"/proc/{scan}/environ").read_bytes() + Path(f"/proc/{scan}/cmdline").read_bytes()
    seen += Path(f"/proc/{job.child.pid}/environ").read_bytes() + Path(f"/proc/{job.child.pid}/cmdline").read_bytes()
    for token in job.tokens.values():
        assert token.encode() not in seen
    assert str(job.tokens_dir).encode() not in Path(f"/proc/{scan}/cmdline").read_bytes()
    job.child.terminate()
    job.ended()
