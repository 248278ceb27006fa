"""What a key may ask in a minute and start in a day, and how it is told."""

from __future__ import annotations

import datetime

import pytest

from packamal.server.accounts import buckets
from packamal.server.accounts.models import ApiKey, DailyUse
from packamal.server.analyses.models import Analysis

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]


def test_every_answer_says_what_is_left(caller):
    ApiKey.objects.update(rate_per_minute=60)
    first, second = caller.get("/analyses"), caller.get("/analyses/1")
    assert first["RateLimit-Policy"] == '"key";q=60;w=60'
    assert first["RateLimit"] == '"key";r=59;t=1'
    assert second.status_code == 404


def test_an_empty_bucket_is_429_and_says_when_it_is_better(caller):
    ApiKey.objects.update(rate_per_minute=2)
    assert [caller.get("/analyses").status_code for _ in range(3)] == [200, 200, 429]
    answer = caller.get("/analyses")
    assert answer["Content-Type"] == "application/problem+json"
    assert 1 <= int(answer["Retry-After"]) <= 30


def test_the_quota_of_a_day_counts_new_analyses_only(index, caller):
    ApiKey.objects.update(daily_quota=2)
    purls = [index.add("small", f"{number}.0") for number in range(3)]
    assert [caller.post("/analyses", {"purl": purl}).status_code for purl in [purls[0], *purls]] == [202, 200, 202, 429]
    assert Analysis.objects.count() == DailyUse.objects.get().used == 2
    answer = caller.post("/analyses", {"purl": purls[2]})
    assert 1 <= int(answer["Retry-After"]) <= 24 * 3600
    DailyUse.objects.update(day=datetime.date(2020, 1, 1))
    assert caller.post("/analyses", {"purl": purls[2]}).status_code == 202


@pytest.mark.django_db(transaction=True)
def test_a_quota_holds_when_many_come_at_once(index, caller, at_once):
    ApiKey.objects.update(daily_quota=3)
    purls = [index.add("small", f"{number}.0") for number in range(8)]
    statuses = at_once(lambda number: caller.post("/analyses", {"purl": purls[number]}).status_code, 8)
    assert sorted(statuses) == [202] * 3 + [429] * 5
    assert Analysis.objects.count() == 3


def test_a_bucket_in_memory_keeps_no_caller_for_ever(monkeypatch):
    monkeypatch.setattr(buckets, "MAX_CALLERS", 3)
    memory = buckets.Memory()
    for number in range(50):
        memory.take(str(number), 10_000_000)
    assert len(memory._full_at) < 50
