"""One shape for the decompressors of the standard library."""

from __future__ import annotations

import zlib
from typing import Protocol

_COARSE_STEP = 256
"""Packed bytes; finding the damage in 64 kB then costs some 500 small calls, about a millisecond."""


class Decoder(Protocol):
    """What bz2 and lzma offer, and zlib nearly."""

    @property
    def eof(self) -> bool:
        """True once the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """False while output is waiting; then give it no data."""

    @property
    def unused_data(self) -> bytes:
        """What followed the end in the last data."""

    def decompress(self, data: bytes | memoryview, max_length: int) -> bytes:
        """Take data, give at most `max_length` bytes."""


class Inflater:
    """zlib in the shape of bz2 and lzma, giving what a damaged stream holds up to the very damage."""

    def __init__(self, wbits: int) -> None:
        self._inflater = zlib.decompressobj(wbits)
        self._failure = ""
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """True once the stream has ended."""
        return self._inflater.eof

    @property
    def unused_data(self) -> bytes:
        """What followed the end in the last data."""
        return self._inflater.unused_data

    def decompress(self, data: bytes | memoryview, max_length: int) -> bytes:
        """Take data, give at most `max_length` bytes. Raises zlib.error once all that is good was given."""
        if self._failure:
            raise zlib.error(self._failure)
        data = self._inflater.unconsumed_tail or data
        spare = self._inflater.copy()
        try:
            chunk = self._inflater.decompress(data, max_length)
        except zlib.error as error:
            self._failure = str(error)
            self.needs_input = False
            return _salvage(spare, data, max_length)
        self.needs_input = len(chunk) < max_length
        return chunk


def _salvage(inflater: zlib._Decompress, data: bytes | memoryview, max_length: int) -> bytes:
    """Feed in small pieces, then byte by byte, up to the damage."""
    found, position = bytearray(), 0
    for step in (_COARSE_STEP, 1):
        while position < len(data) and len(found) < max_length:
            spare = inflater.copy()
            try:
                found += inflater.decompress(data[position : position + step], max_length)
            except zlib.error:
                inflater = spare
                break
            position += step
    return bytes(found)
