"""Keep a report readable: of many signals alike the first few, and all that a flow names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from packamal.capability import Capability
from packamal.model import Flow, Role, Signal

MAX_ALIKE = 25
"""Signals of one capability in one role; big packages read thousands of files."""
MAX_FLOWS = 200


def trim(signals: Sequence[Signal], flows: Sequence[Flow]) -> tuple[tuple[Signal, ...], tuple[Flow, ...]]:
    """Drop what repeats; flows are renumbered."""
    named = {index for flow in flows[:MAX_FLOWS] for index in (flow.source, flow.sink)}
    counts: Counter[tuple[Capability, Role]] = Counter()
    numbers: dict[int, int] = {}
    kept: list[Signal] = []
    for index, signal in enumerate(signals):
        key = (signal.id, signal.role)
        if index not in named and counts[key] >= MAX_ALIKE:
            continue
        counts[key] += 1
        numbers[index] = len(kept)
        kept.append(signal)
    return tuple(kept), tuple(Flow(numbers[flow.source], numbers[flow.sink]) for flow in flows[:MAX_FLOWS])
