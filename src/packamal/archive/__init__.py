"""Every archive kind -> members in memory, with limits; nothing is written to disk and no link is followed."""

from packamal.archive.members import Anomaly, AnomalyKind, Member, Unpacked

__all__ = ["Anomaly", "AnomalyKind", "Member", "Unpacked"]
