"""What is odd about the archive itself, as signals."""

from __future__ import annotations

from collections import Counter

from packamal.archive import Anomaly, AnomalyKind, Unpacked
from packamal.capability import Capability
from packamal.detectors.base import Observed
from packamal.detectors.sighting import shorten
from packamal.model import SNIPPET_CHARS, TARGET_CHARS, Artifact, Evidence, Origin, Role, Signal

MAX_ALIKE = 20
"""Anomalies of one kind that are shown; a thousand links say no more."""
_CAPABILITY = {kind: Capability(f"archive.{kind.value}") for kind in AnomalyKind}


def signals_of(unpacked: Unpacked, artifact: Artifact) -> Observed:
    """Make a signal of each anomaly."""
    counts: Counter[AnomalyKind] = Counter()
    signals: list[Signal] = []
    for anomaly in unpacked.anomalies:
        counts[anomaly.kind] += 1
        if counts[anomaly.kind] <= MAX_ALIKE:
            signals.append(_signal(anomaly, artifact))
    return Observed(tuple(signals))


def _signal(anomaly: Anomaly, artifact: Artifact) -> Signal:
    evidence = Evidence(artifact.filename, anomaly.path, snippet=shorten(anomaly.detail, SNIPPET_CHARS))
    target = f"{anomaly.path or artifact.filename}: {anomaly.detail}"
    return Signal(_CAPABILITY[anomaly.kind], Role.NEVER, Origin.STATIC, evidence, shorten(target, TARGET_CHARS))
