"""What a set of reports means for the exit code."""

from __future__ import annotations

from collections.abc import Iterable

from packamal.cli.exits import Exit
from packamal.config import Settings
from packamal.model import Level, Report

_DEGREE = {Level.CLEAN: 0, Level.INCOMPLETE: 0, Level.SUSPICIOUS: 1, Level.MALICIOUS: 2}


def of_reports(reports: Iterable[Report], settings: Settings) -> Exit:
    """The code for a set of reports: a flagged one outweighs an incomplete one."""
    levels = {report.verdict.level for report in reports}
    threshold = settings.fail_on
    if threshold is not None and any(_DEGREE[level] >= _DEGREE[threshold] for level in levels):
        return Exit.FLAGGED
    if Level.INCOMPLETE in levels and not settings.allow_incomplete:
        return Exit.INCOMPLETE
    return Exit.BELOW
