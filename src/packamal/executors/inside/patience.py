"""How long this pod goes on: until a moment, or until the cluster wants its node back."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from types import FrameType

from packamal.errors import PackamalError

SLICE_S = 0.5
"""A wait looks for the end of the pod so often: it has 25 s then."""


class TerminatedError(PackamalError):
    """The pod is taken away."""


class Patience:
    """Knows when to give up; made in the main thread, since it listens for SIGTERM."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.is_terminated = False
        """The pod is taken away: no verdict about the package, and the cluster starts another one."""
        self._is_broken_off = False
        signal.signal(signal.SIGTERM, self._terminate)

    def left(self) -> float:
        """Seconds; never below 0."""
        return max(0.0, self.ends - time.monotonic())

    def wait(self, seconds: float) -> bool:
        """Wait; False as soon as there is nothing to wait for."""
        ends = time.monotonic() + seconds
        if self.is_terminated or ends >= self.ends:
            return False
        while (rest := ends - time.monotonic()) > 0:
            time.sleep(min(rest, SLICE_S))
            if self.is_terminated:
                return False
        return True

    @contextlib.contextmanager
    def broken_off(self) -> Iterator[None]:
        """For what may take longer than a pod is given and is worth nothing before its end: TerminatedError ends it."""
        self._is_broken_off = True
        try:
            yield
        finally:
            self._is_broken_off = False

    def _terminate(self, number: int, frame: FrameType | None) -> None:
        self.is_terminated = True
        if self._is_broken_off:
            raise TerminatedError("the pod is taken away")
