"""Batches and lock files: one call, an answer for each entry."""

from __future__ import annotations

import pytest

from packamal.server.accounts.models import ApiKey
from packamal.server.analyses.models import Analysis

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]


def test_each_entry_of_a_batch_has_its_own_answer(index, caller):
    purls = [index.add("small", "1.0"), "pkg:gem/x@1", "/etc/passwd", index.add("other", "1.0")]
    answer = caller.post("/batches", {"purls": [*purls, purls[0]]})
    assert answer.status_code == 202
    items = answer.json()["items"]
    assert [bool(item["id"]) for item in items] == [True, False, False, True]
    assert all(item["error"] or item["link"] for item in items)
    assert index.asked == []
    again = caller.post("/batches", {"purls": purls}).json()["items"]
    assert [item["is_new"] for item in again] == [False] * 4
    assert Analysis.objects.count() == 2


def test_a_quota_that_ends_within_a_batch_is_told_for_the_rest(caller):
    ApiKey.objects.update(daily_quota=1)
    items = caller.post("/batches", {"purls": ["pkg:pypi/a@1", "pkg:pypi/b@1"]}).json()["items"]
    assert [bool(item["error"]) for item in items] == [False, True]


@pytest.mark.parametrize("purls", [[], ["pkg:pypi/a@1"] * 1001, "pkg:pypi/a", [1], ["x" * 5000]])
def test_a_batch_that_is_none_is_refused(caller, purls):
    assert caller.post("/batches", {"purls": purls}).status_code == 422


def send(caller, name, content, **headers):
    headers = {**caller.headers, **headers}
    return caller.client.post(f"/api/v1/lock-files?name={name}", content, "application/octet-stream", headers=headers)


def test_a_lock_file_submits_what_it_pins(caller):
    answer = send(caller, "requirements.txt", b"idna==3.7\nflask>=2\n")
    assert answer.status_code == 202
    body = answer.json()
    assert [item["requested"] for item in body["items"]] == ["pkg:pypi/idna@3.7"]
    assert body["skipped"] == ["flask>=2"]
    assert Analysis.objects.get().purl == "pkg:pypi/idna@3.7"


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [("x.lock", b"", 422), ("uv.lock", b"= ", 422), ("yarn.lock", b"x" * (8 << 20) + b"y", 413), ("", b"", 422)],
)
def test_a_lock_file_that_is_none_is_refused(caller, name, content, status):
    answer = send(caller, name, content)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_a_lock_file_is_answered_once_under_its_key(caller):
    first = send(caller, "requirements.txt", b"idna==3.7\n", **{"Idempotency-Key": "a"})
    second = send(caller, "requirements.txt", b"idna==3.7\n", **{"Idempotency-Key": "a"})
    assert (first.json(), second["Idempotency-Replayed"]) == (second.json(), "true")
    assert send(caller, "requirements.txt", b"idna==3.8\n", **{"Idempotency-Key": "a"}).status_code == 422
