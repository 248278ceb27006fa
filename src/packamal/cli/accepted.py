"""Warns of suppressions that no longer do anything, so that the list of accepted findings stays short and true."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence
from fnmatch import fnmatchcase

from packamal.config import Suppression
from packamal.model import Report

log = logging.getLogger(__name__)


class Accepted:
    """Watches which suppressions are used over all reports of a run."""

    def __init__(self, entries: Sequence[Suppression]) -> None:
        self.entries = entries
        self.concerned: set[Suppression] = set()
        self.used: set[Suppression] = set()

    def see(self, report: Report) -> None:
        """Note which suppressions a report could use, and did."""
        for entry in self.entries:
            if any(fnmatchcase(artifact.purl, entry.purl) for artifact in report.artifacts):
                self.concerned.add(entry)
            if any(
                finding.suppressed == entry.reason and fnmatchcase(finding.rule, entry.rule)
                for finding in report.findings
            ):
                self.used.add(entry)

    def warn(self) -> None:
        """Name the expired ones, and those that fit a package of this run but none of its findings."""
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        for entry in self.entries:
            what = f"{entry.rule} in {entry.purl} ({entry.reason})"
            if entry.expires and entry.expires < today:
                log.warning("the suppression of %s expired on %s", what, entry.expires)
            elif entry in self.concerned - self.used:
                log.warning("the suppression of %s fits no finding any more", what)
