"""Guessing a password is slow, from one place or from many, against one account or many; others are not kept out."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from packamal.server.accounts import throttle
from packamal.server.accounts.models import AuditEvent, SignInBucket

ELSEWHERE = "203.0.113.{}"
OTHER_PROCESS = """
import json, sys
from packamal.server.start import set_up
set_up()
from django.db import connections
connections.settings["default"]["NAME"] = sys.argv[1]
from packamal.server.accounts import throttle
print(json.dumps([throttle.take("ada", sys.argv[2]).wait_s for _ in range(int(sys.argv[3]))]))
"""


def later(minutes):
    """As if the buckets had been touched so long ago."""
    for row in SignInBucket.objects.all():
        row.full_at -= datetime.timedelta(minutes=minutes)
        row.save()


def test_an_account_is_guessed_at_a_few_times_from_wherever_it_comes(visitor, person, sign_in):
    person()
    for number in range(throttle.ACCOUNT_TRIES):
        answer = sign_in(visitor, password="wrong", REMOTE_ADDR=ELSEWHERE.format(number))
        assert answer.status_code == 200, number
    answer = sign_in(visitor, REMOTE_ADDR=ELSEWHERE.format(99))
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 90
    assert "Too many tries. Try again in 2 minutes." in answer.text
    later(2)
    assert sign_in(visitor, REMOTE_ADDR=ELSEWHERE.format(99)).status_code == 302


def test_who_signed_in_from_a_place_is_not_kept_out_there_by_others(visitor, person, sign_in):
    person()
    assert sign_in(visitor, REMOTE_ADDR="198.51.100.7").status_code == 302
    for number in range(throttle.ACCOUNT_TRIES + 1):
        sign_in(visitor, password="wrong", REMOTE_ADDR=ELSEWHERE.format(number))
    assert sign_in(visitor, REMOTE_ADDR=ELSEWHERE.format(99)).status_code == 429
    assert sign_in(visitor, REMOTE_ADDR="198.51.100.7").status_code == 302
    assert sign_in(visitor, REMOTE_ADDR=ELSEWHERE.format(99)).status_code == 429
    for _ in range(throttle.ACCOUNT_TRIES):
        assert sign_in(visitor, password="wrong", REMOTE_ADDR="198.51.100.7").status_code == 200
    assert sign_in(visitor, REMOTE_ADDR="198.51.100.7").status_code == 429
    later(31 * 24 * 60)
    for _ in range(throttle.ACCOUNT_TRIES):
        sign_in(visitor, password="wrong", REMOTE_ADDR=ELSEWHERE.format(_))
    assert sign_in(visitor, REMOTE_ADDR="198.51.100.7").status_code == 429


def test_an_address_guesses_a_few_times_at_whatever_account(visitor, person, sign_in):
    person()
    for number in range(throttle.ADDRESS_TRIES):
        assert sign_in(visitor, f"nobody{number}", "wrong", REMOTE_ADDR="203.0.113.7").status_code == 200
    assert sign_in(visitor, REMOTE_ADDR="203.0.113.7").status_code == 429
    assert sign_in(visitor, REMOTE_ADDR="203.0.113.8").status_code == 302


def test_an_ipv6_network_is_one_address(db):
    for number in range(throttle.ADDRESS_TRIES):
        assert throttle.take(f"nobody{number}", f"2001:db8::{number:x}").wait_s == 0
    assert throttle.take("somebody", "2001:db8::ffff").wait_s > 0
    assert throttle.take("somebody", "2001:db8:0:1::1").wait_s == 0


def test_other_spellings_of_a_name_are_the_same_account(db):
    for number in range(throttle.ACCOUNT_TRIES):
        assert throttle.take(("ada", "ADA", "ａｄａ")[number % 3], ELSEWHERE.format(number)).wait_s == 0
    assert throttle.take("Ada", ELSEWHERE.format(99)).wait_s > 0


@pytest.mark.parametrize("blanks", [149, 200])
def test_blanks_before_a_name_make_it_no_other_account(visitor, person, sign_in, blanks):
    person()
    for number in range(throttle.ACCOUNT_TRIES):
        sign_in(visitor, password="wrong", REMOTE_ADDR=ELSEWHERE.format(number))
    assert sign_in(visitor, " " * blanks + "ada", REMOTE_ADDR=ELSEWHERE.format(99)).status_code == 429


def test_no_nul_gets_into_the_trail_with_the_name_of_somebody(visitor, person, sign_in):
    person()
    assert sign_in(visitor, "ada\0", "wrong").status_code == 200
    assert AuditEvent.objects.order_by("pk").last().subject == "ada"


def test_right_passwords_never_wait(visitor, person, sign_in):
    person()
    for _ in range(throttle.ADDRESS_TRIES + 1):
        assert sign_in(visitor).status_code == 302


def test_signing_in_gives_the_account_all_tries_back_and_the_address_one(db):
    for _ in range(throttle.ACCOUNT_TRIES - 1):
        throttle.take("ada", "203.0.113.7")
    throttle.take("ada", "203.0.113.7")
    throttle.give_back("ada", "203.0.113.7")
    assert throttle.take("ada", "203.0.113.8") == throttle.Tries(0.0)
    for _ in range(throttle.ADDRESS_TRIES - throttle.ACCOUNT_TRIES + 1):
        assert throttle.take(f"other{_}", "203.0.113.7").wait_s == 0
    assert throttle.take("other", "203.0.113.7").wait_s > 0


def test_nobody_learns_whether_there_is_such_an_account(visitor, person, sign_in):
    person()
    disabled = person("eve")
    disabled.is_active = False
    disabled.save()

    def shown(name, password="wrong"):
        answer = sign_in(visitor, name, password)
        return answer.status_code, answer.text.replace(name, "NAME"), answer.get("Retry-After")

    seen = {shown("ada"), shown("nobody"), shown("eve"), shown("eve", "correct horse battery")}
    assert len({(status, text.partition("csrfmiddlewaretoken")[0], wait) for status, text, wait in seen}) == 1
    for _ in range(throttle.ACCOUNT_TRIES):
        late = {shown("ada")[0], shown("nobody")[0]}
    assert late == {429}


def test_a_refusal_tries_no_password_and_writes_no_row(visitor, person, sign_in, django_assert_max_num_queries):
    person()
    for _ in range(throttle.ACCOUNT_TRIES + 5):
        sign_in(visitor, password="wrong")
    kept = AuditEvent.objects.count()
    with django_assert_max_num_queries(8):
        assert sign_in(visitor).status_code == 429
    assert AuditEvent.objects.count() == kept


def test_failures_are_in_the_trail_without_what_nobody_is_called(visitor, person, sign_in):
    person()
    for _ in range(throttle.ACCOUNT_TRIES + 3):
        sign_in(visitor, password="wrong", REMOTE_ADDR="203.0.113.7")
    sign_in(visitor, "my-secret-typed-here", "x", REMOTE_ADDR="203.0.113.7")
    rows = list(AuditEvent.objects.order_by("pk").values_list("action", "subject", "detail"))
    refused = ("session.refuse", "ada", {"address": "203.0.113.7"})
    assert rows[:-1] == [refused] * throttle.ACCOUNT_TRIES + [("session.throttle", *refused[1:])]
    assert rows[-1][1] == ""
    assert "my-secret" not in json.dumps(list(SignInBucket.objects.values_list("key", flat=True)))


def test_odd_names_are_nobody(visitor, sign_in):
    for name in ("", "\0", "a\0b", "x" * 5000, "\ud83d\ude00", "\u202eada"):
        assert (
            sign_in(visitor, name.encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "x").status_code == 200
        )


@pytest.mark.django_db(transaction=True)
def test_another_process_counts_the_same_tries(with_sessions):
    def other(address, times):
        command = [sys.executable, "-c", OTHER_PROCESS, str(connection.settings_dict["NAME"]), address, str(times)]
        environment = {**os.environ, "PACKAMAL_SERVER_SECRET_KEY": settings.SECRET_KEY}
        given = settings.PACKAMAL.database  # os.environ may speak of another session's server
        if given:
            environment["PACKAMAL_SERVER_DATABASE_URL"] = f"postgresql://{given.user}@/{given.name}?host={given.host}"
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    for _ in range(4):
        assert throttle.take("ada", ELSEWHERE.format(1)).wait_s == 0
    waits = other(ELSEWHERE.format(2), throttle.ACCOUNT_TRIES)
    assert [wait > 0 for wait in waits] == [False] * (throttle.ACCOUNT_TRIES - 4) + [True] * 4
    assert throttle.take("ada", ELSEWHERE.format(3)).wait_s > 0


@pytest.mark.django_db(transaction=True)
def test_many_at_once_gain_no_try(at_once):
    waits = at_once(lambda number: throttle.take("ada", ELSEWHERE.format(number)).wait_s, throttle.ACCOUNT_TRIES * 2)
    assert sum(wait == 0 for wait in waits) == throttle.ACCOUNT_TRIES


@pytest.mark.django_db(transaction=True)
def test_many_right_ones_at_once_all_get_in(person, sign_in, at_once):
    person()
    assert at_once(lambda _: sign_in(Client()).status_code, 6) == [302] * 6
