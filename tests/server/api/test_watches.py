"""Watches over the API: added one by one or by lock file, seen and ended by their owner alone."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from packamal.server.accounts.keys import make_key
from packamal.server.accounts.models import Role, Scope, User
from packamal.server.watches.models import Kind, Watch, WatchedPackage, WatchEvent

pytestmark = pytest.mark.django_db
LOCK = b"one==1.0\ntwo==2.0\n-e ./local\n"


@pytest.fixture
def made(caller):
    return caller.post("/watches", {"purls": ["pkg:pypi/one"]}).json()["items"][0]["id"]


def test_each_of_many_has_an_answer_of_its_own(caller):
    answer = caller.post("/watches", {"purls": ["pkg:pypi/One@1.0", "pkg:npm/%40a/b", "nonsense", "/etc/passwd"]})
    assert answer.status_code == 201
    items = answer.json()["items"]
    assert [(item["purl"], item["is_new"], bool(item["error"])) for item in items] == [
        ("pkg:pypi/one", True, False),
        ("pkg:npm/%40a/b", True, False),
        ("", False, True),
        ("", False, True),
    ]
    assert Watch.objects.get(package__name="one").key is not None
    again = caller.post("/watches", {"purls": ["pkg:pypi/one"]}).json()["items"][0]
    assert (again["id"], again["is_new"]) == (items[0]["id"], False)


def test_a_lock_file_is_watched_once_under_its_idempotency_key(caller):
    first = caller.post("/watches/lock-files?name=requirements.txt", LOCK, **{"Idempotency-Key": "k"})
    again = caller.post("/watches/lock-files?name=requirements.txt", LOCK, **{"Idempotency-Key": "k"})
    assert (first.status_code, first.content) == (201, again.content)
    assert [item["purl"] for item in first.json()["items"]] == ["pkg:pypi/one", "pkg:pypi/two"]
    assert len(first.json()["skipped"]) == 1
    assert caller.post("/watches/lock-files?name=x.exe", LOCK).status_code == 422


@pytest.mark.parametrize("body", [{}, {"purls": []}, {"purls": ["x"] * 1001}, {"purls": ["x" * 5000]}, {"x": 1}])
def test_what_cannot_be_is_refused(caller, body):
    assert caller.post("/watches", body).status_code == 422


def test_it_is_listed_page_by_page_and_ended(caller, made):
    caller.post("/watches", {"purls": ["pkg:pypi/two"]})
    first = caller.get("/watches?limit=1").json()
    second = caller.get(f"/watches?limit=1&cursor={first['next']}").json()
    assert [item["purl"] for item in first["items"] + second["items"]] == ["pkg:pypi/two", "pkg:pypi/one"]
    one = caller.get(f"/watches/{made}").json()
    assert (one["newest_version"], one["level"], one["last_event"]) == ("", "", None)
    assert caller.delete(f"/watches/{made}").status_code == 204
    assert caller.get(f"/watches/{made}").status_code == 404


def test_events_since_the_watch_are_shown(caller, made):
    package = WatchedPackage.objects.get()
    event = {"package": package, "purl": "pkg:pypi/one@1.0", "version": "1.0"}
    long_ago = timezone.now() - datetime.timedelta(days=1)
    WatchEvent.objects.create(kind=Kind.VERDICT, at=long_ago, **event)
    for kind in (Kind.NEW_VERSION, Kind.TURNED_BAD):
        WatchEvent.objects.create(kind=kind, **event)
    items = caller.get("/watches/events").json()["items"]
    assert [item["kind"] for item in items] == ["turned_bad", "new_version"]
    assert caller.get(f"/watches/{made}/events").json()["items"] == items
    assert caller.get(f"/watches/events?before={items[0]['id']}").json()["items"] == items[1:]
    assert caller.get(f"/watches/{made}").json()["last_event"] == "turned_bad"


def test_nobody_sees_or_ends_another_ones(caller, caller_with, made):
    other = User.objects.create(username="other", role=Role.ADMIN)
    foreign = caller_with(key=make_key(other, "x", list(Scope)).text)
    assert foreign.get("/watches").json()["items"] == foreign.get("/watches/events").json()["items"] == []
    assert foreign.get(f"/watches/{made}/events").status_code == foreign.delete(f"/watches/{made}").status_code == 404
    assert caller_with(Scope.READ).post("/watches", {"purls": ["pkg:pypi/x"]}).status_code == 403
    assert caller_with(key="").get("/watches").status_code == 401
