"""Lists by cursor, and the end of an analysis by hand."""

from __future__ import annotations

import base64

import pytest
from packageurl import PackageURL

from packamal.server.accounts.models import Scope, User
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker, Question, claim
from packamal.server.analyses.models import Analysis

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(owner):
    def make(version, name="small", by=owner):
        question = Question(f"pkg:pypi/{name}", PackageURL("pypi", None, name, version))
        return claim(question, Asker(by)).analysis

    return make


def test_pages_follow_each_other_without_gap_or_repetition(asked, caller):
    rows = [str(asked(str(number)).pk) for number in range(7)]
    seen, cursor = [], ""
    while cursor is not None:
        body = caller.get(f"/analyses?limit=3&cursor={cursor}").json()
        seen += [item["id"] for item in body["items"]]
        cursor = body["next"]
        asked(f"later-{len(seen)}")  # what is added meanwhile moves nothing
    assert seen == rows[::-1]


def test_a_list_holds_the_callers_own(asked, caller_with):
    asked("1")
    asked("2", by=User.objects.create(username="other"))
    reader = caller_with(Scope.READ)
    assert len(reader.get("/analyses").json()["items"]) == 1
    assert reader.get("/analyses?owner=all").status_code == 403
    assert len(caller_with(Scope.ADMIN).get("/analyses?owner=all").json()["items"]) == 2


def test_filters_hold_together(asked, caller):
    asked("1")
    started = asked("2")
    asked("2", name="other")
    transitions.start(started.pk, "w", 10)
    assert [item["id"] for item in caller.get("/analyses?state=running&name=small").json()["items"]] == [
        str(started.pk)
    ]
    assert caller.get("/analyses?state=running&name=other").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "state=odd", "level=bad", "cursor=x", "cursor=" + "W1s" * 90]
    + ["cursor=" + base64.urlsafe_b64encode(text).decode() for text in (b"[1,2]", b"{}", b'["2026-01-01","x"]', b"9")],
)
def test_a_wrong_question_is_a_problem(caller, query):
    answer = caller.get(f"/analyses?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")


def test_a_method_that_a_path_does_not_have_is_a_problem(caller):
    answer = caller.client.delete("/api/v1/analyses", headers=caller.headers)
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
    assert set(answer["Allow"].split(", ")) == {"GET", "POST"}
    assert answer.json()["request_id"] == answer["X-Request-ID"]


def test_an_analysis_is_cancelled_once(asked, caller):
    row = asked("1")
    answer = caller.post(f"/analyses/{row.pk}/cancel", b"")
    assert (answer.status_code, answer.json()["state"], answer.json()["verdict"]) == (202, "cancelled", None)
    assert caller.post(f"/analyses/{row.pk}/cancel", b"").status_code == 409


def test_nobody_cancels_what_is_not_theirs(asked, caller_with):
    row = asked("1", by=User.objects.create(username="other"))
    assert caller_with(Scope.SUBMIT).post(f"/analyses/{row.pk}/cancel", b"").status_code == 403
    assert Analysis.objects.get().state == "queued"
    assert caller_with(Scope.ADMIN).post(f"/analyses/{row.pk}/cancel", b"").status_code == 202
