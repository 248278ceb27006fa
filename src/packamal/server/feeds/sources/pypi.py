"""PyPI: the change log by serial number; while it does not answer, the newest releases, which may leave a gap.

The log makes the gap good when it answers again. Source: its API documentation, XML-RPC (changelog_since_serial, which
is there for mirrors) and feeds (updates.xml).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

from packamal.errors import AnalysisError
from packamal.server.feeds.base import MAX_ROWS, MAX_TEXT_CHARS, Batch, Release, Source, moment, pack, unpack
from packamal.server.feeds.newest import window
from packamal.server.feeds.xml import Document, elements

LOG = "pypi"
ANSWER = "methodResponse"
NEWEST = "rss/updates.xml"
XML = "text/xml"
PROJECT = "project"
"""A release's page is /project/NAME/VERSION/."""
CALL = '<?xml version="1.0"?><methodCall><methodName>{}</methodName><params>{}</params></methodCall>'
SERIAL = "<param><value><int>{}</int></value></param>"
RELEASED = "new release"
FILED = "add "
"""`add source file NAME`, `add py3 file NAME`: of a release that is known, or whose first word was missed."""


def since(source: Source, cursor: str) -> Batch:
    """The releases since; the cursor is a serial number, and a time for the newest alone."""
    known = unpack(cursor)
    serial, until = known.get("serial"), moment(known.get("until"))
    serial = serial if isinstance(serial, int) else 0
    now = datetime.datetime.now(datetime.UTC)
    try:
        if not serial:
            return Batch(pack(serial=_last(source), until=now.isoformat()), is_whole=True)
        return _log(source, serial, now)
    except AnalysisError:
        if until is None:
            raise
        return _newest(source, serial, until)


def _last(source: Source) -> int:
    values = [int(item.text) for item in _call(source, "changelog_last_serial", "") if item.is_number]
    if not values:
        raise source.wrong(LOG, "no serial number")
    return values[0]


def _log(source: Source, serial: int, now: datetime.datetime) -> Batch:
    """Each entry is five values: name, version or nothing, time, what was done, serial number."""
    found: dict[tuple[str, str], Release] = {}
    last = serial
    for name, version, at, action, number in _entries(source, serial):
        last = max(last, number)
        if version and (action == RELEASED or action.startswith(FILED)):
            place = pack(serial=number, until=min(at, now).isoformat())
            found.setdefault((name, version), Release(name, version, place, at))
    return Batch(pack(serial=last, until=now.isoformat()), list(found.values()), is_whole=True)


def _entries(source: Source, serial: int) -> Iterator[tuple[str, str, datetime.datetime, str, int]]:
    values = list(_call(source, "changelog_since_serial", SERIAL.format(serial)))
    rows = [values[start : start + 5] for start in range(0, len(values), 5)]
    sound = [row for row in rows if len(row) == 5 and row[2].is_number and row[4].is_number]
    if len(sound) != len(rows):
        raise source.wrong(LOG, "another kind of change log")
    for name, version, at, action, number in sorted(sound, key=lambda row: int(row[4].text)):
        yield name.text, version.text, _when(source, at.text), action.text, int(number.text)


def _when(source: Source, seconds: str) -> datetime.datetime:
    try:
        return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)
    except (ValueError, OverflowError, OSError):
        raise source.wrong(LOG, "a time that is none") from None


def _call(source: Source, method: str, params: str) -> Iterator[Document]:
    """The plain values of the answer, in order. Raises FetchError."""
    body = source.post(LOG, CALL.format(method, params).encode(), XML)
    found = list(elements(source, LOG, body, ("int", "i4", "string", "nil", "fault", ANSWER), MAX_ROWS * 5))
    if not found or found.pop().tag != ANSWER or any(item.tag == "fault" for item in found):
        raise source.wrong(LOG, "a fault")
    return iter(found)


def _newest(source: Source, serial: int, until: datetime.datetime) -> Batch:
    """What the page of the newest shows."""
    shown = []
    fields: dict[str, str] = {}
    for item in elements(source, NEWEST, source.text(NEWEST, XML), ("link", "pubDate", "item"), MAX_ROWS):
        if item.tag != "item":
            fields[item.tag] = item.text
            continue
        if release := _release(fields):
            shown.append(release)
        fields = {}
    if not shown:
        raise source.wrong(NEWEST, "no releases")
    return window(shown, until, lambda at: pack(serial=serial, until=at.isoformat()))


def _release(fields: dict[str, str]) -> Release | None:
    """By the link: the title's name and version are parted by a space that either may hold."""
    try:
        parts = [unquote(part) for part in urlsplit(fields.get("link", "")).path.split("/") if part]
        when = parsedate_to_datetime(fields.get("pubDate", "")).astimezone(datetime.UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if len(parts) < 3 or parts[-3] != PROJECT or max(map(len, parts)) > MAX_TEXT_CHARS:
        return None
    return Release(parts[-2], parts[-1], "", when)
