"""Tar archives of every dialect, read to the end of the bytes rather than to the end the archive claims.

Unpackers disagree where a tar ends (Python's stops at one block of zeros, others at two or go on) and what a damaged
header means; a payload placed between two opinions is seen by one of them only. So the walk goes on after zeros and
after damage, and records both. Layout: POSIX.1-2017 pax, chapter "ustar Interchange Format"; GNU tar manual, appendix
"Tar Internals".
"""

from __future__ import annotations

import posixpath
import zlib
from typing import NamedTuple

from packamal.archive.intake import Intake
from packamal.archive.members import AnomalyKind
from packamal.archive.pipe import Pipe

BLOCK = 512
_ZEROS = bytes(BLOCK)
_MAGIC = b"ustar"
_FILE, _HARD_LINK, _SYMBOLIC_LINK, _DIRECTORY, _SPARSE = b"0", b"1", b"2", b"5", b"S"
_DEVICES = {b"3": "character device", b"4": "block device", b"6": "FIFO"}
_LONG_NAME, _LONG_LINK = b"L", b"K"
_PAX, _PAX_GLOBAL, _PAX_SUN = b"x", b"g", b"X"
_SPECIAL = {_SPARSE: "sparse file", b"V": "volume label", b"M": "continued file", b"D": "directory dump"}
_LINKS = {_HARD_LINK: "hard link", _SYMBOLIC_LINK: "symbolic link"}
_WITHOUT_BODY = frozenset((_DIRECTORY, *_LINKS, *_DEVICES))
_EXTENDED = frozenset((_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL, _PAX_SUN))
MAX_LINKS = 10_000
"""Links that are resolved; time zone databases have some hundreds."""
MAX_LINK_STEPS = 8
"""Links that point to links; Linux gives up after 40, packages have no use for two."""
_LOW_BYTES = bytes(range(128))
_NOTHING: dict[bytes, bytes] = {}


class Header(NamedTuple):
    """One header block; `size` is what follows it."""

    name: bytes
    size: int
    type: bytes
    link: bytes
    mode: int
    is_extended: bool
    """Old GNU sparse maps go on in further blocks."""


def has_tar_magic(data: bytes) -> bool:
    """True for what calls itself a tar, as all since 1988 do."""
    return data[257:262] == _MAGIC


def is_tar(block: bytes) -> bool:
    """True for the first block of a tar of any age."""
    return parse_header(block) is not None and any(block)


def parse_header(block: bytes) -> Header | None:
    """Read one block; None when its check sum or numbers are wrong."""
    if len(block) < BLOCK:
        return None
    if _number(block[148:156]) not in _checksums(block):
        return None
    size = _number(block[124:136])
    if size is None or size < 0:
        return None
    name = _text(block[:100])
    if block[345] and block[257:263] == _MAGIC + b"\0":
        name = _text(block[345:500]) + b"/" + name
    kind = block[156:157]
    if kind == b"\0" or kind == b"7":
        kind = _DIRECTORY if name.endswith(b"/") else _FILE
    mode = _number(block[100:108]) or 0
    return Header(name, size, kind, _text(block[157:257]), mode & 0o7777, block[482] == 1)


def read_tar(pipe: Pipe, intake: Intake) -> None:
    """Read every member. Raises Exhausted."""
    walk = _Walk(pipe, intake)
    while block := pipe.read(BLOCK):
        walk.take(block)
    walk.finish()


