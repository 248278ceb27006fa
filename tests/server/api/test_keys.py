"""API keys over the API: made, listed, rotated, ended, and what the trail says of it."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from packamal.server.accounts.keyring import MAX_KEYS
from packamal.server.accounts.keys import make_key
from packamal.server.accounts.models import ApiKey, AuditEvent, Role, Scope, User

pytestmark = pytest.mark.django_db
NEW = {"name": "ci", "scopes": ["read"], "days": 30}


def test_a_key_is_shown_once_and_works(caller, caller_with):
    made = caller.post("/keys", NEW)
    assert made.status_code == 201
    key = made.json()["key"]
    assert caller_with(key=key).get("/analyses").status_code == 200
    assert caller_with(key=key).post("/analyses", {"purl": "pkg:pypi/x@1"}).status_code == 403
    listed = caller.get("/keys").content.decode()
    assert made.json()["prefix"] in listed
    assert key not in listed
    event = AuditEvent.objects.get(action="key.create")
    assert event.subject == made.json()["prefix"]
    assert key not in str(event.detail)


def test_a_rotated_key_holds_for_the_overlap(caller, caller_with):
    old = caller.post("/keys", NEW).json()
    new = caller.post(f"/keys/{old['prefix']}/rotate", {"overlap_hours": 1})
    assert (new.status_code, new.json()["scopes"], new.json()["name"]) == (201, ["read"], "ci")
    assert [caller_with(key=key).get("/rules").status_code for key in (old["key"], new.json()["key"])] == [200, 200]
    ApiKey.objects.filter(prefix=old["prefix"]).update(expires_at=timezone.now())
    assert caller_with(key=old["key"]).get("/rules").status_code == 401
    assert caller.post(f"/keys/{old['prefix']}/rotate", {}).status_code == 409
    assert AuditEvent.objects.get(action="key.rotate").detail == {"became": new.json()["prefix"]}


def test_a_revoked_key_ends_at_once(caller, caller_with):
    made = caller.post("/keys", NEW).json()
    assert caller.delete(f"/keys/{made['prefix']}").status_code == 204
    assert caller_with(key=made["key"]).get("/rules").status_code == 401
    assert caller.delete(f"/keys/{made['prefix']}").status_code == 409
    assert AuditEvent.objects.filter(action="key.revoke", subject=made["prefix"]).count() == 1


def test_a_key_makes_and_changes_nothing_beyond_itself(caller_with, owner):
    other = make_key(owner, "other", [Scope.READ]).row
    foreign = make_key(User.objects.create(username="foreign"), "x", [Scope.READ]).row
    reader = caller_with(Scope.READ)
    assert reader.post("/keys", {**NEW, "scopes": ["admin"]}).status_code == 409
    assert reader.delete(f"/keys/{other.prefix}").status_code == 404
    assert reader.post(f"/keys/{foreign.prefix}/rotate", {}).status_code == 404
    assert foreign.prefix not in reader.get("/keys").content.decode()
    assert foreign.prefix in caller_with(Scope.ADMIN).get("/keys").content.decode()


def test_a_key_does_no_more_than_its_owners_role(caller_with, owner):
    admin = caller_with(Scope.ADMIN)
    assert admin.get("/audit").status_code == 200
    User.objects.filter(pk=owner.pk).update(role=Role.VIEWER)
    assert admin.get("/audit").status_code == 403
    assert caller_with(Scope.READ).get("/audit").status_code == 403


@pytest.mark.parametrize(
    "body",
    [{}, {**NEW, "scopes": []}, {**NEW, "scopes": ["all"]}, {**NEW, "days": 0}, {**NEW, "name": ""}, {**NEW, "x": 1}],
)
def test_a_key_that_cannot_be_is_refused(caller, body):
    assert caller.post("/keys", body).status_code == 422


def test_nobody_has_keys_without_end(caller, owner):
    for _ in range(MAX_KEYS - 1):
        make_key(owner, "x", [], datetime.timedelta(days=1))
    assert caller.post("/keys", NEW).status_code == 409


def test_the_trail_is_read_page_by_page(caller):
    for _ in range(3):
        caller.post("/keys", NEW)
    items = caller.get("/audit").json()["items"]
    assert [item["action"] for item in items] == ["key.create"] * 3
    assert items[0]["request_id"]
    assert len(caller.get(f"/audit?before={items[0]['id']}").json()["items"]) == 2
    assert len(caller.get(f"/audit?subject={items[0]['subject']}").json()["items"]) == 1
