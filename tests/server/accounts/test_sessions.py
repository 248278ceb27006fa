"""A session begins with a new key, belongs to one browser, and ends when it should: by time, by hand, by a change."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from packamal.server.accounts.models import AuditEvent, Role, User
from packamal.server.operations import administration
from packamal.server.operations.retention import retain
from packamal.server.settings import SESSION_S


def key_of(client):
    return client.cookies["sessionid"].value


def test_a_session_that_was_planted_before_is_worth_nothing(visitor, person, sign_in, is_signed_in):
    person()
    planted = visitor.session
    planted["mark"] = "planted"
    planted.save()
    visitor.cookies["sessionid"] = planted.session_key
    sign_in(visitor)
    assert key_of(visitor) != planted.session_key
    thief = Client()
    thief.cookies["sessionid"] = planted.session_key
    assert not is_signed_in(thief)
    assert is_signed_in(visitor)


def test_a_key_that_somebody_made_up_is_not_taken_over(visitor, person, sign_in):
    person()
    visitor.cookies["sessionid"] = "a" * 32
    sign_in(visitor)
    assert key_of(visitor) != "a" * 32


def test_signing_in_again_takes_a_new_key(visitor, person, sign_in):
    person()
    sign_in(visitor)
    first = key_of(visitor)
    token = visitor.cookies["csrftoken"].value
    sign_in(visitor)
    assert key_of(visitor) != first
    assert visitor.cookies["csrftoken"].value != token


def test_somebody_else_inherits_nothing(visitor, person, sign_in):
    person("ada"), person("bob")
    sign_in(visitor)
    session = visitor.session
    session["mark"] = "ada's"
    session.save()
    sign_in(visitor, "bob")
    assert "mark" not in visitor.session


def test_signing_out_ends_the_session_itself(visitor, person, sign_in, is_signed_in):
    person()
    sign_in(visitor)
    stolen = Client()
    stolen.cookies["sessionid"] = key_of(visitor)
    assert is_signed_in(stolen)
    assert visitor.get("/sign-out").status_code == 405
    assert is_signed_in(stolen)
    assert visitor.post("/sign-out").status_code == 302
    assert not is_signed_in(visitor)
    assert not is_signed_in(stolen)
    assert AuditEvent.objects.filter(action="session.end", actor="user:ada").count() == 1


def test_signing_out_everywhere_ends_the_other_browsers_too(visitor, person, sign_in, is_signed_in):
    person()
    other = Client()
    sign_in(visitor), sign_in(other)
    assert visitor.get("/sign-out/everywhere").status_code == 405
    assert visitor.post("/sign-out/everywhere").status_code == 302
    assert not is_signed_in(visitor)
    assert not is_signed_in(other)
    sign_in(visitor)
    assert is_signed_in(visitor)


@pytest.mark.parametrize(
    "change",
    [
        lambda: administration.set_password("ada", "another horse battery"),
        lambda: administration.set_role("ada", Role.VIEWER),
        lambda: administration.set_active("ada", False),
    ],
    ids=["password", "role", "disabled"],
)
def test_a_change_of_the_person_ends_their_sessions_and_nobody_elses(visitor, person, sign_in, is_signed_in, change):
    person(), person("bob")
    other = Client()
    sign_in(visitor), sign_in(other, "bob")
    change()
    assert not is_signed_in(visitor)
    assert is_signed_in(other)
    event = AuditEvent.objects.order_by("pk").last()
    assert (event.actor, event.subject) == ("system", "ada")


def test_who_was_let_in_again_has_to_sign_in_again(visitor, person, sign_in, is_signed_in):
    person()
    sign_in(visitor)
    administration.set_active("ada", False)
    assert sign_in(visitor).status_code == 200
    administration.set_active("ada", True)
    assert not is_signed_in(visitor)
    assert sign_in(visitor).status_code == 302


def test_a_session_ends_after_a_days_work_and_its_row_is_removed(visitor, person, sign_in, is_signed_in):
    person()
    sign_in(visitor)
    left = Session.objects.get().expire_date - timezone.now()
    assert datetime.timedelta(seconds=SESSION_S - 60) < left <= datetime.timedelta(seconds=SESSION_S)
    assert visitor.cookies["sessionid"]["max-age"] == SESSION_S
    Session.objects.update(expire_date=timezone.now() - datetime.timedelta(seconds=1))
    assert not is_signed_in(visitor)
    assert retain().sessions >= 1
    assert Session.objects.count() == 0


def test_the_cookie_is_hidden_from_scripts_and_from_other_sites(visitor, person, sign_in):
    person()
    sign_in(visitor)
    cookie = visitor.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")


def test_a_form_without_its_token_changes_nothing(person, sign_in, is_signed_in):
    person()
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client).status_code == 403
    assert not is_signed_in(client)
    client.force_login(User.objects.get())
    for path in ("/sign-out", "/sign-out/everywhere", "/keys", "/theme"):
        assert client.post(path, {"csrfmiddlewaretoken": "x" * 64}).status_code == 403, path
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "given", ["https://exfil.example/", "//exfil.example", "/\\exfil.example", "javascript:alert(1)", "http:///x"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(visitor, person, sign_in, given):
    person()
    assert sign_in(visitor, next=given)["Location"] == "/"
    assert sign_in(visitor, next="/rules")["Location"] == "/rules"
