"""Runs the scan of targets in the pool, with a display; shared by one-off scans and batches."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from packamal.cli.accepted import Accepted
from packamal.cli.progress import display_for
from packamal.config import Settings
from packamal.engine.pool import Limits, Outcome, run
from packamal.engine.worker import Tell
from packamal.model import Report
from packamal.targets import Target

log = logging.getLogger(__name__)


def look(names: Sequence[str], find: Callable[[int], Target], settings: Settings) -> Iterator[Outcome]:
    """Outcomes in the order they get done; `find` runs in the child and may raise TargetError."""
    from packamal.engine.scan import scan  # not for help, completion and wrong usage

    def work(index: int, tell: Tell) -> Report:
        return scan(find(index), settings, tell)

    display, accepted = display_for(names, settings), Accepted(settings.suppressions)
    limits = Limits(settings.jobs, settings.time_limit_s, settings.verbose)
    try:
        for found in run(names, work, limits, display):
            outcome = _noted(found, settings.note)
            display.ended(outcome)
            accepted.see(outcome.report)
            for line in outcome.detail.splitlines():
                log.info("%s: %s", names[outcome.index], line)
            yield outcome
    finally:
        display.close()
    accepted.warn()


def _noted(outcome: Outcome, note: str) -> Outcome:
    """First, so that no package's own notes push it out of sight."""
    if not note:
        return outcome
    return replace(outcome, report=replace(outcome.report, notes=(note, *outcome.report.notes)))
