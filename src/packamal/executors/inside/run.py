"""The straight line of a Job: look at the walls, scan in a child, bring the report back, exit with what became of it.

Only the listener's own word makes a delivery; everything else that can happen has an exit code which is none.
"""

from __future__ import annotations

import contextlib
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packamal.errors import FetchError
from packamal.executors.base import Ending, Order, Outcome, Stage
from packamal.executors.inside import confinement, credentials, delivering, fetching
from packamal.executors.inside.listener import Listener
from packamal.executors.inside.memory import oom_kills
from packamal.executors.inside.patience import Patience, TerminatedError
from packamal.executors.inside.pulse import Pulse
from packamal.executors.kubernetes.exits import JobExit
from packamal.executors.kubernetes.settings import Profile
from packamal.executors.process import KILL_AFTER_S, ProcessExecutor
from packamal.executors.volume import FullError, VolumeError

DELIVER_S = 70.0
"""After a scan that took all its time: the cluster ends the Job a while later, whatever it does."""
TERMINATED = 128 + signal.SIGTERM
"""The node is wanted back: no code of ours, so that it is no answer. The cluster starts another pod, or the service."""
NOTE = "PACKAMAL_NOTE"
"""How the scan is told what the report should say about its walls."""
DELIVER = "deliver"
"""The stage after those of the scan."""
EXITS: dict[Ending, JobExit] = {
    Ending.REFUSED: JobExit.REFUSED,
    Ending.CRASHED: JobExit.CRASHED,
    Ending.TIMEOUT: JobExit.TIMEOUT,
    Ending.TOO_LARGE: JobExit.TOO_LARGE,
    Ending.STOPPED: JobExit.UNWANTED,
}
"""All else is LOST."""
Say = Callable[[str, dict[str, object]], None]
"""A line for the log of the pod: an event and its fields, which may hold hostile text."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the arguments say."""

    callback: str
    tokens_dir: Path
    profile: Profile
    purl: str
    time_limit_s: int
    request_id: str
    cache_dir: Path
    results_dir: Path | None = None
    """Of the volume; None: the report is uploaded."""
    upload: str = ""
    """Name of the archive that is scanned instead of what the purl names."""


class _OverError(Exception):
    """It ends here."""

    def __init__(self, status: int, why: str = "") -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def run(task: Task, say: Say) -> int:
    """Do it; gives the exit code, a JobExit or TERMINATED."""
    patience = Patience(task.time_limit_s + KILL_AFTER_S + DELIVER_S)
    try:
        walls = _check_walls(task.profile, say)
        listener = _listener(task)
        executor = ProcessExecutor(task.cache_dir)
        executor.settings[NOTE] = walls
        with Pulse(listener) as pulse, _scratch() as folder:
            order = _order(task, listener, folder, patience)
            report = _scanned(executor, order, pulse, patience)
            pulse.stage = Stage(DELIVER)
            _deliver(task, listener, report, patience)
    except _OverError as over:
        status = TERMINATED if patience.is_terminated and over.status != JobExit.DELIVERED else over.status
        say("ended", {"exit": status, "why": over.why})
        return status
    return JobExit.DELIVERED


def _check_walls(profile: Profile, say: Say) -> str:
    """Words for the report."""
    try:
        found = confinement.look()
    except (OSError, ValueError, KeyError) as error:
        raise _OverError(JobExit.UNSAFE, f"the walls cannot be looked at: {error}") from error
    trouble = confinement.trouble(found, profile)
    say("confinement", {"profile": profile.value, "trouble": trouble, **found.shown()})
    if trouble:
        raise _OverError(JobExit.UNSAFE, "; ".join(trouble))
    return confinement.words(found, profile)


def _listener(task: Task) -> Listener:
    try:
        return Listener(task.callback, credentials.read(task.tokens_dir), task.request_id)
    except (credentials.NoTokenError, FetchError) as error:
        raise _OverError(JobExit.LOST, str(error)) from error


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="packamal-job-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _order(task: Task, listener: Listener, folder: Path, patience: Patience) -> Order:
    """What is to be scanned, with all that it takes fetched."""
    try:
        with patience.broken_off():
            accepted = fetching.accepted(listener, folder, patience)
            path = fetching.upload(listener, task.upload, folder, patience) if task.upload else None
    except fetching.UnwantedError as error:
        raise _OverError(JobExit.UNWANTED, str(error)) from error
    except TerminatedError as error:
        raise _OverError(TERMINATED, str(error)) from error
    except (fetching.AbsentError, OSError) as error:
        raise _OverError(JobExit.LOST, str(error)) from error
    return Order("", task.purl, task.time_limit_s, task.request_id, path, accepted=accepted)


def _scanned(executor: ProcessExecutor, order: Order, pulse: Pulse, patience: Patience) -> bytes:
    """The report, which nobody has looked at."""

    def watch(stage: Stage) -> bool:
        pulse.stage = stage
        return not (pulse.is_unwanted or patience.is_terminated)

    kills = oom_kills()
    outcome = executor.run(order, watch)
    if outcome.ending is not Ending.REPORTED:
        raise _OverError(_exit_of(outcome, oom_kills() - kills), outcome.detail)
    return outcome.report


def _exit_of(outcome: Outcome, kills: int) -> JobExit:
    if outcome.ending is Ending.CRASHED and kills > 0:
        return JobExit.OUT_OF_MEMORY
    return EXITS.get(outcome.ending, JobExit.LOST)


def _deliver(task: Task, listener: Listener, report: bytes, patience: Patience) -> None:
    try:
        if task.results_dir:
            status = delivering.by_volume(listener, report, task.results_dir, patience)
        else:
            status = delivering.by_upload(listener, report, patience)
    except FullError as error:
        raise _OverError(JobExit.OUT_OF_MEMORY, str(error)) from error
    except VolumeError as error:
        raise _OverError(JobExit.UNDELIVERED, str(error)) from error
    if status is not JobExit.DELIVERED:
        raise _OverError(status, f"the report was not taken: {status.name.lower()}")
