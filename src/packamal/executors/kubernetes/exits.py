"""What the container of a Job says with its exit code, for the cluster and for whoever follows the Job.

Between the two ends of one image: the program inside (`packamal job`) exits with these, the executor reads them back. A
report is DELIVERED only when the internal listener answered 200 to it.
"""

from __future__ import annotations

import enum

from packamal.executors.base import Ending


class JobExit(enum.IntEnum):
    """Never renumbered: Jobs of the last release still run while the next one starts."""

    DELIVERED = 0
    REFUSED = 40
    """The scanner took it for wrong usage."""
    CRASHED = 41
    TIMEOUT = 42
    TOO_LARGE = 43
    """Larger than any report may be, for us or for the listener (413)."""
    LOST = 44
    """The scanner could not be started, or the upload that it is about could not be had."""
    UNDELIVERED = 45
    """There is a report, but the service could not be told until the deadline."""
    UNWANTED = 46
    """The service wants no report of this attempt any more (401, 409)."""
    UNSAFE = 47
    """The container is not shut in as it should be; nothing was fetched."""
    REJECTED = 48
    """The service does not take this report (400, 411, 422), and will not the next time."""
    OUT_OF_MEMORY = 49


KILLED = 137
"""128 + SIGKILL, as the kernel does it for want of memory."""
ENDINGS: dict[int, Ending] = {
    JobExit.DELIVERED: Ending.DELIVERED,
    JobExit.REFUSED: Ending.REFUSED,
    JobExit.CRASHED: Ending.CRASHED,
    JobExit.TIMEOUT: Ending.TIMEOUT,
    JobExit.TOO_LARGE: Ending.TOO_LARGE,
    JobExit.UNWANTED: Ending.STOPPED,
    JobExit.UNSAFE: Ending.UNSAFE,
    JobExit.REJECTED: Ending.CRASHED,
    JobExit.OUT_OF_MEMORY: Ending.OUT_OF_MEMORY,
}
"""All else is LOST, which may be tried again: nothing of it is an answer about the package."""
