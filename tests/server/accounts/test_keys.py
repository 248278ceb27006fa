"""API keys: shown once, kept as a digest, ended by time and by hand."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from packamal.server.accounts.keys import find_key, make_key
from packamal.server.accounts.models import ApiKey, Scope, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return User.objects.create(username="owner")


@pytest.fixture
def key(owner):
    return make_key(owner, "ci", [Scope.READ])


def test_the_key_itself_is_kept_nowhere(key):
    row = ApiKey.objects.get()
    assert key.text not in str(vars(row))
    assert key.text.removeprefix(f"pkm_{key.row.prefix}_") not in str(vars(row))
    assert find_key(key.text) == row


def test_a_wrong_secret_finds_nothing(key):
    assert find_key(key.text[:-1] + ("a" if key.text[-1] != "a" else "b")) is None
    assert find_key(f"pkm_{key.row.prefix}_") is None


def test_an_expired_a_revoked_and_an_inactive_key_find_nothing(owner, key):
    assert find_key(make_key(owner, "old", [], datetime.timedelta(seconds=-1)).text) is None
    ApiKey.objects.filter(pk=key.row.pk).update(revoked_at=timezone.now())
    assert find_key(key.text) is None
    other = make_key(owner, "other", [])
    User.objects.update(is_active=False)
    assert find_key(other.text) is None


def test_the_last_use_is_kept_but_not_written_each_time(key, django_assert_num_queries):
    find_key(key.text)
    assert ApiKey.objects.get().last_used_at
    first = ApiKey.objects.get().last_used_at
    find_key(key.text)
    assert ApiKey.objects.get().last_used_at == first
