"""Runs `packamal scan` as a child process on this machine: an argument list, a clock, and a kill."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict
from pathlib import Path

import yaml

from packamal.config import FILE_VARIABLE, SUPPRESSIONS_KEY, YAML_NAME, environment
from packamal.executors.base import MAX_REPORT_BYTES, Ending, Order, Outcome, Stage, Watch

WITHHELD = ("PACKAMAL_", "OTEL_")
"""Settings and secrets of the service (to whom traces go, and what lets them in), and settings of a scan that it did
not choose."""
REQUEST_ID = "PACKAMAL_REQUEST_ID"
"""Nothing reads it: it tells whoever looks at a process which request it is for."""
KILL_AFTER_S = 30.0
"""The scanner keeps the time limit itself and still reports; this much later it is hung."""
BEAT_S = 1.0
READ_BYTES = 1 << 16
DETAIL_BYTES = 8000
LINE_BYTES = 4096
"""Of one line of progress; longer ones are no progress."""
PROGRAM = (sys.executable, "-m", "packamal")
WITH_REPORT = frozenset({0, 1, 3})
USAGE = 2
REAP_S = 10.0


class ProcessExecutor:
    """Where the service and the scanner share a machine."""

    def __init__(
        self,
        cache_dir: Path,
        environ: Mapping[str, str] | None = None,
        program: Sequence[str] = PROGRAM,
        lists_dir: Path | None = None,
    ) -> None:
        self.settings = {"PACKAMAL_CACHE_DIR": str(cache_dir)}
        """Of the scan, as variables; all others with that beginning are withheld."""
        if lists_dir:
            self.settings["PACKAMAL_LISTS"] = str(lists_dir)
        self.program = program
        given = environment() if environ is None else environ
        self.environ = {name: value for name, value in given.items() if not name.startswith(WITHHELD)}

    def run(self, order: Order, watch: Watch) -> Outcome:
        """Start, follow, and leave nothing behind."""
        with tempfile.TemporaryDirectory(prefix="packamal-scan-") as scratch, _leash() as leash:
            try:
                chosen = _write_settings(Path(scratch), order)
                child = subprocess.Popen(  # noqa: S603  a list of our own words; the purl was parsed
                    self._command(order),
                    stdin=leash,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=order.path.parent if order.path else scratch,
                    env=self.environ | {**self.settings, FILE_VARIABLE: str(chosen), REQUEST_ID: order.request_id},
                    start_new_session=True,
                )
            except OSError as error:
                return Outcome(Ending.LOST, detail=str(error))
            with child:
                try:
                    _tie(leash, child)
                    return _Follower(child, order.time_limit_s).follow(watch)
                finally:
                    _end(child)

    def sweep(self, is_wanted: Callable[[Set[str]], Set[str]]) -> int:
        """Nothing outlives its worker here."""
        return 0

    def _command(self, order: Order) -> list[str]:
        flags = ["--format", "jsonl", "--fail-on", "never", "--progress", "jsonl", "--jobs", "1"]
        limit = ["--time-limit", f"{order.time_limit_s}s"]
        return [*self.program, "scan", *flags, *limit, "--", f"./{order.path.name}" if order.path else order.purl]


def _write_settings(folder: Path, order: Order) -> Path:
    """All that a file says to this scan: it reads no other one, such as somebody's in a folder above it."""
    path = folder / YAML_NAME
    path.write_text(yaml.safe_dump({SUPPRESSIONS_KEY: [asdict(entry) for entry in order.accepted]}), encoding="ascii")
    return path


@contextlib.contextmanager
def _leash() -> Iterator[int]:
    """The end of a pipe for a child's standard input; this process alone holds the other, and closes it by ending."""
    ours, held = os.pipe()
    try:
        yield ours
    finally:
        os.close(ours)
        os.close(held)


def _tie(leash: int, child: subprocess.Popen[bytes]) -> None:
    """Have the kernel kill the child's whole session when the pipe loses its writer.

    So a scan ends with its worker even where the worker is killed, and nothing in the scan has to notice it: not the
    thread that started it (as PR_SET_PDEATHSIG would ask for), and no process that looks at a package.
    """
    if sys.platform == "linux":  # elsewhere no signal can be chosen: there the scan ends at its own time limit
        fcntl.fcntl(leash, fcntl.F_SETOWN, -child.pid)
        fcntl.fcntl(leash, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(leash, fcntl.F_SETFL, os.O_RDONLY | os.O_ASYNC)


class _Follower:
    """Reads both pipes of a child until they close, the time is over, or nobody wants it any more."""

    def __init__(self, child: subprocess.Popen[bytes], time_limit_s: float) -> None:
        self.child = child
        self.ends = time.monotonic() + time_limit_s + KILL_AFTER_S
        self.report = bytearray()
        self.said = bytearray()
        self.stage = Stage()

    def follow(self, watch: Watch) -> Outcome:
        beat = 0.0
        with selectors.DefaultSelector() as pipes:
            pipes.register(self.child.stdout or 0, selectors.EVENT_READ, self._take_report)
            pipes.register(self.child.stderr or 0, selectors.EVENT_READ, self._take_words)
            while pipes.get_map():
                now = time.monotonic()
                if now >= self.ends:
                    return self._outcome(Ending.TIMEOUT)
                if now >= beat:
                    beat = now + BEAT_S
                    if not watch(self.stage):
                        return self._outcome(Ending.STOPPED)
                for key, _ in pipes.select(min(beat, self.ends) - now):
                    content = os.read(key.fd, READ_BYTES)
                    if not content:
                        pipes.unregister(key.fileobj)
                    key.data(content)
                if len(self.report) > MAX_REPORT_BYTES:
                    return self._outcome(Ending.TOO_LARGE)
        return self._exited()

    def _exited(self) -> Outcome:
        try:
            status = self.child.wait(max(0.0, self.ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            return self._outcome(Ending.TIMEOUT)
        if status in WITH_REPORT and self.report:
            return Outcome(Ending.REPORTED, bytes(self.report), self._detail())
        return self._outcome(Ending.REFUSED if status == USAGE else Ending.CRASHED)

    def _outcome(self, ending: Ending) -> Outcome:
        return Outcome(ending, detail=self._detail())

    def _detail(self) -> str:
        return self.said[-DETAIL_BYTES:].decode("utf-8", "replace")

    def _take_report(self, content: bytes) -> None:
        self.report += content

    def _take_words(self, content: bytes) -> None:
        """Progress becomes the stage; the end of all else is kept."""
        self.said += content
        *lines, rest = self.said.split(b"\n")
        kept = bytearray()
        for line in lines:
            if stage := _stage(line):
                self.stage = stage
            else:
                kept += line + b"\n"
        self.said = (kept + rest)[-DETAIL_BYTES:]


def _stage(line: bytes | bytearray) -> Stage | None:
    """What a line of `--progress jsonl` says; None for any other line."""
    if len(line) > LINE_BYTES or not line.startswith(b'{"event": "'):
        return None
    try:
        step = json.loads(line)
        return Stage(str(step.get("stage", "")), int(step.get("done", 0)), int(step.get("total", 0)))
    except (ValueError, TypeError, RecursionError):
        return None


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the whole session; its leader may have gone and left others."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(REAP_S)
