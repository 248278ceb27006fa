"""How often a key may ask: one bucket for all processes in Redis, one in memory where there is one process.

The generic cell rate algorithm: one number for each caller, the moment at which its bucket is full again. Redis does
the sum itself, so that two requests at the same time cannot both take the last token.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from typing import NamedTuple, Protocol

import redis
from django.conf import settings

log = logging.getLogger(__name__)
WINDOW_S = 60
ANSWER_S = 0.5
"""Redis answers in a millisecond; a request does not wait longer for its own limit."""
PAUSE_S = 5.0
"""After Redis failed, each process counts for itself for so long: a limit must not end the service."""
MAX_CALLERS = 10_000
"""Kept in memory."""
SCRIPT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + window / limit
if full - now > window then return {0, tostring(full - window - now)} end
redis.call('SET', KEYS[1], string.format('%.6f', full), 'PX', math.ceil((full - now) * 1000))
return {1, tostring(full - now)}
"""


class Taken(NamedTuple):
    """What a caller has left after a request."""

    limit: int
    """Requests in WINDOW_S."""
    remaining: int
    reset_s: float
    """Until all of them are there again."""
    wait_s: float
    """0: allowed; else the earliest moment at which one is."""

    @property
    def is_allowed(self) -> bool:
        """Whether the request may go on."""
        return self.wait_s <= 0


class Buckets(Protocol):
    """Somewhere to count."""

    def take(self, caller: str, limit: int) -> Taken:
        """Take one token of a caller."""


class Memory:
    """For one process."""

    def __init__(self) -> None:
        self._full_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, caller: str, limit: int) -> Taken:
        """Take one."""
        now = time.monotonic()
        with self._lock:
            if len(self._full_at) > MAX_CALLERS:
                self._full_at = {name: at for name, at in self._full_at.items() if at > now}
            full = max(self._full_at.get(caller, 0.0), now) + WINDOW_S / limit
            if full - now > WINDOW_S:
                return _refused(limit, full - WINDOW_S - now)
            self._full_at[caller] = full
        return _taken(limit, full - now)


class Shared:
    """For all processes of a service; counts in memory while Redis cannot be asked."""

    def __init__(self, url: str) -> None:
        timeouts = {"socket_timeout": ANSWER_S, "socket_connect_timeout": ANSWER_S}
        self._script = redis.Redis.from_url(url, **timeouts).register_script(SCRIPT)
        self._memory = Memory()
        self._ask_again_at = 0.0

    def take(self, caller: str, limit: int) -> Taken:
        """Take one."""
        if time.monotonic() < self._ask_again_at:
            return self._memory.take(caller, limit)
        try:
            is_allowed, text = self._script(keys=[f"packamal:rate:{caller}"], args=[limit, WINDOW_S])
        except redis.RedisError as error:
            log.warning("limits are counted in this process alone: %s", error)
            self._ask_again_at = time.monotonic() + PAUSE_S
            return self._memory.take(caller, limit)
        return _taken(limit, float(text)) if is_allowed else _refused(limit, float(text))


@functools.cache
def buckets() -> Buckets:
    """Those of this process."""
    url = settings.PACKAMAL.redis_url
    return Shared(url) if url else Memory()


def _taken(limit: int, reset_s: float) -> Taken:
    return Taken(limit, int((WINDOW_S - reset_s) * limit / WINDOW_S + 1e-6), reset_s, 0.0)


def _refused(limit: int, wait_s: float) -> Taken:
    return Taken(limit, 0, float(WINDOW_S), max(wait_s, 1e-3))
