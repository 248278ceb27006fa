"""Brings the report back: again and again until the listener says what it makes of it, or time is over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from packamal.errors import FetchError
from packamal.executors import volume
from packamal.executors.inside.listener import Listener
from packamal.executors.inside.patience import Patience
from packamal.executors.kubernetes.exits import JobExit

BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""The last one stays: a database that restarts is back by then."""
TRY_S = 20.0
"""One try of the largest report; less than the grace of a pod, so that one which began is brought to its end."""
ANSWERS: dict[int, JobExit] = {
    200: JobExit.DELIVERED,
    400: JobExit.REJECTED,
    401: JobExit.UNWANTED,
    409: JobExit.UNWANTED,
    410: JobExit.UNWANTED,
    411: JobExit.REJECTED,
    413: JobExit.TOO_LARGE,
    422: JobExit.REJECTED,
}
"""All else may be better a moment later; nothing but a 200 is a delivery."""
Send = Callable[[float], int]
"""One try with so many seconds; gives the status. Raises FetchError."""


def by_upload(listener: Listener, report: bytes, patience: Patience) -> JobExit:
    """The report itself."""
    return persist(lambda seconds: listener.deliver(report, seconds), patience)


def by_volume(listener: Listener, report: bytes, folder: Path, patience: Patience) -> JobExit:
    """A file on a volume, then word of it. Raises VolumeError."""
    volume.write(folder, report)
    return persist(lambda seconds: listener.announce(report, seconds), patience)


def persist(send: Send, patience: Patience) -> JobExit:
    """Try until there is an answer that stays."""
    tries = 0
    while (seconds := min(TRY_S, patience.left())) > 0:
        try:
            answer = ANSWERS.get(send(seconds))
        except FetchError:
            answer = None
        if answer is not None:
            return answer
        if not patience.wait(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)]):
            break
        tries += 1
    return JobExit.UNDELIVERED
