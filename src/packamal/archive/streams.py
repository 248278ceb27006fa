"""Compressed bytes -> chunks of bounded size, in every compression, each as hostile as the next.

No decompressor here is ever asked for more than CHUNK bytes at once, since what a header says about a size is only what
its author says.
"""

from __future__ import annotations

import bz2
import enum
import io
import lzma
import re
import zlib
from collections.abc import Callable, Generator, Iterator

from packamal.archive.decoders import Decoder, Inflater
from packamal.archive.intake import Intake
from packamal.archive.limits import MIB
from packamal.errors import ArchiveError

CHUNK = 256 * 1024
"""Unpacked bytes asked for at once; stays in the processor's cache."""
FEED = 64 * 1024
"""Packed bytes given at once; zlib copies what it did not use."""
WINDOW_BYTES = 128 * MIB
"""Memory a decompressor may ask for itself; xz -9 asks for 65 MiB, zstd --ultra for 128 MiB."""
MAX_STREAMS = 100_000
"""Concatenated streams in one file; block-wise writers make one for each 64 kB, hostile ones one for each 20 bytes."""

NOT_ZERO = re.compile(rb"[^\0]")


class BrokenStream(ArchiveError):
    """The compressed stream is damaged or ends early; what was yielded before is good."""


class Packing(enum.StrEnum):
    """How a stream is compressed; the value is the usual suffix."""

    GZIP = "gz"
    BZIP2 = "bz2"
    XZ = "xz"
    ZSTD = "zst"


_Chunks = Iterator[tuple[bytes, int]]
"""(unpacked chunk, packed bytes used so far)"""


def packing_of(data: bytes) -> Packing | None:
    """Tell the compression by its magic."""
    if data[:3] == b"\x1f\x8b\x08":
        return Packing.GZIP
    if data[:3] == b"BZh" and data[4:10] in (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"):
        return Packing.BZIP2
    if data[:6] == b"\xfd7zXZ\0":
        return Packing.XZ
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return Packing.ZSTD
    return None


def expand(packing: Packing, data: bytes, intake: Intake) -> Iterator[bytes]:
    """Unpack a file chunk by chunk; concatenated streams are one. Raises BrokenStream, Exhausted."""
    yield from _charged(_EXPANDERS[packing](data, intake), intake)


def expand_raw(decoder: Decoder, data: bytes | memoryview, intake: Intake) -> Iterator[bytes]:
    """Unpack one stream of any decoder and ignore what follows its end. Raises BrokenStream, Exhausted."""
    yield from _charged(_stream(decoder, memoryview(data), 0), intake)


def _charged(chunks: _Chunks, intake: Intake) -> Iterator[bytes]:
    unpacked = 0
    for chunk, packed in chunks:
        unpacked += len(chunk)
        intake.charge(len(chunk))
        intake.check_ratio(unpacked, packed)
        if chunk:
            yield chunk


def _stream(decoder: Decoder, view: memoryview, position: int) -> Generator[tuple[bytes, int], None, int]:
    """Unpack one stream from `position`; returns where it ended."""
    while not decoder.eof:
        piece = view[position : position + FEED] if decoder.needs_input else b""
        position += len(piece)
        try:
            chunk = decoder.decompress(piece, CHUNK)
        except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError) as error:
            raise BrokenStream(f"damaged stream ({error})") from error
        except MemoryError as error:
            raise BrokenStream("damaged stream (asks for too much memory)") from error
        if not piece and not chunk and decoder.needs_input:
            raise BrokenStream("ends in the middle of the stream")
        yield chunk, position
    return position - len(decoder.unused_data)


def _streams(packing: Packing, make: Callable[[], Decoder]) -> Callable[[bytes, Intake], _Chunks]:
    """Unpack concatenated streams of one kind, as the usual tools do; what follows them is recorded."""

    def chunks(data: bytes, intake: Intake) -> _Chunks:
        view, position = memoryview(data), 0
        for _ in range(MAX_STREAMS):
            position = _after_padding(data, (yield from _stream(make(), view, position)))
            if position >= len(view):
                return
            if packing_of(data[position : position + 16]) is not packing:
                intake.leftover("!trailing", view[position:], f"after the end of the {packing} stream")
                return
        raise BrokenStream(f"more than {MAX_STREAMS:,} streams in one file")

    return chunks


def _after_padding(data: bytes, position: int) -> int:
    """Tapes and some writers fill up with zeros."""
    found = NOT_ZERO.search(data, position)
    return found.start() if found else len(data)


def _zstd(data: bytes, intake: Intake) -> _Chunks:
    import zstandard  # only archives of this kind pay for loading it

    source = io.BytesIO(data)
    reader = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES).stream_reader(source, read_across_frames=True)
    try:
        while chunk := reader.read(CHUNK):
            yield chunk, source.tell()
    except zstandard.ZstdError as error:
        raise BrokenStream(f"damaged stream ({error})") from error


_EXPANDERS: dict[Packing, Callable[[bytes, Intake], _Chunks]] = {
    Packing.GZIP: _streams(Packing.GZIP, lambda: Inflater(16 + zlib.MAX_WBITS)),
    Packing.BZIP2: _streams(Packing.BZIP2, bz2.BZ2Decompressor),
    Packing.XZ: _streams(Packing.XZ, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=WINDOW_BYTES)),
    Packing.ZSTD: _zstd,
}
