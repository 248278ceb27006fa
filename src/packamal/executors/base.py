"""What every executor takes and gives."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

MAX_REPORT_BYTES = 32 << 20
"""Reports are trimmed by the scanner to a few megabytes; more is a fault or an attack."""


@dataclass(frozen=True, slots=True)
class Order:
    """One scan to run."""

    name: str
    """Of this attempt, derived from its row: starting it again finds what runs already, where that can be."""
    purl: str
    """Exact."""
    time_limit_s: int
    request_id: str = ""
    path: Path | None = None
    """An uploaded file, instead of what the address names."""


class Ending(enum.StrEnum):
    """How it ended, as the executor saw it."""

    REPORTED = "reported"
    """There is something that claims to be a report."""
    REFUSED = "refused"
    """The scanner took it for wrong usage."""
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    STOPPED = "stopped"
    """On request of the watcher."""
    LOST = "lost"
    """Could not be started, or the ground it ran on went away; another try may do better."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left of a scan."""

    ending: Ending
    report: bytes = b""
    """Hostile input like all that touched a package: at most MAX_REPORT_BYTES, not looked at yet."""
    detail: str = ""
    """The end of what it said besides, for administrators."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scan stands."""

    name: str = ""
    done: int = 0
    total: int = 0


Watch = Callable[[Stage], bool]
"""Called about once a second; False stops the scan."""


class Executor(Protocol):
    """Runs a scan somewhere."""

    def run(self, order: Order, watch: Watch) -> Outcome:
        """Run it to its end, whatever that is; never longer than its time limit and a little."""
