"""One bucket for all processes, in a real Redis."""

from __future__ import annotations

import time

import pytest
import services

from packamal.server.accounts.buckets import Memory, Shared

HAS_REDIS = services.find("redis-server") is not None


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.skipif(not HAS_REDIS, reason="no Redis"))])
def two(request):
    """Two processes' views of the same buckets."""
    if request.param == "memory":
        one = Memory()
        yield one, one
        return
    server = services.Redis()
    yield Shared(server.url), Shared(server.url)
    server.stop()


def test_all_processes_take_from_one_bucket(two):
    taken = [two[number % 2].take("key", 4) for number in range(5)]
    assert [one.is_allowed for one in taken] == [True] * 4 + [False]
    assert [one.remaining for one in taken] == [3, 2, 1, 0, 0]
    assert 0 < taken[-1].wait_s <= 15
    assert two[0].take("other", 4).is_allowed


def test_it_fills_up_again_little_by_little(two):
    for _ in range(600):
        last = two[0].take("key", 600)
    assert last.is_allowed
    assert not two[0].take("key", 600).is_allowed or last.remaining  # a slow machine refills meanwhile
    time.sleep(0.25)
    assert two[1].take("key", 600).is_allowed


@pytest.mark.skipif(not HAS_REDIS, reason="no Redis")
def test_without_redis_each_process_counts_for_itself():
    server = services.Redis()
    shared = Shared(server.url)
    assert shared.take("key", 2).remaining == 1
    server.stop()
    assert [shared.take("key", 2).is_allowed for _ in range(3)] == [True, True, False]