class _Walk:
    """One pass over a tar, block by block."""

    def __init__(self, pipe: Pipe, intake: Intake) -> None:
        self._pipe = pipe
        self._intake = intake
        self._zeros = 0
        """Blocks of zeros just before this one; two end the archive, for some unpackers one does."""
        self._is_past_end = False
        self._is_first_past_end = False
        """The next member is the first one there, the one that is named."""
        self._global: dict[bytes, bytes] = {}
        self._next: dict[bytes, bytes] = {}
        """What extended headers say about all members, and about the next one."""
        self._lost = bytearray()
        """Blocks that are neither header nor body of anything, at most `head_bytes` of them."""
        self._lost_blocks = 0
        self._links: dict[str, str] = {}
        """Name of a link -> name of what it points to, inside the archive."""

    def take(self, block: bytes) -> None:
        """Read what begins with this block."""
        if block == _ZEROS[: len(block)]:
            self._zeros += 1
            return
        is_known = not self._lost_blocks or block[257:262] == _MAGIC
        header = parse_header(block) if is_known else None
        if header is None:
            self._lose(block)
            return
        self._intake.count_record()
        if self._zeros and not self._is_past_end:
            self._is_past_end = self._is_first_past_end = True
        self._zeros = 0
        if header.type in _EXTENDED:
            self._extend(header)
        else:
            self._member(header)

    def finish(self) -> None:
        """Record what could not be read."""
        self._resolve_links()
        if not self._lost_blocks:
            return
        count = f"{self._lost_blocks:,} blocks"
        if not self._is_past_end:
            self._intake.lose(AnomalyKind.BROKEN, "", f"damaged tar header; {count} belong to no file")
        self._intake.leftover("!trailing", bytes(self._lost), "in the tar belong to no file")

    def _resolve_links(self) -> None:
        """Give a link the content that an unpacker would find there, so that no code hides behind one."""
        for name in self._links:
            target = name
            for _ in range(MAX_LINK_STEPS):
                target = self._links.get(target, target)
            found = self._intake.find(target)
            if found is not None and target != name:
                self._intake.add(name, found.data, found.mode)

    def _lose(self, block: bytes) -> None:
        if not self._lost_blocks and self._zeros:
            self._is_past_end = True
        self._zeros = 0
        self._lost_blocks += 1
        if len(self._lost) < self._intake.limits.head_bytes:
            self._lost += block

    def _extend(self, header: Header) -> None:
        """Read a header that speaks about the next member."""
        size = min(header.size, self._intake.limits.header_bytes)
        body = self._pipe.read(size)
        self._pipe.skip(header.size - size + -header.size % BLOCK)
        if size < header.size:
            self._intake.spot(AnomalyKind.PATH, "", f"extended tar header of {header.size:,} bytes")
        if header.type == _LONG_NAME:
            self._next[b"path"] = _text(body)
        elif header.type == _LONG_LINK:
            self._next[b"linkpath"] = _text(body)
        elif header.type == _PAX_GLOBAL:
            self._global.update(parse_records(body))
        else:
            self._next.update(parse_records(body))

    def _member(self, header: Header) -> None:
        records = self._global | self._next if self._next or self._global else _NOTHING
        self._next = {}
        name = (records.get(b"GNU.sparse.name") or records.get(b"path") or header.name).decode("utf-8", "replace")
        if self._is_first_past_end:
            self._is_first_past_end = False
            self._intake.spot(AnomalyKind.HIDDEN, name, "stands after the mark that ends the archive, as what follows")
        if header.type in _WITHOUT_BODY:
            self._special(header, name, records)
            return
        size = header.size
        if b"size" in records:
            size = _decimal(records[b"size"], size)
        if header.type != _FILE or b"GNU.sparse.major" in records or b"GNU.sparse.map" in records:
            self._odd_file(header, name)
        self._file(name, size, header.mode)

    def _special(self, header: Header, name: str, records: dict[bytes, bytes]) -> None:
        if header.type in _LINKS:
            target = records.get(b"linkpath", header.link).decode("utf-8", "replace")
            self._intake.spot(AnomalyKind.LINK, name, f"{_LINKS[header.type]} to {target[:200]!r}")
            folder = posixpath.dirname(name) if header.type == _SYMBOLIC_LINK else ""
            if len(self._links) < MAX_LINKS and len(name) + len(target) < self._intake.limits.name_bytes:
                self._links[posixpath.normpath(name)] = posixpath.normpath(posixpath.join(folder, target))
        elif header.type in _DEVICES:
            self._intake.spot(AnomalyKind.DEVICE, name, _DEVICES[header.type])

    def _odd_file(self, header: Header, name: str) -> None:
        """Record files whose stored bytes are not simply their content; the stored bytes are what is kept."""
        while header.type == _SPARSE and header.is_extended:
            block = self._pipe.read(BLOCK)
            if len(block) < BLOCK or not block[504]:
                break
        what = _SPECIAL.get(header.type, "sparse file" if header.type == _FILE else f"type {header.type!r}")
        self._intake.spot(AnomalyKind.DEVICE, name, what)

    def _file(self, name: str, size: int, mode: int) -> None:
        intake, pipe = self._intake, self._pipe
        wanted = intake.allowance(size)
        body = pipe.read(wanted)
        if len(body) < wanted:
            intake.add(name, body, mode)
            intake.lose(AnomalyKind.BROKEN, name, f"ends after {len(body):,} of {size:,} bytes")
            return
        if wanted < size:
            intake.add_cut(name, body, size, mode)
            pipe.skip(size - wanted)
        else:
            intake.add(name, body, mode)
        pipe.skip(-size % BLOCK)


def parse_records(body: bytes) -> dict[bytes, bytes]:
    """Read pax records, `length key=value` each; stops at the first that is wrong."""
    records: dict[bytes, bytes] = {}
    position = 0
    while position < len(body):
        blank = body.find(b" ", position, position + 20)
        length = _decimal(body[position:blank], 0) if blank > 0 else 0
        end = position + length
        key, equals, value = body[blank + 1 : end - 1].partition(b"=")
        if length < 5 or end > len(body) or not equals:
            break
        records[key] = value
        position = end
    return records


def _text(field: bytes) -> bytes:
    """Up to the first NUL."""
    return field.partition(b"\0")[0]


def _decimal(digits: bytes, otherwise: int) -> int:
    """A plain number of at most 20 digits; int() itself takes signs, blanks and underscores."""
    return int(digits) if digits.isdigit() and len(digits) <= 20 else otherwise


def _number(field: bytes) -> int | None:
    """Octal digits, or base 256 when the first bit is set; None when neither."""
    if field[0] in (0x80, 0xFF):
        value = int.from_bytes(field[1:], "big")
        return value if field[0] == 0x80 else value - (1 << (8 * (len(field) - 1)))
    digits = _text(field).strip(b" ")
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        return None


def _checksums(block: bytes) -> tuple[int, ...]:
    """The sum of all bytes with the sum's own field as blanks; some old writers added signed bytes.

    The low half of Adler-32 is one more than the sum of the bytes as long as that is below 65,521, and costs a
    twentieth of sum().
    """
    rest = block[:148] + block[156:]
    total = (zlib.adler32(rest[:256]) & 0xFFFF) + (zlib.adler32(rest[256:]) & 0xFFFF) - 2 + 8 * 32
    return (total,) if rest.isascii() else (total, total - 256 * len(rest.translate(None, _LOW_BYTES)))
