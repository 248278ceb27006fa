"""Every archive kind -> members in memory, with limits; nothing is written to disk and no link is followed.

Memory: beside the archive itself at most `Limits.total_bytes` of members, twice `Limits.member_bytes` while one member
is joined, and `streams.WINDOW_BYTES` inside a decompressor: below 1.5 GiB by default. `evals/hostile_memory.py`
measures it. Time: at most `Limits.read_bytes` are unpacked at all; a slower deadline is the caller's.
"""

from packamal.archive.limits import DEFAULT, Limits
from packamal.archive.members import Anomaly, AnomalyKind, Member, Unpacked
from packamal.archive.reader import read_directory, unpack

__all__ = ["DEFAULT", "Anomaly", "AnomalyKind", "Limits", "Member", "Unpacked", "read_directory", "unpack"]
