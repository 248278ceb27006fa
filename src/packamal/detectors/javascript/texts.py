"""Texts that code puts together: the whole is a fact, the pieces are not."""

from __future__ import annotations

from packamal.detectors.facts import MIN_TEXT
from packamal.detectors.javascript.dispatch import spot_of
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.scope import Scope

MAX_KEPT = 1 << 20
"""Longer ones are layers or data."""


def keep_assembled(m: Machine, value: str, scope: Scope, start: int) -> None:
    """Remember a text that evaluation made; one that stands in the source is left out at the end."""
    if MIN_TEXT <= len(value) <= MAX_KEPT and not m.concrete:
        m.record.text(value, spot_of(scope, start), m.origin(value).steps)
