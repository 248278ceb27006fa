"""A call that is sent twice is answered once."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.utils import timezone

from packamal.server.accounts.models import KeptAnswer
from packamal.server.analyses.models import Analysis
from packamal.server.api import once

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
KEY = {"Idempotency-Key": "build-4711"}


def test_the_first_answer_comes_again_though_things_moved_on(index, caller):
    body = {"purl": index.add("small", "1.0")}
    first = caller.post("/analyses", body, **KEY)
    caller.post(f"/analyses/{first.json()['id']}/cancel", b"")
    second = caller.post("/analyses", body, **KEY)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == first.json()
    assert second["Location"] == first["Location"]
    assert second["Idempotency-Replayed"] == "true"
    assert Analysis.objects.count() == 1


def test_the_key_for_another_request_is_a_mistake(index, caller):
    caller.post("/analyses", {"purl": index.add("small", "1.0")}, **KEY)
    assert caller.post("/analyses", {"purl": index.add("small", "2.0")}, **KEY).status_code == 422


def test_what_failed_may_be_tried_again_under_its_key(index, caller):
    body = {"purl": "pkg:pypi/small@1.0", "more": 1}
    assert caller.post("/analyses", body, **KEY).status_code == 422
    assert caller.post("/analyses", {"purl": index.add("small", "1.0")}, **KEY).status_code == 202


def test_another_api_key_has_keys_of_its_own(index, caller_with):
    body = {"purl": index.add("small", "1.0")}
    assert caller_with("submit").post("/analyses", body, **KEY).status_code == 202
    other = caller_with("submit").post("/analyses", body, **KEY)
    assert "Idempotency-Replayed" not in other


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "\x7f"])
def test_a_key_that_is_none_is_refused(caller, key):
    assert caller.post("/analyses", {"purl": "pkg:pypi/x"}, **{"Idempotency-Key": key}).status_code == 422


def test_while_the_first_is_in_work_the_second_waits(caller, caller_with):
    from packamal.server.accounts.models import ApiKey

    kept = KeptAnswer.objects.create(key=ApiKey.objects.get(), token="build-4711", fingerprint=_print())
    answer = caller.post("/analyses", b'{"purl": "pkg:pypi/x"}', **KEY)
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    KeptAnswer.objects.filter(pk=kept.pk).update(created_at=timezone.now() - once.IN_WORK)
    assert caller.post("/analyses", b'{"purl": "pkg:gem/x"}', **KEY).status_code == 422  # taken over, then wrong


def test_answers_are_forgotten_after_a_day(caller, index):
    caller.post("/analyses", {"purl": index.add("small", "1.0")}, **KEY)
    assert once.forget() == 0
    assert once.forget(timezone.now() + datetime.timedelta(hours=25)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_same_time_one_is_done(index, caller, at_once):
    body = {"purl": index.add("small", "1.0"), "force": True}
    connection.close()
    answers = at_once(lambda number: caller.post("/analyses", body, **KEY), 6)
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert sum(answer.status_code == 202 and "Idempotency-Replayed" not in answer for answer in answers) == 1
    assert Analysis.objects.count() == KeptAnswer.objects.count() == 1


def _print():
    import hashlib

    return hashlib.sha256(b'POST /api/v1/analyses\0{"purl": "pkg:pypi/x"}').hexdigest()
