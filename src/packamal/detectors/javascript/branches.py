"""Running code that may or may not run: what it assigns is joined with what was there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from packamal.detectors.javascript.dispatch import MAYBE, RETURN, THROW, Completion
from packamal.detectors.javascript.machine import JsThrow, Machine
from packamal.detectors.javascript.scope import Change, merge, undo

Run = Callable[[], Completion | None]


def choose(m: Machine, runs: Sequence[Run]) -> Completion | None:
    """Run each as one of several ways; afterwards every name holds the join over the ways that go on."""
    outer = m.log
    ended: list[Completion | None] = []
    branches = []
    m.level += 1
    try:
        for run in runs:
            log: list[Change] = []
            m.log = log
            completion = _guarded(run)
            ended.append(completion)
            after = undo(log)
            if completion is not RETURN and completion is not THROW:
                branches.append(after)
    finally:
        m.level -= 1
        m.log = outer
    changes = merge(branches)
    if outer is not None:
        outer.extend([change for change in changes if change[0].level < m.level])
    return _together(ended)


def _guarded(run: Run) -> Completion | None:
    """An exception in one way leaves the others to run."""
    try:
        return run()
    except JsThrow:
        return THROW


def _together(ended: list[Completion | None]) -> Completion | None:
    if all(completion is None for completion in ended):
        return None
    if any(completion is None or completion is MAYBE for completion in ended):
        return MAYBE
    first = ended[0]
    return first if all(completion is first for completion in ended) else RETURN if _is_final(ended) else MAYBE


def _is_final(ended: list[Completion | None]) -> bool:
    return all(completion is RETURN or completion is THROW for completion in ended)


def maybe(m: Machine, run: Run) -> Completion | None:
    """Run what may not run."""
    return choose(m, (run, _nothing))


def _nothing() -> None:
    return None


def look_at(m: Machine, run: Run) -> None:
    """Run for its facts only: nothing it does may last."""
    outer = m.log
    log: list[Change] = []
    m.log = log
    m.level += 1
    m.dry += 1
    concrete, m.concrete = m.concrete, 0
    try:
        _guarded(run)
    finally:
        m.dry -= 1
        m.level -= 1
        m.log = outer
        m.concrete = concrete
        undo(log)
