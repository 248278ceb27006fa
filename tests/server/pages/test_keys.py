"""API keys are made, shown once and revoked; nobody gives a key more than they have."""

from __future__ import annotations

import re

import pytest

from packamal.server.accounts.keys import find_key, make_key
from packamal.server.accounts.models import ApiKey, AuditEvent, Scope, User

pytestmark = pytest.mark.django_db
FORM = {"name": "CI", "scope": ["read", "submit"], "days": "90"}


def test_a_key_is_shown_once_and_works(browser):
    page = browser.post("/keys", FORM)
    key = re.search(r"<code>(pkm_\w+_[\w-]+)</code>", page.text)[1]
    assert find_key(key).scopes == ["read", "submit"]
    assert "no-store" in page["Cache-Control"]
    assert key not in browser.get("/keys").text
    assert AuditEvent.objects.get(action="key.create").subject == find_key(key).prefix
    assert key not in str(AuditEvent.objects.values())


def test_a_revoked_key_is_over(browser):
    page = browser.post("/keys", FORM)
    key = re.search(r"<code>(pkm_\w+_[\w-]+)</code>", page.text)[1]
    prefix = ApiKey.objects.get().prefix
    assert browser.post(f"/keys/{prefix}/revoke").status_code == 302
    assert find_key(key) is None
    assert browser.post(f"/keys/{prefix}/revoke").status_code == 404


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"name": "n" * 81}, {"scope": []}, {"days": "9999"}, {"scope": ["x"]}]
)
def test_what_is_missing_is_told(browser, change):
    page = browser.post("/keys", {**FORM, **change})
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert ApiKey.objects.count() == 0


def test_a_viewer_makes_no_key_for_administrators_and_sees_only_their_own(as_role):
    other = User.objects.create(username="other")
    foreign = make_key(other, "foreign<script>", [Scope.READ]).row
    viewer = as_role("viewer")
    viewer.post("/keys", {**FORM, "scope": ["read", "admin"]})
    assert ApiKey.objects.get(name="CI").scopes == ["read"]
    assert foreign.prefix not in viewer.get("/keys").text
    assert viewer.post(f"/keys/{foreign.prefix}/revoke").status_code == 404
    text = as_role("admin").get("/keys").text
    assert foreign.prefix in text
    assert "<script>" not in text
