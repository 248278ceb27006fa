"""How the feeds stand, for the API and the page, and what an administrator may change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from packamal.server.accounts import audit
from packamal.server.feeds.models import FeedState
from packamal.server.feeds.sources import FEEDS


class Standing(NamedTuple):
    """One feed, on or off."""

    name: str
    ecosystem: str
    is_on: bool
    """It has an address."""
    is_analysed: bool
    state: FeedState
    """Empty for a feed that never had a turn."""
    age_s: int | None
    """Since the last answer; without one since it began. None: off."""


def standings() -> list[Standing]:
    """Every feed that there is."""
    rows = {row.name: row for row in FeedState.objects.all()}
    return [_standing(name, rows.get(name)) for name in FEEDS]


def standing(name: str) -> Standing | None:
    """One feed; None for a name that none has."""
    return _standing(name, FeedState.objects.filter(name=name).first()) if name in FEEDS else None


def _standing(name: str, row: FeedState | None) -> Standing:
    kind, is_on = FEEDS[name], name in settings.PACKAMAL.feeds.addresses
    since = (row.succeeded_at or row.began_at) if row else None
    age_s = max(0, int((timezone.now() - since).total_seconds())) if since and is_on else None
    return Standing(name, kind.ecosystem, is_on, kind.is_analysed, row or FeedState(name=name), age_s)


def pause(name: str, actor: str) -> bool:
    """No turns until it is resumed; False when it is paused already."""
    return _change(name, "pause", actor, {"is_paused": False}, {"is_paused": True})


def resume(name: str, actor: str) -> bool:
    """Go on from the cursor, at once; False when it is not paused."""
    return _change(
        name, "resume", actor, {"is_paused": True}, {"is_paused": False, "due_at": timezone.now(), "failures": 0}
    )


def poll_now(name: str, actor: str) -> bool:
    """Give it the next turn, whatever it waits for; False while it is paused."""
    return _change(name, "poll", actor, {"is_paused": False}, {"due_at": timezone.now()})


def _change(name: str, what: str, actor: str, condition: Mapping[str, object], terms: Mapping[str, object]) -> bool:
    """One compare-and-set, with its line in the trail."""
    with transaction.atomic():
        FeedState.objects.get_or_create(name=name)
        changed = FeedState.objects.filter(name=name, **condition).update(**terms)
        if changed:
            audit.record(actor, f"feed.{what}", name)
    return bool(changed)
