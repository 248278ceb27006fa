"""Every change of state is one compare-and-set: who comes second changes nothing."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker, claim
from packamal.server.analyses.models import Analysis, Artifact, Attempt, FoundIndicator, FoundRule, StoredReport
from packamal.server.analyses.states import Category, State

pytestmark = pytest.mark.django_db


@pytest.fixture
def analysis(question):
    return claim(question(), Asker()).analysis


@pytest.fixture
def lease(analysis):
    return transitions.start(analysis.pk, "worker-1", 10)


def result():
    return transitions.Result(
        report=StoredReport(digest="a" * 64, size_bytes=10, schema_version="1.0"),
        level="malicious",
        score=97,
        reason="sends credentials",
        findings_count=1,
        artifacts=[Artifact(sha256="b" * 64, filename="x.whl", kind="wheel", purl="pkg:pypi/x@1", size_bytes=3)],
        rules=[FoundRule(rule="exfil/env", severity="high", places=2)],
        indicators=[FoundIndicator(kind="host", value="exfil[.]example")],
    )


def state(analysis):
    analysis.refresh_from_db()
    return analysis.state


def test_a_row_is_started_once(analysis, lease):
    assert lease.attempt == 1
    assert transitions.start(analysis.pk, "worker-2", 10) is None
    assert state(analysis) == State.RUNNING
    assert analysis.worker == "worker-1"


def test_a_result_is_taken_once(analysis, lease):
    assert transitions.finish(analysis.pk, 1, result())
    assert not transitions.finish(analysis.pk, 1, result())
    assert state(analysis) == State.DONE
    assert (analysis.level, analysis.score, analysis.report_id) == ("malicious", 97, "a" * 64)
    assert [artifact.pk for artifact in analysis.artifacts.all()] == ["b" * 64]
    assert (analysis.rules.get().rule, analysis.indicators.get().value) == ("exfil/env", "exfil[.]example")
    assert analysis.attempts.get().outcome == "done"


def test_two_analyses_may_share_a_report_and_an_artifact(question):
    for version in ("1", "2"):
        row = claim(question(version=version), Asker()).analysis
        transitions.start(row.pk, "w", 10)
        assert transitions.finish(row.pk, 1, result())
    assert (StoredReport.objects.count(), Artifact.objects.count(), FoundRule.objects.count()) == (1, 1, 2)


def test_a_final_state_never_changes(analysis, lease):
    transitions.finish(analysis.pk, 1, result())
    assert not transitions.cancel(analysis.pk)
    assert not transitions.fail(analysis.pk, 1, Category.TIMEOUT, "late")
    assert not transitions.renew(analysis.pk, 1)
    assert transitions.start(analysis.pk, "w", 10) is None
    assert state(analysis) == State.DONE


def test_what_a_package_does_is_not_tried_again(analysis, lease):
    assert transitions.fail(analysis.pk, 1, Category.TIMEOUT, "took too long", "stderr")
    assert state(analysis) == State.FAILED
    assert (analysis.error_category, analysis.claim) == ("timeout", None)
    assert Attempt.objects.get().detail == "stderr"


def test_trouble_of_the_ground_is_tried_again_later_and_not_for_ever(analysis):
    for attempt in range(1, transitions.MAX_ATTEMPTS + 1):
        assert transitions.start(analysis.pk, "w", 10).attempt == attempt
        assert transitions.fail(analysis.pk, attempt, Category.CLUSTER_ERROR, "node lost")
        expected = State.QUEUED if attempt < transitions.MAX_ATTEMPTS else State.FAILED
        assert state(analysis) == expected
        if expected == State.QUEUED:
            assert analysis.available_at > timezone.now()
            assert transitions.start_next("w", 10) is None
    assert [attempt.outcome for attempt in analysis.attempts.order_by("number")] == ["cluster_error"] * 3


def test_a_late_result_of_an_older_attempt_is_refused(analysis, lease):
    transitions.fail(analysis.pk, 1, Category.CLUSTER_ERROR, "node lost")
    transitions.start(analysis.pk, "worker-2", 10)
    assert not transitions.finish(analysis.pk, 1, result())
    assert not transitions.renew(analysis.pk, 1)
    assert state(analysis) == State.RUNNING


def test_a_cancelled_one_is_told_at_its_next_renewal(analysis, lease):
    assert transitions.renew(analysis.pk, 1, "python", 3, 9)
    analysis.refresh_from_db()
    assert (analysis.stage, analysis.steps_done, analysis.steps_total) == ("python", 3, 9)
    assert transitions.cancel(analysis.pk)
    assert not transitions.renew(analysis.pk, 1)
    assert analysis.attempts.get().outcome == "cancelled"


def test_the_earliest_due_row_is_next(question):
    rows = [claim(question(version=str(number)), Asker()).analysis for number in range(3)]
    Analysis.objects.filter(pk=rows[2].pk).update(due_at=timezone.now() - datetime.timedelta(hours=1))
    assert transitions.start_next("w", 10).analysis_id == rows[2].pk


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_each_row_has_one(question, at_once):
    rows = {claim(question(version=str(number)), Asker()).analysis.pk for number in range(10)}

    def work(number):
        taken = []
        while lease := transitions.start_next(f"worker-{number}", 10):
            taken.append(lease.analysis_id)
        return taken

    taken = [pk for part in at_once(work, 5) for pk in part]
    assert sorted(taken) == sorted(rows)
    assert Attempt.objects.count() == len(rows)
