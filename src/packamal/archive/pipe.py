"""A forward-only reader over chunks, for formats that are read from front to back."""

from __future__ import annotations

from collections.abc import Iterator

from packamal.archive.streams import BrokenStream


class Pipe:
    """Reads exact counts from an iterator of chunks; a broken stream ends it, and `failure` says why."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._chunk: bytes = b""
        self._at = 0
        self.failure = ""

    def peek(self, size: int) -> bytes:
        """Look at the next bytes without taking them; `size` is small."""
        if self._at + size > len(self._chunk):
            head = self.read(size)
            self._chunk, self._at = head + self._chunk[self._at :], 0
        return self._chunk[self._at : self._at + size]

    def read(self, size: int) -> bytes:
        """Take the next bytes, fewer only at the end."""
        end = self._at + size
        if end <= len(self._chunk):
            piece = self._chunk[self._at : end]
            self._at = end
            return piece
        pieces = [self._chunk[self._at :]]
        missing = size - len(pieces[0])
        while missing > 0 and self._refill():
            self._at = min(missing, len(self._chunk))
            pieces.append(self._chunk[: self._at])
            missing -= self._at
        return b"".join(pieces)

    def skip(self, size: int) -> int:
        """Pass over the next bytes; returns how many there were."""
        left = size
        while left > len(self._chunk) - self._at:
            left -= len(self._chunk) - self._at
            if not self._refill():
                return size - left
        self._at += left
        return size

    def rest(self) -> Iterator[bytes]:
        """All that is left, chunk by chunk."""
        yield self._chunk[self._at :]
        while self._refill():
            self._at = len(self._chunk)
            yield self._chunk

    def _refill(self) -> bool:
        self._chunk, self._at = b"", 0
        try:
            self._chunk = next(self._chunks, b"")
        except BrokenStream as error:
            self.failure = str(error)
        return bool(self._chunk)
