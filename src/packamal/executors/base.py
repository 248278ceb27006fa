"""What every executor takes and gives."""

from __future__ import annotations

import enum
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from packamal.config import Suppression

MAX_REPORT_BYTES = 32 << 20
"""Reports are trimmed by the scanner to a few megabytes; more is a fault or an attack."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a scan that runs elsewhere brings its report back by itself."""

    path: str
    """Of this attempt below the internal listener: attempts/ID/N."""
    result_token: str = field(repr=False)
    heartbeat_token: str = field(repr=False)


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
    delivery: Delivery | None = None
    """For executors whose scans run elsewhere."""
    accepted: tuple[Suppression, ...] = ()
    """Findings that do not count."""


class Ending(enum.StrEnum):
    """How it ended, as the executor saw it."""

    REPORTED = "reported"
    """There is something that claims to be a report."""
    DELIVERED = "delivered"
    """It says that its report is where it should be; whoever keeps reports knows."""
    REFUSED = "refused"
    """The scanner took it for wrong usage."""
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    OUT_OF_MEMORY = "out_of_memory"
    STOPPED = "stopped"
    """On request of the watcher."""
    UNSAFE = "unsafe"
    """The ground was not shut in as it should be, so nothing was run."""
    NO_IMAGE = "no_image"
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
    """Runs scans somewhere."""

    def run(self, order: Order, watch: Watch) -> Outcome:
        """Run it to its end, whatever that is; never longer than its time limit and a little."""

    def sweep(self, is_wanted: Callable[[Set[str]], Set[str]]) -> int:
        """End what runs for nobody; `is_wanted` is given names of orders and tells which still are. How many ended."""
