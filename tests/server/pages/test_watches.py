"""Watch lists in the browser: added, seen, removed; webhooks made, their secret shown once."""

from __future__ import annotations

import re

import pytest

from packamal.server.accounts.models import AuditEvent, User
from packamal.server.pages import watches
from packamal.server.watches import lists
from packamal.server.watches.models import Kind, Watch, WatchedPackage, WatchEvent
from packamal.server.webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.django_db
HOOK = {"url": "https://hooks.example/x", "event": ["watch.turned_bad"], "level": "malicious"}


def test_an_empty_list_says_what_it_is_for(browser):
    page = browser.get("/watches")
    assert "No packages watched yet" in page.text
    assert page.text.count('href="/watches" aria-current="page"') == 2


@pytest.mark.parametrize(
    ("kind", "text", "names"),
    [("npm", "left\n@scope/right@1.0.0 # note\n", {"left", "@scope/right"}),
     ("pypi", "one==1.0\nTwo[extra]>=2\npkg:npm/three", {"one", "two", "three"}),
     ("package-lock.json", '{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}}', {"a"})],
)  # fmt: skip
def test_packages_are_added_by_name_or_by_lock_file(browser, kind, text, names):
    page = browser.post("/watches", {"packages": text, "kind": kind})
    assert (page.status_code, page["Location"]) == (302, "/watches?told=watching")
    assert set(WatchedPackage.objects.values_list("name", flat=True)) == names


@pytest.mark.parametrize(
    ("kind", "text"), [("pypi", ""), ("x", "one"), ("pypi", "/etc/passwd"), ("npm", "../x"), ("uv.lock", "[[")]
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(browser, kind, text):
    page = browser.post("/watches", {"packages": text, "kind": kind})
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert Watch.objects.count() == 0


def test_the_list_shows_the_latest_verdict_and_what_happened(browser, make):
    browser.post("/watches", {"packages": "bad", "kind": "pypi"})
    package = WatchedPackage.objects.get()
    row = make.end("pkg:pypi/bad@1.0", make.malicious("pkg:pypi/bad@1.0"))
    WatchedPackage.objects.update(latest=row, newest_version="1.0" + make.evil)
    WatchEvent.objects.create(package=package, kind=Kind.TURNED_BAD, purl=row.purl, version="1.0", level="malicious")
    text = browser.get("/watches").text
    assert "turned bad" in text
    assert f'href="/analyses/{row.pk}"' in text
    assert "<script>alert" not in text


def test_a_watch_is_ended_by_its_owner_alone(browser):
    other = User.objects.create(username="other")
    lists.add("user:other", other, None, ["pkg:pypi/theirs"])
    browser.post("/watches", {"packages": "mine", "kind": "pypi"})
    assert "theirs" not in browser.get("/watches").text
    assert browser.post(f"/watches/{Watch.objects.get(owner=other).pk}/remove").status_code == 404
    assert browser.post(f"/watches/{Watch.objects.exclude(owner=other).get().pk}/remove").status_code == 302
    assert Watch.objects.count() == 1


def test_a_package_is_watched_from_its_page(browser, make):
    make.end("pkg:npm/%40a/b@1.0.0", make.report_on("pkg:npm/%40a/b@1.0.0"))
    page = browser.get("/packages/npm/@a/b")
    assert "Watch this package" in page.text
    browser.post("/watches", {"packages": "@a/b", "kind": "npm"})
    page = browser.get("/packages/npm/@a/b")
    assert "Watch this package" not in page.text


def test_a_webhook_shows_its_secret_once(browser):
    page = browser.post("/webhooks", HOOK)
    secret = re.search(r"<code>(whsec_[\w-]+)</code>", page.text)[1]
    assert "no-store" in page["Cache-Control"]
    hook = Webhook.objects.get()
    again = browser.get("/watches").text
    assert secret not in again
    assert "https://hooks.example/x" in again
    assert secret not in str(AuditEvent.objects.values())
    turned = browser.post(f"/webhooks/{hook.pk}/rotate").text
    assert "whsec_" in turned
    assert secret not in turned
    for act in ("ping", "pause", "resume"):
        assert browser.post(f"/webhooks/{hook.pk}/{act}").status_code == 302, act
    assert Delivery.objects.get().event == "ping"
    assert browser.post(f"/webhooks/{hook.pk}/resume").status_code == 422
    assert browser.post(f"/webhooks/{hook.pk}/sign").status_code == 404
    assert browser.post(f"/webhooks/{hook.pk}/remove").status_code == 302
    assert Webhook.objects.count() == 0


@pytest.mark.parametrize("change", [{"url": "http://hooks.example/"}, {"url": "https://127.0.0.1/"}, {"event": []}])
def test_a_webhook_that_cannot_be_is_refused(browser, change):
    page = browser.post("/webhooks", {**HOOK, **change})
    assert page.status_code == 422
    assert 'role="alert"' in page.text


def test_nobody_changes_another_ones_webhook(browser):
    other = User.objects.create(username="other")
    hook = Webhook.objects.create(owner=other, url="https://hooks.example/theirs", sealed="x")
    assert "theirs" not in browser.get("/watches").text
    assert browser.post(f"/webhooks/{hook.pk}/remove").status_code == 404


def test_a_long_list_is_paged(browser, monkeypatch):
    monkeypatch.setattr(watches, "SHOWN", 2)
    browser.post("/watches", {"packages": "one\ntwo\nthree", "kind": "pypi"})
    first, second = (browser.get(f"/watches?page={number}").text for number in (1, 2))
    assert [text.count('aria-label="Remove ') for text in (first, second)] == [2, 1]
    assert ("page=2" in first, "page=1" in second, "page=3" in second) == (True, True, False)
    for odd in ("x", "-1", "²", "9" * 50, "0"):
        assert browser.get("/watches", {"page": odd}).text.count('aria-label="Remove ') == 2
