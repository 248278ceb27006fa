"""How much of an archive is read: every bound that keeps a hostile one from costing more than it may."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one artifact, nested archives included."""

    archive_bytes: int = 1024 * MIB
    """Packed size; the largest machine-learning wheels stay below it."""
    total_bytes: int = 1024 * MIB
    """Unpacked bytes kept in memory; the memory bound of a scan is this plus the archive."""
    member_bytes: int = 128 * MIB
    """Unpacked bytes kept of one file; source is never that large, native libraries rarely."""
    head_bytes: int = 16 * MIB
    """What is kept of a binary file beyond `member_bytes`: headers and the start of its strings."""
    read_bytes: int = 4 * 1024 * MIB
    """Bytes unpacked at all, kept or not: bounds the time spent on files that are only skipped over."""
    members: int = 200_000
    """Files; icon sets and the largest collections have some 50,000."""
    records: int = 500_000
    """Headers of any kind, links and directories included: bounds the time spent on what is no file."""
    ratio: int = 250
    """Unpacked to packed bytes; real packages stay below 50, deflate's own maximum is 1032."""
    ratio_floor: int = 64 * MIB
    """Below this many unpacked bytes the ratio is not looked at: small files of zeros are harmless."""
    depth: int = 4
    """Archives inside archives; a gem in a zip with a jar in it needs three."""
    name_bytes: int = 4096
    """Length of a path, the limit of Linux; a longer one is cut."""
    header_bytes: int = MIB
    """An extended tar header or a zip's extra field and comment; real ones are below 64 kB."""
    anomalies: int = 500
    """Records kept; more of the same tells nothing new."""


DEFAULT = Limits()
