"""crates: the list of packages by last update, a few pages of it. It shows the newest version of each alone.

The paths are those of cargo's web API; the order by update is the registry's own.
"""

from __future__ import annotations

import datetime

from packamal.server.feeds.base import Batch, Release, Source, moment, text_of
from packamal.server.feeds.newest import window

PATH = "api/v1/crates"
PER_PAGE = 100
"""The most that the registry gives."""
MAX_PAGES = 10
"""A thousand packages: some hours of a busy day."""


def since(source: Source, cursor: str) -> Batch:
    """The packages that changed since; the cursor is a time."""
    until = moment(cursor)
    if until is None:
        first, _ = _page(source, 1)
        return window(first, datetime.datetime.now(datetime.UTC), datetime.datetime.isoformat)._replace(releases=())
    shown: list[Release] = []
    for page in range(1, MAX_PAGES + 1):
        found, size = _page(source, page)
        shown += found
        oldest = min((release.published_at for release in found if release.published_at), default=None)
        if size < PER_PAGE or oldest is None or oldest <= until:
            break
    return window(shown, until, datetime.datetime.isoformat)


def _page(source: Source, number: int) -> tuple[list[Release], int]:
    """(sound rows, how many rows there were)"""
    answer = source.table(PATH, sort="recent-updates", per_page=str(PER_PAGE), page=str(number))
    rows = source.objects(PATH, answer.get("crates"))
    found = []
    for row in rows:
        name, version, at = (
            text_of(row, "id", "name"),
            text_of(row, "newest_version", "max_version"),
            row.get("updated_at"),
        )
        when = moment(at)
        if name and version and when:
            found.append(Release(name, version, "", when))
    source.sound(PATH, rows, found)
    return found, len(rows)
