"""XML of a feed as a row of small texts: what was read is let go of, and what could make a document grow is refused."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from packamal.errors import FetchError
from packamal.server.feeds.base import MAX_TEXT_CHARS, Source

MAX_DIGITS = 18
MAX_DEPTH = 32
"""A feed has five levels, a change log nine."""


class Document(NamedTuple):
    """One element."""

    tag: str
    text: str

    @property
    def is_number(self) -> bool:
        """A whole number of a sound size."""
        digits = self.text.removeprefix("-")
        return self.tag in ("int", "i4") and digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS


def elements(source: Source, path: str, body: bytes, tags: Collection[str], limit: int) -> Iterator[Document]:
    """Each element of these names as it ends, with its own text. Raises FetchError for what is no such document."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body or b"\0" in body:  # entities grow; a NUL would hide the words
        raise source.wrong(path, "a document type, which no feed has")
    count = depth = 0
    try:
        for event, element in ElementTree.iterparse(io.BytesIO(body), ("start", "end")):  # noqa: S314  refused above
            depth += 1 if event == "start" else -1
            tag = str(element.tag).rpartition("}")[2]
            if event == "end":
                if tag in tags:
                    count += 1
                    yield Document(tag, (element.text or "").strip()[: MAX_TEXT_CHARS + 1])
                element.clear()
            if depth > MAX_DEPTH or count > limit:
                raise source.wrong(path, "more than a feed holds")
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError) as error:
        raise FetchError(f"{source.wrong(path, 'no such XML')} ({type(error).__name__})") from error
