"""The body of an answer, streamed into memory: never more than its cap, packed or unpacked, never past its deadline."""

from __future__ import annotations

import io
import time
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from packamal.errors import FetchError
from packamal.http.addresses import shown

if TYPE_CHECKING:
    import httpx2

GZIP_OR_ZLIB = 47
"""zlib's window bits for both kinds of header."""
PLAIN = ("", "identity")
PACKED = ("gzip", "x-gzip", "deflate")


class TooLargeError(FetchError):
    """The answer is larger than its limit."""


def read_body(
    response: httpx2.Response,
    max_bytes: int,
    end: float,
    is_raw: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> bytes:
    """Read to the end.

    `end` is a time of time.monotonic(); `is_raw` leaves a content encoding on (archives are compared by digest as they
    lie on the server). Raises FetchError.
    """
    name = shown(str(response.url))
    announced = _announced(response)
    if announced > max_bytes:
        raise TooLargeError(f"{name} has {announced} bytes, more than the limit of {max_bytes}")
    encoding = response.headers.get("content-encoding", "").strip().lower()
    chunks = response.iter_raw()
    if not is_raw and encoding in PACKED:
        chunks = _unpacked(chunks, max_bytes, name)
    elif not is_raw and encoding not in PLAIN:
        raise FetchError(f"{name} is sent as {encoding[:20]!r}, which was not asked for; the index has trouble")
    body = io.BytesIO()
    for chunk in chunks:
        body.write(chunk)
        if body.tell() > max_bytes:
            raise TooLargeError(f"{name} is larger than the limit of {max_bytes} bytes")
        if time.monotonic() > end:
            raise FetchError(f"{name} arrives too slowly ({body.tell()} bytes so far); try again later")
        if progress is not None:
            progress(body.tell(), announced)
    return body.getvalue()  # without a copy, unlike a bytearray's bytes


def _announced(response: httpx2.Response) -> int:
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _unpacked(chunks: Iterator[bytes], max_bytes: int, name: str) -> Iterator[bytes]:
    unpack = zlib.decompressobj(GZIP_OR_ZLIB)
    left = max_bytes + 1
    try:
        for chunk in chunks:
            piece = unpack.decompress(chunk, left)
            left -= len(piece)
            yield piece
            if left <= 0:
                return
    except zlib.error as error:
        raise FetchError(f"{name} is broken in transit ({error}); try again later") from error
    if not unpack.eof:
        raise FetchError(f"{name} ends too early; try again later")
