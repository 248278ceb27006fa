"""The records of a zip: end of the archive, central directory, local headers.

Offsets and layouts: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16 and 4.5.3. A zip describes each file twice; both
descriptions are read, since unpackers differ in which one they believe.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

LOCAL_MAGIC = b"PK\x03\x04"
_CENTRAL_MAGIC = b"PK\x01\x02"
END_MAGIC = b"PK\x05\x06"
_END64_MAGIC = b"PK\x06\x06"
_DESCRIPTOR_MAGIC = b"PK\x07\x08"
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_DESCRIPTOR = struct.Struct("<3L")
_DESCRIPTOR64 = struct.Struct("<L2Q")
_LOCATOR = struct.Struct("<4sLQL")
_LOCATOR_MAGIC = b"PK\x06\x07"
_END_SEARCH = _END.size + 0xFFFF
"""The comment after the end record is at most 65,535 bytes."""
MIN_LOCAL, MIN_END = _LOCAL.size, _END.size
_ZIP64 = 1
_FULL32 = 0xFFFFFFFF
IS_ENCRYPTED = 0x1
HAS_DESCRIPTOR = 0x8
_IS_UTF8 = 0x800


class End(NamedTuple):
    """Where the central directory is."""

    directory_at: int
    """Offset of its first record."""
    directory_end: int
    """Offset behind its last record, by its stated size."""
    stop: int
    """Offset of the end record (the zip64 one where there is one)."""
    files: int
    """How many files it states, modulo 65,536."""
    shift: int
    """Bytes in front of the archive, which all offsets inside leave out."""
    after: int
    """Offset of the first byte behind the comment."""


class Entry(NamedTuple):
    """One file as one of the two descriptions has it."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    local_at: int
    """Offset of the local header."""
    body_at: int
    """Offset of the content; 0 as long as only the central directory was read."""
    mode: int


def find_end(data: bytes) -> End | None:
    """Find the end record from behind, as unpackers do."""
    at = data.rfind(END_MAGIC, max(0, len(data) - _END_SEARCH))
    if at < 0 or at + _END.size > len(data):
        return None
    _, _, _, _, files, size, start, comment = _END.unpack_from(data, at)
    after = min(at + _END.size + comment, len(data))
    end64 = _find_end64(data, at)
    if end64 is not None:
        at, files, size, start = end64
    shift = at - size - start
    if shift and (shift < 0 or data[start : start + 4] == _CENTRAL_MAGIC != data[start + shift : start + shift + 4]):
        shift = 0
    return End(start + shift, start + shift + size, at, files, shift, after)


def _find_end64(data: bytes, at: int) -> tuple[int, int, int, int] | None:
    """(offset, number of files, directory's size and offset) by the zip64 record in front of the end record."""
    locator = at - _LOCATOR.size
    if locator < 0 or data[locator : locator + 4] != _LOCATOR_MAGIC:
        return None
    _, _, stated, _ = _LOCATOR.unpack_from(data, locator)
    for found in (stated, locator - _END64.size):
        if 0 <= found <= len(data) - _END64.size and data[found : found + 4] == _END64_MAGIC:
            fields = _END64.unpack_from(data, found)
            return found, fields[7] & 0xFFFF, fields[8], fields[9]
    return None


def central_entries(data: bytes, end: End) -> Iterator[tuple[Entry, int]]:
    """Read the central directory up to the first record that is none; with each file the offset behind its record."""
    at = end.directory_at
    while at + _CENTRAL.size <= end.stop and data[at : at + 4] == _CENTRAL_MAGIC:
        fields = _CENTRAL.unpack_from(data, at)
        flags, method, crc, packed, unpacked = fields[3], fields[4], fields[7], fields[8], fields[9]
        extra_at = at + _CENTRAL.size + fields[10]
        comment_at = extra_at + fields[11]
        offset = fields[16]
        if _FULL32 in (packed, unpacked, offset):
            unpacked, packed, offset = _widen(data[extra_at:comment_at], unpacked, packed, offset)
        name = _decode(data[at + _CENTRAL.size : extra_at], flags)
        at = comment_at + fields[12]
        yield Entry(name, flags, method, crc, packed, unpacked, offset + end.shift, 0, fields[15] >> 16), at


def local_entry(data: bytes, at: int) -> Entry | None:
    """Read the local header at an offset; None when there is none."""
    if at < 0 or at + _LOCAL.size > len(data) or data[at : at + 4] != LOCAL_MAGIC:
        return None
    _, _, flags, method, _, _, crc, packed, unpacked, name_size, extra_size = _LOCAL.unpack_from(data, at)
    name_at = at + _LOCAL.size
    body_at = name_at + name_size + extra_size
    if body_at > len(data):
        return None
    if _FULL32 in (packed, unpacked):
        extra = data[name_at + name_size : body_at]
        unpacked, packed, _ = _widen(extra, unpacked, packed, 0)
    name = _decode(data[name_at : name_at + name_size], flags)
    return Entry(name, flags, method, crc, packed, unpacked, at, body_at, 0)


def descriptor_size(data: bytes, at: int, entry: Entry) -> int:
    """Length of the data descriptor that should follow the content; 0 when what stands there does not agree."""
    lead = 4 if data[at : at + 4] == _DESCRIPTOR_MAGIC else 0
    for layout in (_DESCRIPTOR, _DESCRIPTOR64):
        if at + lead + layout.size <= len(data):
            found = layout.unpack_from(data, at + lead)
            if found == (entry.crc, entry.packed, entry.unpacked):
                return lead + layout.size
    return 0


def _widen(extra: bytes, unpacked: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Take 64-bit numbers from the extra field for those that are all ones."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        body = extra[at + 4 : at + 4 + size]
        if kind == _ZIP64:
            wide = (int.from_bytes(body[place : place + 8], "little") for place in range(0, len(body) - 7, 8))
            unpacked = next(wide, unpacked) if unpacked == _FULL32 else unpacked
            packed = next(wide, packed) if packed == _FULL32 else packed
            offset = next(wide, offset) if offset == _FULL32 else offset
            break
        at += 4 + size
    return unpacked, packed, offset


def _decode(name: bytes, flags: int) -> str:
    """UTF-8 when it is, marked or not; else the code page of the format's youth."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("utf-8", "replace") if flags & _IS_UTF8 else name.decode("cp437")
