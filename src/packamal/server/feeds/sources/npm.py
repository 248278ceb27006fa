"""npm: the log of changed packages by sequence number, and each package's document from the registry of .npmrc.

Source: https://docs.couchdb.org/en/stable/api/database/changes.html; of it the public log takes `since` and `limit`.
A sequence number is text to us: the log was begun anew before.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from packageurl import PackageURL

from packamal.ecosystems.npm import Npm
from packamal.http.access import Access
from packamal.server.feeds.base import DEADLINE_S, TIMEOUT_S, Batch, Source, moment, pack, text_of, unpack
from packamal.server.feeds.changed import Change, releases_of

PATH = "_changes"
LIMIT = 100
"""Changes in one turn: each costs a document."""
MAX_SEQUENCE_CHARS = 200


def since(source: Source, cursor: str) -> Batch:
    """The versions since; the cursor is a place in the log and the time from which versions count as new."""
    known = unpack(cursor)
    sequence, begin = _sequence(known.get("seq")), moment(known.get("begin"))
    now = datetime.datetime.now(datetime.UTC)
    if not sequence or begin is None:
        return Batch(pack(seq=_last(source), begin=now.isoformat()))
    answer = source.table(PATH, since=sequence, limit=str(LIMIT))
    rows = source.objects(PATH, answer.get("results"))
    last = _sequence(answer.get("last_seq")) or (_sequence(rows[-1].get("seq")) if rows else sequence)
    if _is_before(last, sequence):
        start = pack(seq=last, begin=begin.isoformat())
        return Batch(start, gap="the log of changes was begun anew; what it held before was missed")
    source.sound(PATH, rows, [row for row in rows if text_of(row, "id")])
    changes = [Change(name, pack(seq=seq, begin=begin.isoformat())) for name, seq in _changed(rows).items()]
    registry = Npm(Access(timeout_s=TIMEOUT_S, deadline_s=DEADLINE_S))
    batch = releases_of(changes, lambda name: _versions(registry, name), begin, cursor)
    if batch.has_more:
        return batch
    is_all = len(rows) < LIMIT
    following = pack(seq=last, begin=(now if is_all else begin).isoformat())
    return batch._replace(cursor=following, has_more=not is_all)


def _changed(rows: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """Name -> place in the log, each once, in the order of the places."""
    found: dict[str, str] = {}
    for row in rows:
        name, place = _name(row), _sequence(row.get("seq"))
        if name and place and not row.get("deleted"):
            found.pop(name, None)
            found[name] = place
    return found


def _last(source: Source) -> str:
    """Where the log ends now. Raises FetchError."""
    found = _sequence(source.table("").get("update_seq"))
    if not found:
        raise source.wrong("", "no update_seq")
    return found


def _sequence(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value.isprintable() and len(value) <= MAX_SEQUENCE_CHARS else ""


def _is_before(one: str, other: str) -> bool:
    return one.isdecimal() and other.isdecimal() and int(one) < int(other)


def _name(row: Mapping[str, object]) -> str:
    name = text_of(row, "id")
    return "" if name.startswith("_design/") else name


def _versions(registry: Npm, name: str) -> Mapping[str, str]:
    scope, _, bare = name.rpartition("/")
    return registry.history(PackageURL("npm", scope or None, bare)) if bare else {}
