"""Every archive kind -> members in memory, with limits; nothing is written to disk and no link is followed."""

from packamal.archive.limits import DEFAULT, Limits
from packamal.archive.members import Anomaly, AnomalyKind, Member, Unpacked
from packamal.archive.reader import read_directory, unpack

__all__ = ["DEFAULT", "Anomaly", "AnomalyKind", "Limits", "Member", "Unpacked", "read_directory", "unpack"]
