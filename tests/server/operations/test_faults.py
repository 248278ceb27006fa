"""Parts of a real set are killed under work: nothing is lost, nothing is there twice."""

from __future__ import annotations

import base64
import hashlib
import json
import signal
import subprocess
import time

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


def test_a_result_delivered_over_the_internal_listener_is_taken_once(running, exact):
    running.processes.stop({"scans": running.part("scans")})  # the test is the job
    [identity] = submit(running, "elsewhere", 1)
    row = running.django(
        "from packamal.server.operations import tokens\n"
        f"lease = transitions.start('{identity}', 'a cluster', 60)\n"
        "print(json.dumps({'purl': lease.purl, 'attempt': lease.attempt, 'token': tokens.issue(lease, 'result')}))"
    )
    report = {
        "target": "x", "purl": row["purl"], "verdict": {"level": "clean", "score": 0}, "schema_version": "1.0",
        "artifacts": [{"purl": row["purl"], "filename": "f", "sha256": "b" * 64, "size_bytes": 1}],
    }  # fmt: skip
    content = json.dumps(report).encode()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    headers = {"Authorization": f"Bearer {row['token']}", "Content-Digest": f"sha-256=:{digest}:"}
    path = f"/internal/v1/attempts/{identity}/{row['attempt']}/result"
    forged = {**headers, "Authorization": "Bearer " + "x" * 43}
    assert running.ask(path, listener="internal", body=content, headers=forged).status == 401
    for listener in ("frontend", "web"):
        assert running.ask(path, listener=listener, body=content, headers=headers).status in (403, 404)
    statuses = [running.ask(path, listener="internal", body=content, headers=headers).status for _ in range(2)]
    assert statuses == [200, 200]
    assert running.ask(path, listener="internal", body=content + b" ", headers=headers).status == 422
    assert running.wait_for([identity])[identity]["verdict"]["level"] == "clean"
    exact(1)


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
