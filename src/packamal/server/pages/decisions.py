"""What people decided, in words, for the pages that show a verdict."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from packamal.server.analyses.models import Analysis
from packamal.server.review.deciding import decisions_on
from packamal.server.review.models import Decision, Kind


class Told(NamedTuple):
    """One decision."""

    says: str
    author: str
    at: datetime.datetime
    reason: str
    """Written by a person; escaped like everything."""
    is_undone: bool

    @classmethod
    def of(cls, decision: Decision) -> Told:
        """In words."""
        return cls(_says(decision), decision.author_name, decision.at, decision.reason, decision.undone_at is not None)

    @property
    def sentence(self) -> str:
        """For the history."""
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.says}{reason}{' (taken back)' if self.is_undone else ''}"


def told(row: Analysis) -> Told | None:
    """The decision that holds, if there is one."""
    found = decisions_on([row.pk]).get(row.pk)
    return Told.of(found) if found else None


def short(decision: Decision | None) -> str:
    """For a column."""
    return _says(decision) if decision else "not decided"


def _says(decision: Decision) -> str:
    said = {
        Kind.CONFIRM: "Confirmed",
        Kind.OVERRIDE: f"Set to {decision.level}",
        Kind.NOTE: "Noted",
        Kind.SUPPRESS: "Finding accepted",
    }
    return said[Kind(decision.kind)]
