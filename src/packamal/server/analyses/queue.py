"""What can be said about the queue."""

from __future__ import annotations

from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State

MAX_COUNTED = 1000
"""A position beyond is no news to anybody."""


def position(row: Analysis) -> int | None:
    """How many are due before it, plus one; None when it does not wait. Counted now, never stored."""
    if row.state != State.QUEUED:
        return None
    return 1 + Analysis.objects.filter(state=State.QUEUED, due_at__lt=row.due_at)[:MAX_COUNTED].count()
