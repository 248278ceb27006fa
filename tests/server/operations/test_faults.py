"""Parts of a real set are killed under work: nothing is lost, nothing is there twice."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fullset.parts import OURS, environment

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
LOAD = 200
LOAD_S = 1500
TALLY = """
done = Count("attempts", filter=Q(attempts__outcome="done"))
print(json.dumps({
    "analyses": Analysis.objects.count(),
    "done": Analysis.objects.filter(state="done").count(),
    "reports": StoredReport.objects.filter(analyses__isnull=False).distinct().count(),
    "submitted": AuditEvent.objects.filter(action="analysis.submit").count(),
    "finished twice": Analysis.objects.annotate(done=done).exclude(done=1).count(),
    "open": Attempt.objects.filter(ended_at=None).count(),
}))
"""
LATER = """
now = timezone.now()
Analysis.objects.filter(state="running").update(lease_until=now)
reconcile()
Analysis.objects.filter(state="queued").update(available_at=now)
reconcile()
"""
"""As if a lease and a back-off had run out."""


@pytest.fixture
def running(full_set_up):
    full_set_up.up()
    return full_set_up


@pytest.fixture
def exact(running):
    """Says what is there more than at the beginning."""
    before = running.django(TALLY)

    def check(count):
        after = running.django(TALLY)
        grown = {name: after[name] - before[name] for name in after}
        assert grown == {
            "analyses": count, "done": count, "reports": count, "submitted": count, "finished twice": 0, "open": 0,
        }  # fmt: skip

    return check


def submit(running, name, count):
    purls = [running.index.add(f"{name}-{number}", "1.0") for number in range(count)]
    return [running.submit(purl) for purl in purls]


def wait_until(is_so, seconds):
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.5)


def is_scanning(running, ids):
    return any(running.api(f"/analyses/{one}").json["state"] == "running" for one in ids)


def test_scans_whose_worker_was_killed_run_again_and_end_once(running, exact):
    ids = submit(running, "killed", 3)
    wait_until(lambda: is_scanning(running, ids), 30)
    running.kill_all_of("scans")
    running.kill("redis")  # and with it the bells that wait
    running.up(has_aof=False)
    running.django(LATER)
    assert {row["state"] for row in running.wait_for(ids, 90).values()} == {"done"}
    exact(3)


class Job:
    """An attempt that runs elsewhere: the test is its program."""

    def __init__(self, running, identity):
        self.running = running
        row = running.django(
            "from packamal.server.operations import tokens\n"
            f"lease = transitions.start('{identity}', 'a cluster', 60)\n"
            "print(json.dumps({'purl': lease.purl, 'attempt': lease.attempt, 'token': tokens.issue(lease, 'result')}))"
        )
        report = {
            "target": "x", "purl": row["purl"], "verdict": {"level": "clean", "score": 0}, "schema_version": "1.0",
            "artifacts": [{"purl": row["purl"], "filename": "f", "sha256": "b" * 64, "size_bytes": 1}],
        }  # fmt: skip
        self.content = json.dumps(report).encode()
        self.other = json.dumps({**report, "target": "other"}).encode()
        self.token = row["token"]
        self.path = f"/internal/v1/attempts/{identity}/{row['attempt']}/result"

    def send(self, content=None, *, token="", listener="internal", stated=None):
        content = content or self.content
        digest = base64.b64encode(hashlib.sha256(stated or content).digest()).decode()
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Digest": f"sha-256=:{digest}:"}
        return self.running.ask(self.path, listener=listener, body=content, headers=headers).status


def test_a_result_delivered_over_the_internal_listener_is_taken_once(running, exact):
    running.processes.stop({"scans": running.part("scans")})
    [identity] = submit(running, "elsewhere", 1)
    job = Job(running, identity)
    assert job.send(token="x" * 43) == 401
    assert {job.send(listener=listener) for listener in ("frontend", "web")} <= {403, 404}
    assert [job.send() for _ in range(2)] == [200, 200]
    assert job.send(job.content + b" ", stated=job.content) == 422
    assert running.wait_for([identity])[identity]["verdict"]["level"] == "clean"
    exact(1)


@pytest.mark.e2e
def test_callbacks_that_are_lost_doubled_forged_replayed_or_expired_end_each_analysis_once(running, exact):
    running.processes.stop({"scans": running.part("scans")})
    ids = submit(running, "called-back", 20)
    jobs = [Job(running, identity) for identity in ids]
    delivered, doubled, replayed, expired, lost = (jobs[number::5] for number in range(5))
    assert {job.send() for job in delivered} == {200}
    with ThreadPoolExecutor(8) as at_once:
        assert {answer.result() for job in doubled for answer in [at_once.submit(job.send) for _ in range(2)]} == {200}
    assert {job.send() for job in replayed} == {200}
    assert {job.send(job.other) for job in replayed} == {409}  # the same token again, for something else
    assert {job.send(token=delivered[0].token) for job in lost} == {401}  # that of another attempt
    running.django(
        "from packamal.server.operations.models import CallbackToken\n"
        f"CallbackToken.objects.filter(analysis__in={ids[3::5]!r}).update(expires_at=timezone.now())"
    )
    assert {job.send() for job in expired} == {401}
    running.up()
    running.django(LATER)
    assert {job.send() for job in lost} <= {401, 409}  # too late: the attempt is over
    assert {row["state"] for row in running.wait_for(ids, 120).values()} == {"done"}
    exact(20)


@pytest.fixture
def small_store(running, tmp_path):
    """The results on a file system of their own that is full but for a little, and its filling."""
    running.up()
    results, aside = running.path / "data/results", tmp_path / "aside"
    results.mkdir(mode=0o700, exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", results], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    filling = results / "filling"
    try:
        with filling.open("wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        yield filling
    finally:
        filling.unlink(missing_ok=True)
        shutil.copytree(results, aside)
        subprocess.run(["umount", "--lazy", results], check=True)
        shutil.copytree(aside, results, dirs_exist_ok=True)


@pytest.mark.e2e
def test_a_full_store_keeps_everything_waiting_and_loses_nothing(running, exact, small_store):
    assert running.ask("/readyz", listener="web").json["checks"]["results"] == "unavailable"
    ids = submit(running, "unstored", 20)
    time.sleep(8)
    running.django(LATER)
    assert {running.api(f"/analyses/{one}").json["state"] for one in ids} == {"queued"}
    small_store.unlink()
    running.django(LATER)
    assert {row["state"] for row in running.wait_for(ids, 120).values()} == {"done"}
    exact(20)


@pytest.mark.e2e
def test_of_two_beats_the_second_takes_over_when_the_first_is_killed(running):
    log = running.path / "logs/second-beat.log"
    with log.open("wb") as output:
        second = subprocess.Popen([*OURS, "beat"], env=environment(running.folder), stdout=output, stderr=output)
    try:
        time.sleep(12)
        assert "the active one" not in log.read_text()
        running.kill("beat")
        wait_until(lambda: "the active one" in log.read_text(), 60)
        scraped = running.ask("/metrics", listener="internal").body
        assert scraped.count(b"\npackamal_beat_heartbeat_age_seconds ") == 1
    finally:
        second.send_signal(signal.SIGTERM)
        second.wait(20)


@pytest.mark.e2e
def test_200_analyses_end_exactly_once_whatever_is_killed_meanwhile(running, exact):
    running.up()
    ids = submit(running, "load", LOAD)
    results = running.path / "data/results"
    for fault in (
        lambda: running.kill("web"),
        lambda: running.kill("scans"),
        lambda: running.kill("redis"),
        lambda: running.kill_all_of("upkeep"),
        lambda: running.kill("beat"),
        lambda: running.kill_all_of("scans"),
        lambda: running.kill("postgres"),
        lambda: running.kill("frontend"),
    ):
        time.sleep(8)
        fault()
        time.sleep(2)
        running.up()
    running.processes.stop({"postgres": running.part("postgres")})  # an orderly restart
    running.kill("redis")
    running.up(has_aof=False)
    results.rename(results.with_name("aside"))
    results.write_bytes(b"")  # nothing can be stored
    assert running.ask("/readyz", listener="web").json["checks"]["results"] == "unavailable"
    time.sleep(8)
    results.unlink()
    results.with_name("aside").rename(results)
    assert {row["state"] for row in running.wait_for(ids, LOAD_S).values()} == {"done"}
    exact(LOAD)
    assert running.packamal("admin", "verify").returncode == 0
