"""Feeds that show their newest releases only: what slid out of the window between two looks can only be estimated."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence

from packamal.server.feeds.base import Batch, Release

MAX_MISSED = 1_000_000
"""An estimate beyond says nothing."""


def window(shown: Sequence[Release], until: datetime.datetime, place: Callable[[datetime.datetime], str]) -> Batch:
    """What is newer than `until`, oldest first; `place` makes the cursor for a time.

    Releases as old as `until` come again, since a second holds several; they are known by then. When even the oldest
    shown is newer, there is a gap, and its length times the pace of the window is about what it swallowed. A time that
    lies ahead would hide all that follows, so none beyond now is gone on from.
    """
    now = datetime.datetime.now(datetime.UTC)
    dated = [(min(release.published_at, now), release) for release in shown if release.published_at]
    dated.sort(key=lambda pair: pair[0])
    found = tuple(release._replace(cursor=place(max(at, until))) for at, release in dated if at >= until)
    missed = _missed([at for at, _ in dated], until)
    gap = f"the feed shows its newest {len(dated)} alone; about {missed:,} more came since the last look"
    newest = max([until, *(at for at, _ in dated)])
    return Batch(place(newest), found, missed, gap if missed else "")


def _missed(times: Sequence[datetime.datetime], until: datetime.datetime) -> int:
    if not times or times[0] <= until:
        return 0
    span = max((times[-1] - times[0]).total_seconds(), 1.0)
    return min(max(1, math.ceil((times[0] - until).total_seconds() * len(times) / span)), MAX_MISSED)
