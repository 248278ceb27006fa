"""What a feed is: one function that says what a source shows beyond a cursor. Everything it reads is hostile input."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol
from urllib.parse import urlencode

from packamal.ecosystems.text import load_json
from packamal.errors import FetchError
from packamal.http.access import Access
from packamal.http.addresses import shown
from packamal.http.client import Client, Peer

TIMEOUT_S = 15.0
DEADLINE_S = 60.0
"""Of one answer; 32 MB (`http.client.PAGE_BYTES`) is its size."""
MAX_ROWS = 60_000
"""Of one answer; the longest known change log gives 50,000 at once."""
JSON = "application/json"
MAX_TEXT_CHARS = 512
"""Of a name or a version, as for every package address; longer ones are left out."""


class Release(NamedTuple):
    """Something new."""

    name: str
    """As its index spells it, with its namespace."""
    version: str
    cursor: str
    """What to go on from when this was the last one taken."""
    published_at: datetime.datetime | None = None


class Batch(NamedTuple):
    """What a source shows beyond a cursor, oldest first."""

    cursor: str
    """What to go on from when all of it was taken."""
    releases: Sequence[Release] = ()
    missed: int = 0
    """About how many may have been missed; only when `gap` is said."""
    gap: str = ""
    """Why the source may have shown less than everything, in words; empty: nothing is missing."""
    is_whole: bool = False
    """Out of a log that holds what an earlier gap left out, since that came from a second source: it is made good."""
    has_more: bool = False
    """The source shows more at once: no need to wait for the next turn."""


class Feed(Protocol):
    """One source of releases."""

    def __call__(self, source: Source, cursor: str) -> Batch:
        """What is new since the cursor; empty: note where the source stands, take nothing. Raises AnalysisError."""


class Source:
    """Asks one configured address. It may be inside, as its administrator says; where it redirects to may not."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/") + "/"
        self._client = Client(
            Access(timeout_s=TIMEOUT_S, deadline_s=DEADLINE_S),
            Peer((self.address,), where_address="the feed's address"),
        )

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def text(self, path: str, accept: str, **query: str) -> bytes:
        """The body of a page. Raises FetchError, NotFoundError; tried once, since the next turn is a minute away."""
        url = self.address + path + ("?" + urlencode(query) if query else "")
        return self._client.page(url, accept, attempts=1).body

    def table(self, path: str, **query: str) -> Mapping[str, object]:
        """A JSON object. Raises FetchError."""
        value = load_json(self.text(path, JSON, **query))
        if not isinstance(value, dict):
            raise self.wrong(path, "no JSON object")
        return value

    def rows(self, path: str, **query: str) -> list[Mapping[str, object]]:
        """A JSON list of objects. Raises FetchError."""
        return self.objects(path, load_json(self.text(path, JSON, **query)))

    def objects(self, path: str, value: object) -> list[Mapping[str, object]]:
        """The value as a list of objects. Raises FetchError."""
        if not isinstance(value, list) or len(value) > MAX_ROWS or not all(isinstance(row, dict) for row in value):
            raise self.wrong(path, "no list of objects")
        return value

    def sound(self, path: str, rows: Sequence[object], found: Sequence[object]) -> None:
        """An answer in which nothing makes sense is no quiet day. Raises FetchError."""
        if rows and not found:
            raise self.wrong(path, "rows of another kind")

    def post(self, path: str, content: bytes, kind: str) -> bytes:
        """What a document is answered with. Raises FetchError."""
        return self._client.post(self.address + path, content, kind).body

    def wrong(self, path: str, what: str) -> FetchError:
        """The error for an answer of another kind than the feed's."""
        return FetchError(f"{shown(self.address + path)} answered with {what}; check the feed's address")


def text_of(row: Mapping[str, object], *names: str) -> str:
    """The first of these fields that holds a sound text; empty when none does."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARS and value.isprintable():
            return value
    return ""


def moment(text: object) -> datetime.datetime | None:
    """A time as RFC 3339 says it; None for anything else."""
    if not isinstance(text, str) or len(text) > MAX_TEXT_CHARS:
        return None
    try:
        found = datetime.datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None


def pack(**parts: object) -> str:
    """A cursor of several parts."""
    return json.dumps(parts, sort_keys=True)


def unpack(cursor: str) -> Mapping[str, object]:
    """Its parts; none of them for what `pack` did not make."""
    value = load_json(cursor.encode())
    return value if isinstance(value, dict) else {}
