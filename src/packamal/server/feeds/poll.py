"""One turn of a feed: ask, write down what is new, submit it, move the cursor, all of it in one transaction.

Whoever holds a turn moved the feed's due time ahead first, so that two pollers never work on one feed; a poller that
dies in between is followed by the next when that time has come, and begins at the same cursor.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from packamal.errors import AnalysisError
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane, State
from packamal.server.feeds.base import Batch, Source
from packamal.server.feeds.models import FeedState, SeenRelease
from packamal.server.feeds.sources import FEEDS, Kind
from packamal.server.feeds.taking import take

log = logging.getLogger(__name__)
TURN = datetime.timedelta(minutes=10)
"""Longer than the slowest turn; a poller that died holds a feed so long."""
MAX_TAKEN = 200
"""Releases of one turn that are submitted: a few seconds of the database."""
MAX_NOTED = 1000
"""The same where they are only written down."""
MAX_BACK_OFF = datetime.timedelta(hours=1)
MAX_DOUBLINGS = 10
KEPT = datetime.timedelta(days=30)
"""A source shows a release again within days; what was seen is listed so long."""
MAX_SWEPT = 5000
ERROR_CHARS = 500


class OvertakenError(Exception):
    """Somebody else moved the cursor; what was done here is taken back."""


def poll_due() -> list[str]:
    """Give a turn to each feed whose time has come; the names of those that had one."""
    had = []
    for name, address in settings.PACKAMAL.feeds.addresses.items():
        FeedState.objects.get_or_create(name=name)
        if _claim(name):
            _turn(name, address)
            had.append(name)
    _sweep()
    return had


def _claim(name: str) -> bool:
    now = timezone.now()
    due = FeedState.objects.filter(name=name, is_paused=False, due_at__lte=now)
    return bool(due.update(due_at=now + TURN, polled_at=now))


def _turn(name: str, address: str) -> None:
    state, kind = FeedState.objects.get(name=name), FEEDS[name]
    limit = _room() if kind.is_analysed else MAX_NOTED
    if limit <= 0:
        said = "the feed lane is full or late: releases wait at their source"
        FeedState.objects.filter(name=name).update(held=said, due_at=timezone.now() + _period())
        return
    try:
        with Source(address) as source:
            batch = kind.since(source, state.cursor)
        taken = _save(state, kind, batch, limit)
    except AnalysisError as error:
        _failed(state, str(error))
    except OvertakenError:
        log.warning("feed=%s was moved on by somebody else", name)
    else:
        log.info("polled", extra={"fields": {"feed": name, "taken": taken, "missed": batch.missed}})


def _room() -> int:
    """How many releases may be submitted now; none while an earlier one is overdue, so that people come first."""
    waiting = Analysis.objects.filter(state=State.QUEUED, lane=Lane.FEED)
    if waiting.filter(due_at__lt=timezone.now()).exists():
        return 0
    limit: int = settings.PACKAMAL.feeds.waiting
    return min(MAX_TAKEN, limit - waiting[:limit].count())


def _save(state: FeedState, kind: Kind, batch: Batch, limit: int) -> int:
    """Write the batch down; how many releases were new. Raises OvertakenError."""
    now = timezone.now()
    with transaction.atomic():
        taken, cursor, is_all = take(state.name, kind, batch, limit)
        terms: dict[str, object] = {
            "cursor": cursor,
            "succeeded_at": now,
            "failures": 0,
            "error": "",
            "held": "" if is_all else "the rest of the last answer is taken in the next turn",
            "due_at": now if not is_all or batch.has_more else now + _period(),
            "taken": F("taken") + taken,
            **_gap(state, batch, is_all, now),
        }
        if not FeedState.objects.filter(name=state.name, cursor=state.cursor).update(**terms):
            raise OvertakenError
    return taken


def _gap(state: FeedState, batch: Batch, is_all: bool, now: datetime.datetime) -> Mapping[str, object]:
    """A gap adds to what was missed; a whole log that was read to its end makes earlier ones good."""
    if batch.gap:
        return {"missed": F("missed") + batch.missed, "gap": batch.gap[:ERROR_CHARS], "gap_at": now}
    is_good = batch.is_whole and is_all and not batch.has_more
    return {"missed": 0, "gap": "", "gap_at": None} if is_good else {}


def _failed(state: FeedState, error: str) -> None:
    """Ask again later, and later still each time."""
    failures = state.failures + 1
    wait = min(_period() * 2 ** min(failures, MAX_DOUBLINGS), MAX_BACK_OFF)
    log.warning("feed=%s failures=%d: %s", state.name, failures, error[:ERROR_CHARS])
    rows = FeedState.objects.filter(name=state.name)
    rows.update(failures=failures, error=error[:ERROR_CHARS], due_at=timezone.now() + wait)


def _period() -> datetime.timedelta:
    return datetime.timedelta(seconds=settings.PACKAMAL.feeds.period_s)


def _sweep() -> None:
    old = SeenRelease.objects.filter(seen_at__lt=timezone.now() - KEPT).order_by("seen_at")
    if keys := list(old.values_list("pk", flat=True)[:MAX_SWEPT]):
        SeenRelease.objects.filter(pk__in=keys).delete()
