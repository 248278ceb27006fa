"""Zip archives (wheels, jars, eggs too), by both of their directories.

The central directory says what most unpackers see. Everything between the files it names is then looked at too: local
headers that it leaves out, files that overlap, bytes that belong to nothing.
"""

from __future__ import annotations

import bz2
import lzma
import stat
import zlib
from collections.abc import Callable, Iterator

from packamal.archive.decoders import Inflater
from packamal.archive.intake import Intake
from packamal.archive.limits import MIB
from packamal.archive.members import AnomalyKind
from packamal.archive.pipe import Pipe
from packamal.archive.streams import CHUNK, NOT_ZERO, WINDOW_BYTES, BrokenStream, Packing, expand, expand_raw
from packamal.archive.zipheads import (
    END_MAGIC,
    HAS_DESCRIPTOR,
    IS_ENCRYPTED,
    LOCAL_MAGIC,
    MIN_END,
    MIN_LOCAL,
    End,
    Entry,
    central_entries,
    descriptor_size,
    find_end,
    local_entry,
)

_STORED, _DEFLATED, _BZIP2, _LZMA, _ZSTD = 0, 8, 12, 14, 93
_ONE_CALL_BYTES = 16 * MIB
"""Up to this stated size a deflated file is unpacked in one call, where nearly all the time goes."""

_LZMA_HEADER = 9


def is_zip(data: bytes) -> bool:
    """True for a zip that begins at the first byte; an empty one is only its end record."""
    return (data[:4] == LOCAL_MAGIC and len(data) > MIN_LOCAL) or (data[:4] == END_MAGIC and len(data) >= MIN_END)


def carries_zip(data: bytes) -> bool:
    """True for any file with a whole zip at its end."""
    end = find_end(data)
    return end is not None and next(central_entries(data, end), None) is not None


def read_zip(data: bytes, intake: Intake) -> None:
    """Read every member that either directory knows. Raises Exhausted."""
    reader = _Reader(data, intake)
    end = find_end(data)
    if end is None:
        intake.lose(AnomalyKind.BROKEN, "", "the zip's central directory is missing")
        reader.read_gap(0, len(data), "")
        return
    behind = reader.read_directory(end)
    reader.read_gaps(end, behind)
    if end.after < len(data):
        intake.leftover("!trailing", memoryview(data)[end.after :], "after the end of the zip")


