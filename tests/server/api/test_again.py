"""Retry and re-analyse: new rows, and the old ones stay."""

from __future__ import annotations

import pytest

from packamal.server.accounts.models import AuditEvent, Scope, User
from packamal.server.analyses import transitions
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Category
from packamal.server.pipeline.run import run_next

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture
def asked(index, caller):
    return caller.post("/analyses", {"purl": index.add("small", "1.0")}).json()["id"]


def test_what_failed_is_tried_again_and_the_old_row_stays(asked, caller):
    transitions.start(asked, "w", 10)
    transitions.fail(asked, 1, Category.TIMEOUT, "took too long")
    answer = caller.post(f"/analyses/{asked}/retry", b"")
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert answer.json()["id"] != asked
    assert answer["Location"].endswith(answer.json()["id"])
    assert Analysis.objects.get(pk=asked).state == "failed"
    event = AuditEvent.objects.get(action="analysis.retry")
    assert (event.subject, event.detail) == (asked, {"became": answer.json()["id"]})


def test_what_was_answered_is_judged_anew(asked, caller):
    run_next("w")
    answer = caller.post(f"/analyses/{asked}/reanalyse", b"")
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert caller.get(f"/analyses/{asked}/report").status_code == 200


@pytest.mark.parametrize(
    ("state", "verb", "status"),
    [
        ("queued", "retry", 409), ("running", "retry", 409), ("done", "retry", 409), ("cancelled", "retry", 202),
        ("queued", "reanalyse", 409), ("running", "reanalyse", 409), ("failed", "reanalyse", 409),
    ],
)  # fmt: skip
def test_each_applies_to_its_states_only(asked, caller, state, verb, status):
    Analysis.objects.filter(pk=asked).update(state=state, claim=None)
    assert caller.post(f"/analyses/{asked}/{verb}", b"").status_code == status


def test_nobody_repeats_what_is_not_theirs(asked, caller_with):
    Analysis.objects.filter(pk=asked).update(owner=User.objects.create(username="other"), state="cancelled", claim=None)
    assert caller_with(Scope.SUBMIT).post(f"/analyses/{asked}/retry", b"").status_code == 403
    assert caller_with(Scope.ADMIN).post(f"/analyses/{asked}/retry", b"").status_code == 202
