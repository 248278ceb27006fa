"""From an event to a receiver that checks what it gets: signed, once, again when it fails, never for ever."""

from __future__ import annotations

import dataclasses
import datetime
import json
import logging

import pytest
from django.utils import timezone

from packamal.model import Level
from packamal.server.accounts.models import AuditEvent, User
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker, claim
from packamal.server.analyses.models import Analysis, StoredReport
from packamal.server.analyses.states import Category
from packamal.server.analyses.transitions import Result
from packamal.server.webhooks import delivering, hooks, signing
from packamal.server.webhooks.delivering import MAX_ATTEMPTS, MAX_FAILURES, deliver, forget
from packamal.server.webhooks.models import Delivery, DeliveryState, Event, HookState, Webhook
from packamal.server.webhooks.sealing import opened

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture
def ends(question, person):
    """Ends an analysis of that person with a verdict."""

    def end(level="clean", name="small", owner=person):
        row = claim(question(name), Asker(owner)).analysis
        lease = transitions.start(row.pk, "w", 10)
        report = StoredReport(digest="d" * 64, size_bytes=1, schema_version="1.0")
        assert transitions.finish(lease.analysis_id, lease.attempt, Result(report, level, 3, "why", 0))
        return row

    return end


def due_now():
    Delivery.objects.update(next_at=timezone.now())


def test_what_waits_for_somebody_who_was_shut_out_is_not_sent(receiver, hooked, ends, person):
    hooked(Event.ANALYSIS_FINISHED)
    ends()
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert deliver() == {}
    assert receiver.accepted == []


def test_a_receiver_gets_what_happened_and_finds_it_genuine(receiver, hooked, ends):
    hook = hooked(Event.ANALYSIS_FINISHED)
    row = ends("malicious")
    assert deliver() == {"delivered": 1}
    ((headers, body),) = receiver.accepted
    told = json.loads(body)
    assert (told["event"], headers["packamal-event"]) == ("analysis.finished", "analysis.finished")
    assert told["id"] == headers["packamal-delivery"] == str(Delivery.objects.get().pk)
    assert told["data"]["id"] == str(row.pk)
    assert told["data"]["verdict"] == {"level": "malicious", "score": 3, "reason": "why"}
    delivery = hook.deliveries.get()
    assert (delivery.state, delivery.status, delivery.attempts) == (DeliveryState.DELIVERED, 204, 1)
    assert deliver() == {}
    assert (len(receiver.accepted), receiver.refused) == (1, [])


def test_forged_altered_replayed_and_old_messages_are_refused_by_the_documented_check(
    receiver, hooked, ends, verify, monkeypatch
):
    hooked()
    ends()
    deliver()
    ((headers, body),) = receiver.accepted
    secret, fresh = receiver.secret, set()
    assert not verify(secret, headers, body, receiver.seen), "a replay"
    assert not verify(secret, {**headers, "packamal-delivery": "another"}, body, set()), "a replay under another id"
    assert not verify(secret, headers, body.replace(b"clean", b"dirty"), fresh), "an altered body"
    assert not verify(signing.new_secret(), headers, body, fresh), "a forged signature"
    later = str(int(headers["packamal-timestamp"]) + 1)
    assert not verify(secret, {**headers, "packamal-timestamp": later}, body, fresh), "an altered time"
    for name in headers:
        if name.startswith("packamal-") and name != "packamal-event":
            assert not verify(secret, {**headers, name: ""}, body, fresh), name
    for odd in ("²", "-1", "1e9", "é"):
        assert not verify(secret, {**headers, "packamal-timestamp": odd, "packamal-signature": odd}, body, fresh)
    old = str(int(headers["packamal-timestamp"]) - 301)
    signature = signing.signature(secret, old, body)
    assert not verify(secret, {**headers, "packamal-timestamp": old, "packamal-signature": signature}, body, fresh)
    assert verify(secret, headers, body, fresh)