class _Reader:
    """One zip being read."""

    def __init__(self, data: bytes, intake: Intake) -> None:
        self._data = data
        self._view = memoryview(data)
        self._intake = intake
        self._unpacked = 0
        self._spans: list[tuple[int, int]] = []
        """(first byte, byte behind) of each file that was found, local header and data descriptor included."""

    def read_directory(self, end: End) -> int:
        """Read the files that the central directory names; returns the offset behind it, 0 when it is empty."""
        count, behind = 0, 0
        for entry, behind in central_entries(self._data, end):  # noqa: B007 (used after the loop)
            count += 1
            self._intake.count_record()
            self._read_named(entry)
        if count & 0xFFFF != end.files or (count and behind != end.directory_end):
            detail = f"the directory states {end.files:,} files, {count:,} stand there"
            self._intake.spot(AnomalyKind.HIDDEN, "", detail)
            if not count:
                self._intake.lose(AnomalyKind.BROKEN, "", "the zip's central directory is not where it should be")
        return behind

    def read_gaps(self, end: End, behind: int) -> None:
        """Look at what lies between the files that were found."""
        why = "stands only in a local header, not in the directory"
        covered = 0
        self._spans.sort()
        for start, stop in self._spans:
            if start > covered:
                self.read_gap(covered, start, why)
            elif start < covered:
                self._intake.spot(AnomalyKind.BOMB, "", f"two files share the bytes from offset {start:,}")
            covered = max(covered, stop)
        self.read_gap(covered, end.directory_at if behind else end.stop, why)
        self.read_gap(max(covered, behind), end.stop, why)

    def read_gap(self, start: int, stop: int, why: str) -> None:
        """Read the files between two offsets by their local headers, and keep what belongs to none."""
        loose = start
        at = self._data.find(LOCAL_MAGIC, start, stop)
        while at >= 0:
            self._intake.count_record()
            self._loose_bytes(loose, at)
            loose = self._read_local(at, stop, why)
            at = self._data.find(LOCAL_MAGIC, loose, stop)
        self._loose_bytes(loose, stop)

    def _loose_bytes(self, start: int, stop: int) -> None:
        if NOT_ZERO.search(self._data, start, stop):
            label = "!trailing" if start else "!leading"
            detail = f"at offset {start:,} belong to no file of the zip"
            self._intake.leftover(label, self._view[start:stop], detail)

    def _read_named(self, central: Entry) -> None:
        """Read a file of the central directory, and its other self where the local header says otherwise."""
        local = local_entry(self._data, central.local_at)
        if local is None:
            self._intake.lose(AnomalyKind.BROKEN, central.name, "no local header where the directory points")
            return
        self._read_body(central._replace(body_at=local.body_at))
        behind = local.body_at + central.packed
        if central.flags & HAS_DESCRIPTOR:
            behind += descriptor_size(self._data, behind, central)
        difference = _difference(central, local)
        if difference:
            behind = max(behind, min(local.body_at + local.packed, len(self._data)))
            self._intake.spot(AnomalyKind.HIDDEN, central.name, difference)
            if local.flags & HAS_DESCRIPTOR and not local.packed:
                local = local._replace(packed=central.packed, unpacked=central.unpacked, crc=central.crc)
            self._read_body(local)
        self._spans.append((central.local_at, behind))

    def _read_local(self, at: int, stop: int, why: str) -> int:
        """Read a file by its local header; returns the offset to go on from."""
        local = local_entry(self._data, at)
        if local is None:
            return at + len(LOCAL_MAGIC)
        behind = local.body_at + local.packed
        if behind > stop or (local.flags & HAS_DESCRIPTOR and not local.packed):
            following = self._data.find(LOCAL_MAGIC, local.body_at, stop)
            behind = following if following >= 0 else stop
            local = local._replace(packed=behind - local.body_at, flags=local.flags | HAS_DESCRIPTOR)
        if why:
            self._intake.spot(AnomalyKind.HIDDEN, local.name, why)
        self._read_body(local)
        return behind

    def _read_body(self, entry: Entry) -> None:
        """Unpack one file."""
        intake, name = self._intake, entry.name
        if name.endswith("/"):
            if not entry.unpacked:
                return
            intake.spot(AnomalyKind.HIDDEN, name, f"a directory with {entry.unpacked:,} bytes of content")
        kind = stat.S_IFMT(entry.mode)
        if kind and kind != stat.S_IFREG:
            link = kind == stat.S_IFLNK
            what = "symbolic link, a plain file to some unpackers" if link else f"special file of type {kind:#o}"
            intake.spot(AnomalyKind.LINK if link else AnomalyKind.DEVICE, name, what)
        if entry.flags & IS_ENCRYPTED:
            intake.lose(AnomalyKind.ENCRYPTED, name, "encrypted, could not be read")
            return
        body = self._view[entry.body_at : entry.body_at + entry.packed]
        data = self._unpack_at_once(entry, body)
        if data is None:
            self._unpack_slowly(entry, body)
            return
        intake.charge(len(data))
        self._unpacked += len(data)
        intake.check_ratio(self._unpacked, len(self._data))
        intake.add(name, data, entry.mode & 0o7777)

    def _unpack_at_once(self, entry: Entry, body: memoryview) -> bytes | None:
        """The content of an honest file of usual size; None for any other."""
        size = entry.unpacked
        if size > _ONE_CALL_BYTES or self._intake.allowance(size) < size or len(body) < entry.packed:
            return None
        if entry.method == _DEFLATED:
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                data = inflater.decompress(body, size + 1)
            except zlib.error:
                return None
            if not inflater.eof or inflater.unused_data:
                return None
        elif entry.method == _STORED and len(body) <= _ONE_CALL_BYTES:
            data = bytes(body)
        else:
            return None
        return data if len(data) == size and zlib.crc32(data) == entry.crc else None

    def _unpack_slowly(self, entry: Entry, body: memoryview) -> None:
        """Unpack a file that is large, rare or lies about itself, as far as it goes."""
        intake, name, mode = self._intake, entry.name, entry.mode & 0o7777
        unpacker = _UNPACKERS.get(entry.method)
        if unpacker is None:
            intake.lose(AnomalyKind.BROKEN, name, f"compression method {entry.method} is not supported")
            return
        pipe = Pipe(unpacker(body, intake))
        data = pipe.read(intake.allowance(intake.limits.member_bytes))
        self._unpacked += len(data)
        intake.check_ratio(self._unpacked, len(self._data))
        if pipe.peek(1):
            size = max(entry.unpacked, len(data) + 1)
            intake.check_ratio(size, len(body))
            intake.charge(size - len(data))
            intake.add_cut(name, data, size, mode)
            return
        intake.add(name, data, mode)
        self._compare(entry, data, len(body), pipe.failure)

    def _compare(self, entry: Entry, data: bytes, packed: int, failure: str) -> None:
        """Record where content and description disagree."""
        if len(data) == entry.unpacked and zlib.crc32(data) == entry.crc:
            return
        if packed < entry.packed:
            self._intake.lose(AnomalyKind.BROKEN, entry.name, f"ends after {packed:,} of {entry.packed:,} packed bytes")
        elif failure:
            self._intake.lose(AnomalyKind.BROKEN, entry.name, failure)
        elif entry.crc or not entry.flags & HAS_DESCRIPTOR:
            detail = f"states {entry.unpacked:,} bytes, holds {len(data):,}, or its checksum differs"
            self._intake.spot(AnomalyKind.BROKEN, entry.name, detail)


