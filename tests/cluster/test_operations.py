"""What an administrator leans on: an upgrade under requests, load, pods that die, a backup, an idle release."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
import uuid

import pytest
from chart.rendering import CHART, NAMESPACE, RELEASE
from cluster.commands import component, kubectl, objects, run, say, tried

PARTS = ("backend", "internal", "scans", "upkeep", "beat", "redis", "postgresql")
ASKING = """
import concurrent.futures, json, sys, time, urllib.error, urllib.request
address, seconds, threads = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
ends = time.monotonic() + seconds
def ask(_):
    good = bad = 0
    why = ""
    while time.monotonic() < ends:
        try:
            urllib.request.urlopen(address, timeout=10).read()
            good += 1
        except urllib.error.HTTPError as error:
            good, bad, why = good + (error.code < 500), bad + (error.code >= 500), str(error)
        except OSError as error:
            bad, why = bad + 1, str(error)
        time.sleep(0 if threads > 4 else 0.05)
    return good, bad, why
with concurrent.futures.ThreadPoolExecutor(threads) as pool:
    found = list(pool.map(ask, range(threads)))
print(json.dumps([sum(one[0] for one in found), sum(one[1] for one in found), max(one[2] for one in found)]))
"""


class Asking(threading.Thread):
    """Asks for a page through nginx from inside of the cluster, by the part that may: the test of the release."""

    def __init__(self, seconds, threads=2):
        super().__init__()
        self.words = [f"http://{RELEASE}-frontend/api/v1/analyses", str(seconds), str(threads)]
        self.pod = f"asking-{uuid.uuid4().hex[:6]}"
        (source,) = objects("pod", component("internal"))
        container = source["spec"]["containers"][0]
        labels = {"app.kubernetes.io/name": "packamal", "app.kubernetes.io/instance": RELEASE}
        spec = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": source["spec"]["securityContext"],
            "containers": [
                {
                    "name": "asking",
                    "image": container["image"],
                    "command": ["python3", "-c", ASKING, *self.words],
                    "securityContext": container["securityContext"],
                    "resources": {
                        "requests": {"cpu": "10m", "memory": "64Mi"},
                        "limits": {"cpu": "1", "memory": "256Mi"},
                    },
                }
            ],
        }
        metadata = {"name": self.pod, "labels": {**labels, "app.kubernetes.io/component": "test"}}
        kubectl(
            "create",
            "-f",
            "-",
            text=json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}),
        )
        kubectl("wait", "--for=condition=Ready", f"pod/{self.pod}", "--timeout=60s")

    def answers(self):
        """(answered, failed, the last failure)."""
        kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", f"pod/{self.pod}", "--timeout=300s")
        found = json.loads(kubectl("logs", self.pod))
        kubectl("delete", "pod", self.pod, "--wait=false")
        return found


def test_requests_are_served_over_an_upgrade_and_back():
    asking = Asking(70)
    words = ["--namespace", NAMESPACE, "--wait", "--timeout", "5m"]
    began = time.monotonic()
    run(
        [
            "helm",
            "upgrade",
            RELEASE,
            CHART,
            "--reuse-values",
            "--set",
            "backend.extraEnv[0].name=TURN,backend.extraEnv[0].value=two",
            *words,
        ],
        is_quiet=True,
    )
    upgraded = time.monotonic() - began
    run(["helm", "rollback", RELEASE, *words], is_quiet=True)
    say(f"   upgrade {upgraded:.0f} s, rollback {time.monotonic() - began - upgraded:.0f} s")
    good, bad, why = asking.answers()
    say(f"   {good} requests answered, {bad} not {why}")
    assert good > 100
    assert bad == 0


def test_the_backend_grows_under_load_and_shrinks_after():
    def replicas():
        (found,) = objects("hpa", f"{RELEASE}-backend")
        return found["status"].get("currentReplicas", 0)

    before = replicas()
    asking = Asking(75, threads=16)
    curve, began = [], time.monotonic()
    while time.monotonic() - began < 75:
        curve.append(replicas())
        time.sleep(5)
    good, bad, why = asking.answers()
    for _ in range(40):
        curve.append(replicas())
        if curve[-1] == before:
            break
        time.sleep(5)
    say(f"   {good} answered, {bad} not {why}; replicas every 5 s: {curve}")
    assert max(curve) > before
    assert curve[-1] == before


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_killed_comes_back_and_nothing_is_lost(door, analyse, part):
    ids = []
    for _ in range(4):
        name = f"harmless-{uuid.uuid4().hex[:8]}"
        status, body = door.upload(name, analyse.sdist(name))
        assert status == 202
        ids.append(json.loads(body))
    kubectl("delete", "pod", component(part), "--grace-period=0", "--force")
    began = time.monotonic()
    ends = []
    for one in ids:
        with_patience = None
        for _ in range(60):
            try:
                with_patience = door.follow(one, 240)
                break
            except (OSError, urllib.error.URLError):
                time.sleep(2)
        ends.append(with_patience and with_patience["state"])
    say(f"   {part} killed with 4 queued: {ends} after {time.monotonic() - began:.0f} s")
    assert ends == ["done"] * len(ids)
    assert (
        tried(
            "wait",
            "--for=condition=Ready",
            "pod",
            "--selector",
            f"app.kubernetes.io/component={part}",
            "--timeout=180s",
        ).returncode
        == 0
    )


def test_a_backup_is_taken_and_refused_over_a_full_database():
    kubectl("create", "job", "--from=cronjob/packamal-backup", "backup-e2e")
    kubectl("wait", "--for=condition=complete", "job/backup-e2e", "--timeout=180s")
    say("   " + kubectl("logs", "job/backup-e2e").strip())
    kubectl("create", "job", "--from=cronjob/packamal-restore", "restore-e2e")
    kubectl("wait", "--for=condition=failed", "job/restore-e2e", "--timeout=120s")
    assert "a restore goes into an empty one" in kubectl("logs", "job/restore-e2e")
    kubectl("delete", "job", "backup-e2e", "restore-e2e", "--wait=false")


def test_what_an_idle_release_takes():
    lines = [line.split() for line in kubectl("top", "pods", "--no-headers").splitlines()]
    cpu = sum(int(words[1].removesuffix("m")) for words in lines)
    memory = sum(int(words[2].removesuffix("Mi")) for words in lines)
    say(f"   {len(lines)} pods: {cpu}m processor, {memory} Mi memory")
    assert memory < 2500
