"""Reads the headers of native programs: which format, which sections, whether a packer made them.

Formats: PE (Microsoft PE/COFF), ELF (System V gABI), Mach-O (mach-o/loader.h), WASM, DEX. Offsets come from hostile
files, so every read is by slice and short reads are zeros.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple

MAX_SECTIONS = 96
"""The loader of Windows takes no more."""
SAMPLE_BYTES = 64 * 2**10
"""Bytes whose entropy is measured."""
PACKED_ENTROPY = 7.3
"""Bits a byte: machine code stays below 6.8, compressed or encrypted code is above 7.8."""
_MIN_SAMPLE = 8 * 2**10
"""Small sections say nothing."""
_HEAD = 16
_JAVA_MAJOR = 45
"""The same first bytes start a Java class, whose version is at least this; a fat Mach-O has a handful of parts."""
_PACKER_SECTIONS = {
    b"UPX0": "UPX", b"UPX1": "UPX", b"UPX2": "UPX", b".aspack": "ASPack", b".adata": "ASPack", b".petite": "Petite",
    b".MPRESS1": "MPRESS", b".MPRESS2": "MPRESS", b".themida": "Themida", b".winlice": "Themida", b".vmp0": "VMProtect",
    b".vmp1": "VMProtect", b".vmp2": "VMProtect", b".enigma1": "Enigma", b".enigma2": "Enigma", b"FSG!": "FSG",
    b".nsp0": "NsPack", b".nsp1": "NsPack", b"PEC2": "PECompact", b".ndata": "NSIS", b".boom": "Boomerang",
}  # fmt: skip
_MARKS = (
    (b"UPX!", "UPX"),
    (b"MEI\x0c\x0b\n\x0b\x0e", "PyInstaller"),
    (b"_MEIPASS2", "PyInstaller"),
    (b"NUITKA_ONEFILE_PARENT", "Nuitka"),
    (b"pkg/prelude/bootstrap.js", "pkg"),
    (b"ConfuserEx v", "ConfuserEx"),
)
_END_BYTES = 512 * 2**10
"""How far from either end such a mark stands."""


class Executable(NamedTuple):
    """What the headers say."""

    format: str
    """PE, ELF, Mach-O, WASM, DEX"""
    is_library: bool
    packer: str = ""
    """Name of the packer, `high entropy` where only the bytes tell, empty where nothing does."""


def recognise(data: bytes) -> str:
    """Name the format by its first bytes, empty for anything that is no native program."""
    head = data[:_HEAD]
    if head[:4] == b"\x7fELF":
        return "ELF"
    if head[:2] == b"MZ":
        return "PE" if _pe_offset(data) else ""
    if head[:4] in (b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf"):
        return "Mach-O"
    if head[:4] == b"\xca\xfe\xba\xbe" and int.from_bytes(head[4:8], "big") < _JAVA_MAJOR:
        return "Mach-O"
    if head[:4] == b"\0asm":
        return "WASM"
    return "DEX" if head[:4] == b"dex\n" else ""


def _pe_offset(data: bytes) -> int:
    """Offset of the PE header; 2 for what has the DOS stub's words but no header behind it, 0 for anything else."""
    at = int.from_bytes(data[60:64], "little")
    if 0 < at < len(data) and data[at : at + 4] == b"PE\0\0":
        return at
    return 2 if b"DOS mode" in data[:1024] else 0


def read_executable(data: bytes) -> Executable | None:
    """Read the headers of a native program; None for anything else."""
    kind = recognise(data)
    if not kind:
        return None
    if kind == "PE":
        return _read_pe(data)
    if kind == "ELF":
        return Executable(kind, int.from_bytes(data[16:18], "little") == 3, _marks(data) or _elf_entropy(data))
    return Executable(kind, kind == "WASM", _marks(data) if kind == "Mach-O" else "")


def _read_pe(data: bytes) -> Executable:
    at = _pe_offset(data)
    characteristics = int.from_bytes(data[at + 22 : at + 24], "little")
    count = min(int.from_bytes(data[at + 6 : at + 8], "little"), MAX_SECTIONS)
    table = at + 24 + int.from_bytes(data[at + 20 : at + 22], "little")
    packer = ""
    for index in range(count):
        entry = data[table + 40 * index : table + 40 * (index + 1)]
        name = entry[:8].rstrip(b"\0")
        packer = packer or _PACKER_SECTIONS.get(name, "")
        if not packer and int.from_bytes(entry[36:40], "little") & 0x20:
            size, start = int.from_bytes(entry[16:20], "little"), int.from_bytes(entry[20:24], "little")
            packer = _dense(data[start : start + min(size, SAMPLE_BYTES)])
    return Executable("PE", bool(characteristics & 0x2000), packer or _marks(data))


def _elf_entropy(data: bytes) -> str:
    """ELF packers drop the section table; what has one is linked as usual."""
    wide = data[4:5] == b"\x02"
    sections = int.from_bytes(data[40:48] if wide else data[32:36], "little")
    if sections:
        return ""
    middle = len(data) // 2
    return _dense(data[middle : middle + SAMPLE_BYTES])


def _marks(data: bytes) -> str:
    """Look for what packers and bundlers leave."""
    ends = data if len(data) <= 2 * _END_BYTES else data[:_END_BYTES] + data[-_END_BYTES:]
    return next((name for mark, name in _MARKS if mark in ends), "")


def _dense(sample: bytes) -> str:
    return "high entropy" if len(sample) >= _MIN_SAMPLE and entropy(sample) > PACKED_ENTROPY else ""


def entropy(sample: bytes) -> float:
    """Shannon entropy in bits a byte, 0 for nothing."""
    total = len(sample)
    return -sum(count / total * math.log2(count / total) for count in Counter(sample).values()) if total else 0.0