def _difference(central: Entry, local: Entry) -> str:
    """What the local header says otherwise than the directory; empty when they agree."""
    if central.name != local.name:
        return f"the local header calls it {local.name[:200]!r}"
    if central.method != local.method:
        return "the local header names another compression"
    if (central.flags ^ local.flags) & IS_ENCRYPTED:
        return "only one of the two directories calls it encrypted"
    sizes = (local.packed, local.unpacked, local.crc)
    is_open = local.flags & HAS_DESCRIPTOR and sizes == (0, 0, 0)
    if not is_open and sizes != (central.packed, central.unpacked, central.crc):
        return "the local header states other sizes"
    return ""


def _copy(body: memoryview, intake: Intake) -> Iterator[bytes]:
    for at in range(0, len(body), CHUNK):
        intake.charge(min(CHUNK, len(body) - at))
        yield bytes(body[at : at + CHUNK])


def _inflate(body: memoryview, intake: Intake) -> Iterator[bytes]:
    return expand_raw(Inflater(-zlib.MAX_WBITS), body, intake)


def _bzip2(body: memoryview, intake: Intake) -> Iterator[bytes]:
    return expand_raw(bz2.BZ2Decompressor(), body, intake)


def _lzma(body: memoryview, intake: Intake) -> Iterator[bytes]:
    """APPNOTE 5.8.8: two bytes of version, two of the properties' size, then the properties of LZMA1."""
    if len(body) < _LZMA_HEADER:
        raise BrokenStream("damaged stream (no LZMA properties)")
    packed, window = body[4], int.from_bytes(body[5:9], "little")
    if packed >= 9 * 5 * 5 or window > WINDOW_BYTES:
        raise BrokenStream(f"damaged stream (asks for {window // MIB:,} MiB of memory)")
    options = {"id": lzma.FILTER_LZMA1, "dict_size": max(window, 4096), "lc": packed % 9}
    options |= {"lp": packed // 9 % 5, "pb": packed // 45}
    try:
        decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[options])
    except lzma.LZMAError as error:
        raise BrokenStream(f"damaged stream ({error})") from error
    yield from expand_raw(decoder, body[_LZMA_HEADER:], intake)


def _zstd(body: memoryview, intake: Intake) -> Iterator[bytes]:
    intake.charge(len(body))
    return expand(Packing.ZSTD, bytes(body), intake)


_UNPACKERS: dict[int, Callable[[memoryview, Intake], Iterator[bytes]]] = {
    _STORED: _copy,
    _DEFLATED: _inflate,
    _BZIP2: _bzip2,
    _LZMA: _lzma,
    _ZSTD: _zstd,
}
