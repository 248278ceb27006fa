"""The feeds over the API, on their page and in the metrics."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from packamal.server.accounts.keys import make_key
from packamal.server.accounts.local import NAME
from packamal.server.accounts.models import AuditEvent, Role, Scope, User
from packamal.server.feeds.models import FeedState, SeenRelease
from packamal.server.operations.collector import Rows

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
EVIL = "\u202e<script>alert(1)</script> https://exfil.example/x"


@pytest.fixture
def failing(watching):
    """A feed that answered two hours ago, missed something, and fails since."""
    watching("pypi", "npm")
    FeedState.objects.create(
        name="pypi", cursor="7", failures=3, error=f"it answered {EVIL}", missed=12, gap="about 12 more came",
        gap_at=timezone.now(), taken=4000, succeeded_at=timezone.now() - datetime.timedelta(hours=2),
    )  # fmt: skip
    SeenRelease.objects.create(feed="npm", name=EVIL, version=EVIL, outcome="unsupported")


@pytest.fixture
def api(db):
    owner, _ = User.objects.get_or_create(username="owner", defaults={"role": Role.ADMIN})

    def caller(*scopes):
        key = make_key(owner, "ci", list(scopes)).text
        return lambda method, path: getattr(Client(), method)(
            f"/api/v1{path}", headers={"Authorization": f"Bearer {key}"}, content_type="application/json"
        )

    return caller


def person(role):
    user, _ = User.objects.update_or_create(username=NAME, defaults={"role": role})
    client = Client()
    client.force_login(user)
    return client


def test_the_list_says_where_each_stands(api, failing):
    items = {one["name"]: one for one in api(Scope.READ)("get", "/feeds").json()["items"]}
    assert list(items) == ["pypi", "npm", "crates", "rubygems", "packagist", "go"]
    pypi = items["pypi"]
    assert (pypi["cursor"], pypi["failures"], pypi["missed"], pypi["is_on"]) == ("7", 3, 12, True)
    assert pypi["age_s"] >= 7200
    assert pypi["last_error"].startswith("it answered")
    assert (items["go"]["is_on"], items["go"]["is_analysed"], items["go"]["age_s"]) == (False, False, None)


def test_only_admin_pauses_resumes_and_polls(api, failing):
    for what in ("pause", "resume", "poll"):
        assert api(Scope.READ, Scope.SUBMIT)("post", f"/feeds/pypi/{what}").status_code == 403
    admin = api(Scope.ADMIN)
    assert admin("post", "/feeds/pypi/pause").json()["is_paused"]
    assert admin("post", "/feeds/pypi/pause").status_code == 409
    assert admin("post", "/feeds/pypi/poll").status_code == 409
    assert not admin("post", "/feeds/pypi/resume").json()["is_paused"]
    assert admin("post", "/feeds/pypi/poll").status_code == 200
    assert AuditEvent.objects.filter(subject="pypi").count() == 3


def test_a_feed_that_is_off_or_none_is_not_changed(api, failing):
    admin = api(Scope.ADMIN)
    assert admin("post", "/feeds/go/pause").status_code == 409
    assert admin("post", "/feeds/maven/pause").status_code == 422
    assert not FeedState.objects.filter(name="go").exists()


def test_the_page_says_the_error_the_gap_and_what_was_seen(failing):
    page = person(Role.VIEWER).get("/feeds").content.decode()
    assert "No answer" in page
    assert "3 times in a row" in page
    assert "about 12 more came" in page
    assert "Off" in page
    assert "<script>alert" not in page
    assert "https://exfil" not in page
    assert "\u202e" not in page
    assert 'action="/feeds/pypi/pause"' not in page


def test_an_administrator_changes_a_feed_on_the_page(failing):
    page = person(Role.ADMIN)
    assert 'action="/feeds/pypi/pause"' in page.get("/feeds").content.decode()
    assert page.post("/feeds/pypi/pause")["Location"] == "/feeds?told=feed-paused"
    assert page.post("/feeds/pypi/pause")["Location"] == "/feeds?told=feed-unchanged"
    assert "Paused" in page.get("/feeds").content.decode()
    assert page.post("/feeds/pypi/resume")["Location"] == "/feeds?told=feed-resumed"
    assert page.post("/feeds/pypi/poll")["Location"] == "/feeds?told=feed-polled"
    for path in ("/feeds/go/pause", "/feeds/none/pause", "/feeds/pypi/delete"):
        assert page.post(path).status_code == 404
    assert person(Role.ANALYST).post("/feeds/pypi/pause").status_code == 403


def test_without_any_address_the_page_says_how_to_switch_one_on(watching):
    watching()
    page = person(Role.VIEWER).get("/feeds").content.decode()
    assert "PACKAMAL_SERVER_FEED_PYPI" in page
    assert "0 of 6 watched" in page


def test_the_age_of_each_feed_that_is_on_is_a_metric(failing):
    families = {family.name: family for family in Rows().collect()}
    samples = families["packamal_feed_age_seconds"].samples
    assert [(sample.labels, sample.value >= 7200) for sample in samples] == [({"feed": "pypi"}, True)]
