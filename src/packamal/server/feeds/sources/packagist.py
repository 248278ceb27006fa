"""Packagist: the log of changed packages by time, and each package's document beside it.

Source: its API documentation, "Track package updates"; the place in the log is a time in ten-thousandths of a second.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping
from urllib.parse import quote

from packamal.server.feeds.base import Batch, Source, moment, pack, text_of, unpack
from packamal.server.feeds.changed import Change, releases_of

PATH = "metadata/changes.json"
TICKS = 10_000
MAX_CHANGES = 100
"""In one turn: each costs a document."""
MAX_PLACE = 10**17
BRANCHES = "~dev"
"""Ends the name of a package whose branches moved: no release."""


def since(source: Source, cursor: str) -> Batch:
    """The versions since; the cursor is a place in the log and the time from which versions count as new."""
    known = unpack(cursor)
    place, begin = known.get("since"), moment(known.get("begin"))
    now = datetime.datetime.now(datetime.UTC)
    if not _is_count(place) or begin is None:
        return Batch(pack(since=int(time.time() * TICKS), begin=now.isoformat()))
    answer = source.table(PATH, since=str(place))
    last = answer.get("timestamp")
    if not _is_count(last):
        raise source.wrong(PATH, "no timestamp")
    rows = source.objects(PATH, answer.get("actions"))
    source.sound(PATH, rows, [row for row in rows if text_of(row, "package")])
    if any(row.get("type") == "resync" for row in rows):
        following = pack(since=last, begin=now.isoformat())
        return Batch(
            following, gap="the log of changes does not reach back to the last look; what lies between was missed"
        )
    names = {_name(row): row.get("time") for row in rows if row.get("type") == "update"}
    times = sorted((int(str(at)), name) for name, at in names.items() if name and _is_count(at))
    changes = [Change(name, pack(since=at * TICKS, begin=begin.isoformat())) for at, name in times]
    batch = releases_of(changes[:MAX_CHANGES], lambda name: _versions(source, name), begin, cursor)
    if batch.has_more or len(changes) > MAX_CHANGES:
        return batch._replace(has_more=True)
    return batch._replace(cursor=pack(since=last, begin=now.isoformat()))


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_PLACE


def _name(row: Mapping[str, object]) -> str:
    name = text_of(row, "package")
    return "" if name.endswith(BRANCHES) or name.count("/") != 1 else name


def _versions(source: Source, name: str) -> Mapping[str, str]:
    path = f"p2/{quote(name)}.json"
    packages = source.table(path).get("packages")
    listed = packages.get(name) if isinstance(packages, dict) else None
    return {text_of(row, "version"): text_of(row, "time") for row in source.objects(path, listed or [])}
