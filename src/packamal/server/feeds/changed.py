"""Logs that name changed packages but not their versions: each package's own document says which of them are new."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from packamal.errors import FetchError, NotFoundError
from packamal.server.feeds.base import Batch, Release, moment

MAX_VERSIONS = 50
"""Of one package at once; one that publishes more in an hour floods, and its newest are enough to judge it."""
MAX_UNREAD = 3
"""More documents than this that cannot be read are trouble of the registry, not of packages."""
BUDGET_S = 120.0
"""For the documents of one turn; the rest is read in the next."""
SLACK = datetime.timedelta(hours=1)
"""A registry's clock and the order of its log may differ by this; what shows twice is known."""


class Change(NamedTuple):
    """A package that changed."""

    name: str
    cursor: str
    """What to go on from when it was done."""


Versions = Callable[[str], Mapping[str, str]]
"""Name -> version -> when it was published. Raises FetchError, NotFoundError."""


def releases_of(changes: Sequence[Change], versions: Versions, begin: datetime.datetime, cursor: str) -> Batch:
    """The versions of changed packages that are newer than `begin`. Raises FetchError.

    The versions of a package share a place in the log, so all but the last are taken under the place before.
    `has_more`: the time was over.
    """
    found: list[Release] = []
    unread: list[FetchError] = []
    is_cut, ends = False, time.monotonic() + BUDGET_S
    for change in changes:
        if is_cut := time.monotonic() > ends:
            break
        try:
            table = versions(change.name)
        except NotFoundError:  # removed since
            table = {}
        except FetchError as error:
            unread.append(error)
            if len(unread) > MAX_UNREAD:
                raise
            table = {}
        new = _newer(table, begin - SLACK)
        found += [Release(change.name, version, cursor, when) for version, when in new[:-1]]
        found += [Release(change.name, version, change.cursor, when) for version, when in new[-1:]]
        cursor = change.cursor
    if unread and len(unread) == len(changes):
        raise unread[0]
    gap = f"{len(unread)} package documents could not be read ({unread[0]})" if unread else ""
    return Batch(cursor, found, len(unread), gap, has_more=is_cut)


def _newer(table: Mapping[str, str], begin: datetime.datetime) -> list[tuple[str, datetime.datetime]]:
    dated = [(version, when) for version, text in table.items() if (when := moment(text)) and when > begin]
    return sorted(dated, key=lambda pair: pair[1])[-MAX_VERSIONS:]
