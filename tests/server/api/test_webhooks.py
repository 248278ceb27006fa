"""Webhooks over the API: the secret is shown once, nobody sees another's, nothing leads inside."""

from __future__ import annotations

import pytest

from packamal.server.accounts.keys import make_key
from packamal.server.accounts.models import AuditEvent, KeptAnswer, Role, Scope, User
from packamal.server.webhooks.delivering import MAX_ATTEMPTS
from packamal.server.webhooks.hooks import MAX_HOOKS
from packamal.server.webhooks.models import Delivery, DeliveryState, Webhook

pytestmark = pytest.mark.django_db
NEW = {"url": "https://hooks.example/packamal?token=1", "events": ["analysis.finished"]}


@pytest.fixture
def made(caller):
    answer = caller.post("/webhooks", NEW)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_secret_is_shown_once(caller, made):
    assert made["secret"].startswith("whsec_")
    listed = caller.get("/webhooks")
    assert [item["id"] for item in listed.json()["items"]] == [made["id"]]
    assert "secret" not in listed.json()["items"][0]
    assert "secret" not in caller.get(f"/webhooks/{made['id']}").json()
    event = AuditEvent.objects.get(action="webhook.create")
    assert (event.subject, event.detail) == (made["id"], {"host": "hooks.example", "events": "analysis.finished"})


def test_sent_again_under_its_idempotency_key_it_is_made_once_and_the_secret_is_not_kept(caller):
    first = caller.post("/webhooks", NEW, **{"Idempotency-Key": "k1"})
    again = caller.post("/webhooks", NEW, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, Webhook.objects.count()) == (201, 201, 1)
    assert again.json()["id"] == first.json()["id"]
    assert first.json()["secret"] not in KeptAnswer.objects.get().body + again.content.decode()
    turned = caller.post(f"/webhooks/{first.json()['id']}/rotate", {}, **{"Idempotency-Key": "k2"}).json()
    assert turned["secret"] not in KeptAnswer.objects.get(token="k2").body


def test_a_rotated_secret_is_another_one(caller, made):
    turned = caller.post(f"/webhooks/{made['id']}/rotate", {})
    assert turned.status_code == 201
    assert turned.json()["secret"] != made["secret"]
    assert AuditEvent.objects.filter(action="webhook.rotate", subject=made["id"]).count() == 1


@pytest.mark.parametrize(
    "change",
    [{"url": "http://hooks.example/"}, {"url": "https://127.0.0.1/"}, {"url": "https://localhost/"}, {"url": ""},
     {"url": "https://u:p@hooks.example/"}, {"url": "https://[::1]/"}, {"url": "nonsense"}, {"events": []},
     {"events": ["all"]}, {"events": ["ping"]}, {"level": "clean"}, {"more": 1}],
)  # fmt: skip
def test_what_cannot_be_is_refused(caller, change):
    assert caller.post("/webhooks", {**NEW, **change}).status_code == 422
    assert Webhook.objects.count() == 0


def test_it_is_paused_resumed_and_ended(caller, made):
    path = f"/webhooks/{made['id']}"
    assert caller.post(f"{path}/resume", {}).status_code == 409
    assert caller.post(f"{path}/pause", {}).json()["state"] == "paused"
    assert caller.post(f"{path}/pause", {}).status_code == 409
    assert caller.post(f"{path}/ping", {}).status_code == 409
    assert caller.post(f"{path}/resume", {}).json()["state"] == "active"
    assert caller.delete(path).status_code == 204
    assert caller.get(path).status_code == 404
    actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
    assert actions == [f"webhook.{word}" for word in ("create", "pause", "resume", "delete")]


def test_one_ping_is_on_its_way_at_a_time(caller, made):
    path = f"/webhooks/{made['id']}"
    first = caller.post(f"{path}/ping", {})
    assert (first.status_code, first.json()["event"], first.json()["state"]) == (202, "ping", "pending")
    assert caller.post(f"{path}/ping", {}).status_code == 409
    Delivery.objects.update(state=DeliveryState.GIVEN_UP, attempts=MAX_ATTEMPTS, status=500)
    assert caller.post(f"{path}/ping", {}).status_code == 202
    page = caller.get(f"{path}/deliveries?limit=1").json()
    assert len(page["items"]) == 1
    older = caller.get(f"{path}/deliveries?limit=1&cursor={page['next']}").json()
    assert [(item["state"], item["status"], item["next_at"]) for item in older["items"]] == [("given_up", 500, None)]
    assert older["next"] is None


def test_nobody_sees_or_changes_another_ones(caller, caller_with, made):
    other = User.objects.create(username="other", role=Role.ADMIN)
    foreign = caller_with(key=make_key(other, "x", list(Scope)).text)
    assert foreign.get("/webhooks").json() == {"items": []}
    path = f"/webhooks/{made['id']}"
    assert {foreign.get(path).status_code, foreign.get(f"{path}/deliveries").status_code} == {404}
    assert {foreign.post(f"{path}/{act}", {}).status_code for act in ("pause", "resume", "rotate", "ping")} == {404}
    assert foreign.delete(path).status_code == 404
    reader = caller_with(Scope.READ)
    assert (reader.get(path).status_code, reader.post("/webhooks", NEW).status_code) == (200, 403)
    assert caller_with().get("/webhooks").status_code == 403
    assert caller_with(key="").get("/webhooks").status_code == 401


def test_nobody_has_webhooks_without_end(caller, owner):
    for _ in range(MAX_HOOKS):
        assert caller.post("/webhooks", NEW).status_code == 201
    assert caller.post("/webhooks", NEW).status_code == 409
