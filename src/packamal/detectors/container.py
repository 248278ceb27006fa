"""What is odd about the archive itself, as signals."""

from __future__ import annotations

from packamal.archive import Anomaly, Unpacked
from packamal.capability import Capability
from packamal.detectors.base import Observed
from packamal.model import Artifact, Evidence, Origin, Role, Signal

MAX_ALIKE = 20
"""Anomalies of one kind that are shown; a thousand links say no more."""
_OTHER = Capability.ARCHIVE_BROKEN


def signals_of(unpacked: Unpacked, artifact: Artifact) -> Observed:
    """Make a signal of each anomaly."""
    counts: dict[str, int] = {}
    signals: list[Signal] = []
    for anomaly in unpacked.anomalies:
        counts[anomaly.kind] = counts.get(anomaly.kind, 0) + 1
        if counts[anomaly.kind] <= MAX_ALIKE:
            signals.append(_signal(anomaly, artifact))
    return Observed(tuple(signals))


def _signal(anomaly: Anomaly, artifact: Artifact) -> Signal:
    name = f"archive.{anomaly.kind.value}"
    capability = Capability(name) if name in set(Capability) else _OTHER
    evidence = Evidence(artifact.filename, anomaly.path, snippet=anomaly.detail)
    return Signal(capability, Role.NEVER, Origin.STATIC, evidence, anomaly.path)
