"""Join what several detectors saw into one list of signals, with their flows renumbered."""

from __future__ import annotations

from collections.abc import Iterable

from packamal.detectors.base import Observed
from packamal.model import Flow, Problem, Signal


def merge(parts: Iterable[Observed]) -> Observed:
    """Concatenate; equal signals are kept once unless a flow names them."""
    signals: list[Signal] = []
    flows: list[Flow] = []
    problems: dict[Problem, None] = {}
    seen: set[Signal] = set()
    for part in parts:
        in_flow = {index for flow in part.flows for index in (flow.source, flow.sink)}
        numbers: dict[int, int] = {}
        for index, signal in enumerate(part.signals):
            if signal in seen and index not in in_flow:
                continue
            seen.add(signal)
            numbers[index] = len(signals)
            signals.append(signal)
        flows += [Flow(numbers[flow.source], numbers[flow.sink]) for flow in part.flows]
        problems.update(dict.fromkeys(part.problems))
    return Observed(tuple(signals), tuple(flows), tuple(problems))
