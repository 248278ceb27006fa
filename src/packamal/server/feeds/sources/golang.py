"""Go: the index of module versions, a log in order of time that can be read from any point.

It answers one JSON object a line: Path, Version, Timestamp.
"""

from __future__ import annotations

import datetime

from packamal.ecosystems.text import load_json
from packamal.server.feeds.base import Batch, Release, Source, moment, text_of

PATH = "index"
LIMIT = 2000
"""The most that the index gives."""
CLOCKS = datetime.timedelta(hours=1)
"""A time further ahead would hide all that follows, and is left out."""
LINES = "application/x-ndjson, text/plain, */*"


def since(source: Source, cursor: str) -> Batch:
    """The versions since; the cursor is a time as the index wrote it."""
    if moment(cursor) is None:
        return Batch(datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z"))
    body = source.text(PATH, LINES, since=cursor, limit=str(LIMIT))
    rows = source.objects(PATH, [load_json(line) for line in body.splitlines() if line.strip()])
    found = []
    ahead = datetime.datetime.now(datetime.UTC) + CLOCKS
    for row in rows:
        name, version, at = text_of(row, "Path"), text_of(row, "Version"), text_of(row, "Timestamp")
        if name and version and (when := moment(at)) and when < ahead:
            found.append(Release(name, version, at, when))
    source.sound(PATH, rows, [row for row in rows if text_of(row, "Path")])
    following = found[-1].cursor if found else cursor
    is_stuck = following == cursor and len(rows) >= LIMIT
    gap = "one moment holds more versions than the index gives at once; those beyond were left out" if is_stuck else ""
    return Batch(_after(following) if is_stuck else following, found, gap=gap, has_more=len(rows) >= LIMIT)


def _after(cursor: str) -> str:
    """A moment later, so that the log goes on."""
    when = moment(cursor)
    assert when is not None
    return (when + datetime.timedelta(microseconds=1)).isoformat().replace("+00:00", "Z")