def test_after_a_rotation_both_secrets_sign_for_a_day(receiver, hooked, ends):
    hook = hooked()
    old = receiver.secret
    new = hooks.rotate("user:x", hook).secret
    for number, secret in enumerate((old, new)):
        receiver.secret = secret
        ends(name=f"n{number}")
        deliver()
    assert len(receiver.accepted) == 2
    Webhook.objects.update(before_until=timezone.now())
    receiver.secret = old
    ends(name="late")
    assert deliver() == {"refused": 1}


def test_a_receiver_that_fails_is_asked_again_later_and_later(receiver, hooked, ends):
    hook = hooked()
    ends()
    receiver.status = 500
    waits = []
    for _ in range(MAX_ATTEMPTS - 1):
        before = timezone.now()
        assert deliver() == {"refused": 1}
        row = hook.deliveries.get()
        waits.append(round((row.next_at - before).total_seconds() / 30))
        assert deliver() == {}
        due_now()
    assert waits == [1, 2, 4, 8, 16, 32, 64, 120, 120]
    assert deliver() == {"given_up": 1}
    row.refresh_from_db()
    assert (row.state, row.status, row.attempts) == (DeliveryState.GIVEN_UP, 500, MAX_ATTEMPTS)
    assert len({headers["packamal-delivery"] for headers, _ in receiver.accepted}) == 1


def test_after_a_success_failures_are_forgotten(receiver, hooked, ends):
    hook = hooked()
    ends()
    receiver.status = 500
    deliver()
    receiver.status = 200
    due_now()
    assert deliver() == {"delivered": 1}
    hook.refresh_from_db()
    assert hook.failures == 0


def test_a_webhook_that_fails_again_and_again_is_disabled_until_it_is_resumed(receiver, hooked, ends):
    hook = hooked()
    Webhook.objects.update(failures=MAX_FAILURES - 1)
    ends()
    receiver.status = 503
    assert deliver() == {"disabled": 1}
    hook.refresh_from_db()
    assert (hook.state, "answered 503" in hook.note) == (HookState.DISABLED, True)
    assert AuditEvent.objects.get(action="webhook.disable").subject == str(hook.pk)
    due_now()
    assert deliver() == {}
    ends(name="unheard")
    assert Delivery.objects.count() == 1
    hooks.resume("user:x", hook)
    receiver.status = 200
    assert deliver() == {"delivered": 1}


def test_a_redirect_is_a_failure_and_is_not_followed(receiver, hooked, ends):
    hooked()
    ends()
    receiver.status, receiver.location = 307, receiver.url
    assert deliver() == {"refused": 1}
    assert len(receiver.accepted) == 1


def test_an_address_that_leads_inside_by_now_is_not_reached(receiver, hooked, ends, settings):
    hook = hooked()
    ends()
    settings.PACKAMAL = dataclasses.replace(settings.PACKAMAL, inner_receivers=())
    assert deliver() == {"unreachable": 1}
    assert hook.deliveries.get().status is None
    assert receiver.accepted == receiver.refused == []


def test_one_that_fails_holds_up_no_other(receiver, hooked, ends, monkeypatch):
    broken, other = hooked(), hooked()
    for number in range(3):
        ends(name=f"n{number}")
    pushed = []

    def push(url, body, headers, inner):
        hook = Delivery.objects.get(pk=headers["packamal-delivery"]).webhook
        pushed.append(hook)
        return 500 if hook == broken else 200

    monkeypatch.setattr(delivering, "push", push)
    assert deliver() == {"refused": 1, "delivered": 3}
    assert set(pushed[:2]) == {broken, other}


def test_two_processes_do_not_send_the_same_message(hooked, ends, receiver, monkeypatch):
    hooked()
    ends()
    push = delivering.push

    def meanwhile(*words):
        assert deliver() == {}
        return push(*words)

    monkeypatch.setattr(delivering, "push", meanwhile)
    assert deliver() == {"delivered": 1}
    assert len(receiver.accepted) == 1


def test_a_process_that_dies_in_between_leaves_the_message_to_the_next(hooked, ends, receiver, monkeypatch):
    hooked()
    ends()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(delivering, "push", lambda *words: (_ for _ in ()).throw(KeyboardInterrupt))
        deliver()
    assert deliver() == {}
    due_now()
    assert deliver() == {"delivered": 1}


