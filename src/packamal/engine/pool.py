"""Looks at targets in child processes, each with a deadline; whatever happens to a child, a report comes out."""

from __future__ import annotations

import json
import select
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from packamal import __version__, errors
from packamal.engine.progress import Progress
from packamal.engine.worker import CRASH, ERROR, MEMORY, MEMORY_BYTES, PROGRESS, REPORT, Frame, Work, Worker
from packamal.errors import PackamalError, ReportError
from packamal.model import Level, Problem, Report, Verdict
from packamal.render.reading import decode

MAX_MESSAGE = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one target ended; `report` is there whatever happened."""

    index: int
    report: Report
    error: PackamalError | None = None
    """What the scan itself answered instead of a report."""
    detail: str = ""
    """Traceback of a crash, for the log."""


class Limits(NamedTuple):
    """How much may be used."""

    jobs: int = 1
    time_limit_s: float = 120.0
    is_verbose: bool = False
    """Children may write to standard error."""


TICK_S = 0.25
"""How often a watcher may redraw while children are silent."""


class Watcher(Protocol):
    """Told what goes on; must be quick."""

    def step(self, index: int, progress: Progress) -> None:
        """The child that looks at this target said where it stands."""

    def tick(self) -> None:
        """Time went by."""


def run(targets: Sequence[str], work: Work, limits: Limits, watch: Watcher) -> Iterator[Outcome]:
    """Look at every target, in the order they get done; `targets` are the names that reports of failures carry."""
    pool = _Pool(targets, work, limits, watch)
    try:
        yield from pool.outcomes()
    finally:
        pool.close()


class _Pool:
    def __init__(self, targets: Sequence[str], work: Work, limits: Limits, watch: Watcher) -> None:
        self.targets, self.work, self.limits, self.watch = targets, work, limits, watch
        self.waiting = iter(range(len(targets)))
        self.workers: dict[int, Worker] = {}

    def outcomes(self) -> Iterator[Outcome]:
        for index in self.waiting:
            self._start(index)
            while len(self.workers) >= min(self.limits.jobs, len(self.targets)) and not self._has_idle():
                yield from self._turn()
        while any(worker.task is not None for worker in self.workers.values()):
            yield from self._turn()

    def close(self) -> None:
        for worker in list(self.workers.values()):
            self._dismiss(worker)

    def _has_idle(self) -> bool:
        return any(worker.task is None for worker in self.workers.values())

    def _start(self, index: int) -> None:
        for worker in [worker for worker in self.workers.values() if worker.task is None]:
            try:
                worker.start(index, self.limits.time_limit_s)
            except BrokenPipeError:  # killed from outside
                self._dismiss(worker)
            else:
                return
        worker = Worker(self.work, self.limits.time_limit_s, self.limits.is_verbose)
        self.workers[worker.replies] = worker
        worker.start(index, self.limits.time_limit_s)

    def _dismiss(self, worker: Worker) -> str:
        del self.workers[worker.replies]
        return worker.end()

    def _turn(self) -> Iterator[Outcome]:
        poll = select.poll()
        for replies in self.workers:
            poll.register(replies, select.POLLIN | select.POLLHUP)
        busy = [worker.deadline for worker in self.workers.values() if worker.task is not None]
        wait_s = min(max(min(busy) - time.monotonic(), 0) + 0.001, TICK_S)
        ready = poll.poll(wait_s * 1000)
        for replies, _ in ready:
            yield from self._listen(self.workers[replies])
        if not ready:
            self.watch.tick()
        for worker in list(self.workers.values()):
            if worker.task is not None and time.monotonic() > worker.deadline:
                yield self._late(worker)

    def _listen(self, worker: Worker) -> Iterator[Outcome]:
        try:
            for frame in worker.frames():
                if outcome := self._heard(worker, frame):
                    worker.task = None
                    if frame.is_last:
                        self._dismiss(worker)
                    yield outcome
                    if frame.is_last:
                        return
        except EOFError:
            index, end = worker.task, self._dismiss(worker)
            if index is not None:
                message = f"the process that read it ended with {end} while {_doing(worker)}"
                yield Outcome(index, self._failed(index, worker.last.stage, message))
        except (ValueError, TypeError, LookupError, ReportError):
            index, _ = worker.task, self._dismiss(worker)
            if index is not None:
                yield Outcome(index, self._failed(index, "engine", "the process that read it gave no valid answer"))

    def _heard(self, worker: Worker, frame: Frame) -> Outcome | None:
        index = worker.task
        if index is None:
            raise ValueError("an answer without a question")
        if frame.kind == PROGRESS:
            stage, message, done, total = json.loads(frame.body)
            worker.last = Progress(str(stage), str(message), int(done), int(total))
            self.watch.step(index, worker.last)
            return None
        return self._ended(worker, index, frame)

    def _ended(self, worker: Worker, index: int, frame: Frame) -> Outcome:
        stage = worker.last.stage
        if frame.kind == REPORT:
            return Outcome(index, decode(frame.body))
        if frame.kind == ERROR:
            name, message = map(str, json.loads(frame.body))
            return Outcome(index, self._failed(index, stage, message), _error(name, message))
        if frame.kind == MEMORY:
            message = f"needs more than {MEMORY_BYTES >> 20} MB of memory while {_doing(worker)}"
            return Outcome(index, self._failed(index, stage, message))
        if frame.kind == CRASH:
            where, detail = map(str, json.loads(frame.body))
            message = f"internal error while {_doing(worker)}: {where}; run with -v for the traceback"
            return Outcome(index, self._failed(index, stage, message), detail=detail)
        raise ValueError("an unknown answer")

    def _late(self, worker: Worker) -> Outcome:
        index = worker.task
        self._dismiss(worker)
        if index is None:
            raise ValueError("a deadline without a task")
        limit = f"{self.limits.time_limit_s:g} s"
        message = f"stopped at the time limit of {limit} while {_doing(worker)}; give it more with --time-limit"
        return Outcome(index, self._failed(index, worker.last.stage, message))

    def _failed(self, index: int, stage: str, message: str) -> Report:
        return incomplete(self.targets[index], stage, message)


def incomplete(target: str, stage: str, message: str) -> Report:
    """The report of a target that could not be judged at all."""
    verdict = Verdict(Level.INCOMPLETE, 0)
    problem = Problem(stage, message[:MAX_MESSAGE])
    return Report(target, "", verdict, errors=(problem,), tool_version=__version__)


def _doing(worker: Worker) -> str:
    step = worker.last
    return f"{step.stage}: {step.message}"[:MAX_MESSAGE] if step.message else step.stage


def _error(name: str, message: str) -> PackamalError:
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, PackamalError):
        return kind(message)
    return PackamalError(message)
