"""RubyGems: all versions of a span of time, page by page.

Source: its API documentation, timeframe_versions.
"""

from __future__ import annotations

import datetime

from packamal.server.feeds.base import Batch, Release, Source, moment, text_of

PATH = "api/v1/timeframe_versions.json"
MAX_SPAN = datetime.timedelta(hours=6)
"""Asked for at once: a backlog is worked off in several turns."""
MAX_AGE = datetime.timedelta(days=6)
"""The registry refuses spans that begin more than seven days ago."""
OVERLAP = datetime.timedelta(minutes=5)
"""Asked for again: a version may show a little later than it was made."""
MAX_PAGES = 40


def since(source: Source, cursor: str) -> Batch:
    """The versions since; the cursor is a time."""
    now = datetime.datetime.now(datetime.UTC)
    until = moment(cursor)
    if until is None:
        return Batch(now.isoformat())
    begin = max(until - OVERLAP, now - MAX_AGE)
    end = min(begin + OVERLAP + MAX_SPAN, now)
    found, is_cut = _versions(source, begin, end)
    gap = ""
    if begin > until:
        gap = f"the registry shows six days; what came between {until:%d %b %H:%M} and {begin:%d %b %H:%M} was missed"
    elif is_cut:
        gap = f"the registry gave more than {MAX_PAGES} pages for {(end - begin)}; the rest was left out"
    # Each is taken under the old cursor: the pages are in no order that could be gone on from.
    releases = [release._replace(cursor=cursor) for release in sorted(found, key=lambda one: one.published_at or end)]
    return Batch(end.isoformat(), releases, gap=gap, has_more=end < now)


def _versions(source: Source, begin: datetime.datetime, end: datetime.datetime) -> tuple[list[Release], bool]:
    """(versions, whether there were more)"""
    found: list[Release] = []
    span = {"from": _said(begin), "to": _said(end)}
    for page in range(1, MAX_PAGES + 1):
        rows = source.rows(PATH, **span, page=str(page))
        if not rows:
            return found, False
        before = len(found)
        for row in rows:
            name, version, platform = text_of(row, "name"), text_of(row, "version", "number"), text_of(row, "platform")
            if name and version:
                exact = version if platform in ("", "ruby") else f"{version}-{platform}"
                found.append(Release(name, exact, "", moment(text_of(row, "version_created_at", "created_at"))))
        source.sound(PATH, rows, found[before:])
    return found, True


def _said(when: datetime.datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
