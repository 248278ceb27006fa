"""The order of the queue: one time for each row, so that lanes, fair share and ageing are one sort."""

from __future__ import annotations

import datetime

from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane, State

HEAD_START = {
    Lane.INTERACTIVE: datetime.timedelta(0),
    Lane.BULK: datetime.timedelta(minutes=10),
    Lane.FEED: datetime.timedelta(hours=1),
}
"""How much longer a lane can wait than a person; nothing waits for ever, since its time comes."""
SHARE = datetime.timedelta(seconds=30)
"""What each analysis that an owner has waiting in the lane costs their next one: others come in between."""
MAX_COUNTED = 1000
"""Counting further would cost more than it sorts."""


def due_at(lane: Lane, owner_id: int | None, now: datetime.datetime) -> datetime.datetime:
    """When a row that comes now is due; the earliest due row runs next."""
    waiting = Analysis.objects.filter(state=State.QUEUED, lane=lane, owner=owner_id)[:MAX_COUNTED].count()
    return now + HEAD_START[lane] + waiting * SHARE
