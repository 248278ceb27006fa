"""Bounded decompression: what comes out is cut at MAX_OUTPUT, whatever the stream promises."""

from __future__ import annotations

import bz2
import lzma
import zlib

from packamal.detectors.decode.limits import MAX_OUTPUT

_ANY_WINDOW = 47
"""zlib's wbits for zlib and gzip headers, any window."""
_RAW_WINDOW = -15
_LZMA_MEMORY = 256 * 2**20
"""Bytes of dictionary an lzma stream may ask for."""


def zlib_bytes(data: bytes) -> bytes:
    """Decompress zlib, gzip or raw deflate; a truncated or damaged stream gives what came before the damage."""
    try:
        return _inflate(data, _ANY_WINDOW)
    except zlib.error:
        return _inflate(data, _RAW_WINDOW)


def deflate_bytes(data: bytes) -> bytes:
    """Decompress raw deflate."""
    return _inflate(data, _RAW_WINDOW)


def _inflate(data: bytes, wbits: int) -> bytes:
    machine = zlib.decompressobj(wbits)
    out: list[bytes] = []
    left, pending = MAX_OUTPUT, data
    while pending and left and not machine.eof:
        try:
            piece = machine.decompress(pending, min(left, 2**16))
        except zlib.error:
            if not out:
                raise
            break
        out.append(piece)
        left -= len(piece)
        pending = machine.unconsumed_tail
    if not out or (not machine.eof and not any(out)):
        raise zlib.error("nothing to inflate")
    return b"".join(out)


def bz2_bytes(data: bytes) -> bytes:
    """Decompress bzip2."""
    return bz2.BZ2Decompressor().decompress(data, MAX_OUTPUT)


def lzma_bytes(data: bytes) -> bytes:
    """Decompress xz or the older lzma format."""
    return lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=_LZMA_MEMORY).decompress(data, MAX_OUTPUT)


def zstd_bytes(data: bytes) -> bytes:
    """Decompress zstandard. Raises ValueError for anything else."""
    import zstandard

    try:
        with zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(data) as reader:
            return reader.read(MAX_OUTPUT)
    except zstandard.ZstdError as error:
        raise ValueError("not zstandard") from error
