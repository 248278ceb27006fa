"""One child process that looks at hostile packages; what it says back is bytes that are parsed with care.

Parsers in C can crash, loop or eat memory on bytes made for it, so no package is opened in the process that answers
for the result. A child is forked (it inherits the targets and everything imported), takes indices of targets from one
pipe and writes frames to another: kind, whether it is its last, length, JSON. It dies when either pipe is closed.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import struct
import time
import traceback
from collections.abc import Callable, Iterator
from typing import NamedTuple

from packamal.engine.progress import Progress
from packamal.errors import PackamalError
from packamal.model import Report
from packamal.render.json import encode

Tell = Callable[[Progress], None]
Work = Callable[[int, Tell], Report]
"""Looks at the target with this index."""

MAX_FD = 1 << 20
"""Highest descriptor closed where the system names no limit: the kernel's own default ceiling."""
MEMORY_BYTES = 2 << 30
"""Data segment of one child (RLIMIT_DATA; address space would count what WebAssembly engines only reserve): the
largest honest artifacts unpack to some 500 MB, and two children must fit a CI machine."""
RETIRE_RSS_KB = 700_000
"""A child that once grew beyond this is replaced, for freed memory seldom goes back to the system."""
RETIRE_AFTER = 200
"""Targets per child: bounds what a slow leak in a parser can cost."""
CPU_GRACE_S = 10
"""A child whose parent was killed ends by itself this long after its time limit."""
TELL_EVERY_S = 0.1
GC_THRESHOLD = 200_000
"""Trees of honest code hold no cycles to speak of; the default of 700 walks them again and again. What a large artifact
leaves is collected when it is done: by then there is little alive to walk."""
MAX_FRAME = 64 << 20
"""Largest report taken from a child, which may have been taken over."""
HEAD = struct.Struct(">c?I")
INDEX = struct.Struct(">I")


class Frame(NamedTuple):
    """One thing a child said."""

    kind: bytes
    body: bytes
    is_last: bool = False
    """The child ends after this."""


PROGRESS, REPORT, ERROR, CRASH, MEMORY = b"P", b"R", b"E", b"C", b"M"


class Worker:
    """The parent's side of one child."""

    def __init__(self, work: Work, time_limit_s: float, is_verbose: bool) -> None:
        take, self.orders = os.pipe()
        self.replies, give = os.pipe()
        self.task: int | None = None
        self.deadline = 0.0
        self.last = Progress("start", "starting")
        self._buffer = bytearray()
        self.pid = os.fork()
        if self.pid == 0:
            _live(_Child(take, give, work, time_limit_s), is_verbose)
        os.close(take)
        os.close(give)
        os.set_blocking(self.replies, False)

    def start(self, index: int, time_limit_s: float) -> None:
        """Give it a target. Raises BrokenPipeError when the child is gone."""
        os.write(self.orders, INDEX.pack(index))
        self.task, self.deadline = index, time.monotonic() + time_limit_s
        self.last = Progress("start", "starting")

    def frames(self) -> Iterator[Frame]:
        """What has come in. Raises EOFError when the child is gone, ValueError when it speaks nonsense."""
        try:
            while chunk := os.read(self.replies, 1 << 20):
                self._buffer += chunk
                yield from self._complete()
            raise EOFError
        except BlockingIOError:
            return

    def _complete(self) -> Iterator[Frame]:
        while len(self._buffer) >= HEAD.size:
            kind, is_last, length = HEAD.unpack_from(self._buffer)
            if length > MAX_FRAME:
                raise ValueError("a report too large")
            if len(self._buffer) < HEAD.size + length:
                return
            body = bytes(self._buffer[HEAD.size : HEAD.size + length])
            del self._buffer[: HEAD.size + length]
            yield Frame(kind, body, is_last)

    def end(self) -> str:
        """Kill it if it still lives; how it ended, for people."""
        os.close(self.orders)
        os.close(self.replies)
        is_gone, status = _reaped(self.pid)
        if not is_gone:
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(status):
            return signal.Signals(os.WTERMSIG(status)).name
        return f"exit {os.WEXITSTATUS(status)}"


REAP_WAIT_S = 0.5
"""A child that closed its pipes is about to end; its own end says more than our kill."""


def _reaped(pid: int) -> tuple[bool, int]:
    until = time.monotonic() + REAP_WAIT_S
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done or time.monotonic() > until:
            return bool(done), status
        time.sleep(0.002)


class _Child(NamedTuple):
    """The child's side."""

    orders: int
    replies: int
    work: Work
    time_limit_s: float


def _live(child: _Child, is_verbose: bool) -> None:
    status = 1
    try:
        _let_go(child)
        _settle(is_verbose)
        status = _serve(child)
    finally:
        os._exit(status)  # never runs what the parent meant for its own end


def _let_go(child: _Child) -> None:
    """Close every file and pipe of the parent: who takes the child over must not write into them."""
    start = 3
    for kept in sorted((child.orders, child.replies)):
        os.closerange(start, kept)
        start = kept + 1
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    os.closerange(start, limit if limit != resource.RLIM_INFINITY else MAX_FD)


def _settle(is_verbose: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, and kills
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    if not is_verbose:
        os.dup2(nothing, 2)
    _limit(resource.RLIMIT_DATA, MEMORY_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 1_000, 1_000)


def _limit(what: int, amount: int) -> None:
    _, hard = resource.getrlimit(what)
    bound = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    resource.setrlimit(what, (bound, hard))


def _serve(child: _Child) -> int:
    for served in range(1, RETIRE_AFTER + 1):
        order = os.read(child.orders, INDEX.size)
        if len(order) < INDEX.size:
            return 0
        usage = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime + child.time_limit_s + CPU_GRACE_S))
        frame = _answer(child, INDEX.unpack(order)[0])
        is_large = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > RETIRE_RSS_KB
        is_last = is_large or frame.kind == MEMORY or served == RETIRE_AFTER
        _send(child.replies, frame._replace(is_last=is_last))
        if is_last:
            break
        if gc.get_count()[1]:
            gc.collect()
    return 0


def _answer(child: _Child, index: int) -> Frame:
    try:
        return Frame(REPORT, encode(child.work(index, _teller(child.replies))))
    except PackamalError as error:
        return Frame(ERROR, json.dumps([type(error).__name__, str(error)]).encode())
    except MemoryError:
        return Frame(MEMORY, b"[]")
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more
    except Exception as error:  # noqa: BLE001  the edge of a task: a crash is a state, with its traceback
        return Frame(CRASH, json.dumps([_place(error), traceback.format_exc()]).encode())


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""  # noqa: PTH119
    return f"{type(error).__name__}{where}"


def _teller(fd: int) -> Tell:
    last_stage, last_time = "", 0.0

    def tell(progress: Progress) -> None:
        nonlocal last_stage, last_time
        now = time.monotonic()
        if progress.stage == last_stage and now - last_time < TELL_EVERY_S:
            return
        last_stage, last_time = progress.stage, now
        words = [progress.stage, progress.message[:200], progress.done, progress.total]
        _send(fd, Frame(PROGRESS, json.dumps(words).encode()))

    return tell


def _send(fd: int, frame: Frame) -> None:
    rest = memoryview(HEAD.pack(frame.kind, frame.is_last, len(frame.body)) + frame.body)
    while rest:
        rest = rest[os.write(fd, rest) :]