def test_who_is_told_what(receiver, hooked, ends, person):
    other = User.objects.create(username="other")
    mine, theirs = hooked(Event.ANALYSIS_FINISHED), hooked(Event.ANALYSIS_FINISHED, owner=other)
    suspicious = hooked(Event.VERDICT_REACHED, owner=other, level=Level.SUSPICIOUS)
    malicious = hooked(Event.VERDICT_REACHED, owner=other, level=Level.MALICIOUS)
    for level in ("clean", "incomplete", "suspicious", "malicious"):
        ends(level, name=level)
    counts = [hook.deliveries.count() for hook in (mine, theirs, suspicious, malicious)]
    assert counts == [4, 0, 2, 1]
    User.objects.filter(pk=other.pk).update(is_active=False)
    ends("malicious", name="after")
    assert [hook.deliveries.count() for hook in (mine, suspicious)] == [5, 2]


def test_whoever_asked_for_the_same_while_it_waited_is_told_once_as_well(hooked, ends, question, person):
    other, late = (User.objects.create(username=name) for name in ("other", "late"))
    mine, theirs, none = (hooked(Event.ANALYSIS_FINISHED, owner=who) for who in (person, other, late))
    first = claim(question("same"), Asker(person)).analysis
    for _ in range(2):
        assert claim(question("same"), Asker(other)).analysis == first
    assert claim(question("same"), Asker()).analysis == first
    ends("clean", name="same")
    assert claim(question("same"), Asker(late)).analysis.is_final  # who has the answer is not told of it
    assert [hook.deliveries.count() for hook in (mine, theirs, none)] == [1, 1, 0]


def test_failed_and_cancelled_analyses_are_told_once_and_retries_are_not(hooked, question, person):
    hook = hooked()
    failing = claim(question("a"), Asker(person)).analysis
    transitions.start(failing.pk, "w", 10)
    assert transitions.fail(failing.pk, 1, Category.CLUSTER_ERROR, "lost")
    assert hook.deliveries.count() == 0
    Analysis.objects.update(available_at=timezone.now())
    transitions.start(failing.pk, "w", 10)
    assert transitions.fail(failing.pk, 2, Category.NOT_FOUND, "there is no such package")
    assert not transitions.fail(failing.pk, 2, Category.NOT_FOUND, "again")
    assert transitions.cancel(claim(question("b"), Asker(person)).analysis.pk)
    told = [json.loads(row.body)["data"] for row in hook.deliveries.order_by("created_at")]
    assert [(one["state"], one["error"], one["verdict"]) for one in told] == [
        ("failed", "not_found", None),
        ("cancelled", "cancelled", None),
    ]


def test_what_is_rolled_back_is_not_told(hooked, ends, monkeypatch):
    hook = hooked()
    monkeypatch.setattr(transitions, "_end_attempt", lambda *words: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ends()
    assert hook.deliveries.count() == 0


def test_a_secret_lies_nowhere_in_clear(hooked, ends, receiver, caplog, settings):
    caplog.set_level(logging.DEBUG)
    hook = hooked()
    ends()
    receiver.status = 500
    deliver()
    hooks.rotate("user:x", hook)
    hook.refresh_from_db()
    stored = repr([list(model.objects.values()) for model in (Webhook, Delivery, AuditEvent)]) + caplog.text
    assert receiver.secret not in stored
    assert opened(hook.sealed_before) == receiver.secret
    assert "token=hidden" not in repr(list(AuditEvent.objects.values())) + caplog.text
    assert "nobody's business" not in stored


def test_with_another_service_secret_it_is_disabled_and_says_so(hooked, ends, settings):
    hook = hooked()
    ends()
    settings.SECRET_KEY = "another" * 8
    assert deliver() == {"disabled": 1}
    hook.refresh_from_db()
    assert "rotate" in hook.note


def test_old_messages_are_forgotten(hooked, ends):
    hook = hooked()
    ends()
    assert forget(timezone.now()) == 0
    assert forget(timezone.now() + datetime.timedelta(days=31)) == 1
    assert hook.deliveries.count() == 0
