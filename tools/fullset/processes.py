"""Starts processes that outlive us, knows them again, and ends them and nothing else.

A process is known by its number and the moment it started: a number alone may have gone to somebody else's since.
What they started in turn (children of a pool, scans with a session of their own) carries MARK in its environment.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fullset.folder import Folder, user
from fullset.parts import PARTS, Part

MARK = "FULLSET_FOLDER"
"""Not of the service's own settings, since a scan inherits none of those."""
STARTED = 19
"""Place of the start time in /proc/PID/stat after the name, which may hold spaces itself."""
SESSION = 3
POLL_S = 0.05


class Process(NamedTuple):
    """One process, exactly."""

    pid: int
    started: str
    """Clock ticks after boot, and the boot."""

    @property
    def is_alive(self) -> bool:
        """It is that very process, and no corpse."""
        return self.pid > 1 and _started(self.pid) == self.started

    def send(self, number: int) -> None:
        """Signal it, if it is still there."""
        if self.is_alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def wait(self, seconds: float) -> bool:
        """Until it is gone; False when it is not."""
        ends = time.monotonic() + seconds
        while self.is_alive:
            if time.monotonic() > ends:
                return False
            time.sleep(POLL_S)
        return True


def process(pid: int) -> Process | None:
    """The process that has this number now."""
    started = _started(pid)
    return Process(pid, started) if started else None


def _started(pid: int) -> str:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else f"{fields[STARTED]}@{_boot()}"


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


class Processes:
    """What this set started."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.path = folder.path / "processes.json"

    def known(self) -> dict[str, Process]:
        """Part -> process, of those alive."""
        return {part: one for part, one in self._recorded().items() if one.is_alive}

    def _recorded(self) -> dict[str, Process]:
        """Part -> the process that it was started as last."""
        if not self.path.exists():
            return {}
        listed = json.loads(self.path.read_text(encoding="utf-8"))
        return {part: Process(*values) for part, values in listed.items()}

    def orphans(self, part: str) -> list[Process]:
        """What is left of the session of a part that is gone: nginx keeps its port that way, and shows no mark."""
        leader = self._recorded().get(part)
        if leader is None or Path(f"/proc/{leader.pid}").exists() or not leader.started.endswith(_boot()):
            return []
        pids = [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _session(entry) == leader.pid]
        return [one for pid in pids if (one := process(pid))]

    def start(self, part: str, command: Sequence[str | Path], environment: Mapping[str, str]) -> Process:
        """Start a part, unless it runs; its output goes to its log."""
        known = self.known()
        if part in known:
            return known[part]
        if PARTS[part].is_foreign:
            self._kill(self.orphans(part))
        owner = user() if PARTS[part].is_foreign else None
        log = self.folder.log(part)
        log.touch(mode=0o600)
        if owner:
            shutil.chown(log, owner)
        with log.open("ab") as output:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**environment, MARK: str(self.folder.path)},
                cwd="/",
                user=owner,
                start_new_session=True,
            )
        CHILDREN.append(child)
        started = Process(child.pid, _started(child.pid))
        self._write({**self._recorded(), part: started})
        return started

    def stop(self, parts: Mapping[str, Part]) -> None:
        """End parts, all at the same time: asked first, killed when they do not listen."""
        ending = {name: one for name, one in self.known().items() if name in parts}
        for name, one in ending.items():
            one.send(parts[name].stop)
        for name, one in ending.items():
            if not wait(one, parts[name].patience_s):
                one.send(signal.SIGKILL)
                wait(one, parts[name].patience_s)

    def sweep(self) -> int:
        """Kill what the parts started and left behind; how many there were."""
        left = {*self.marked(), *(one for part in PARTS for one in self.orphans(part))}
        self._kill([one for one in left if one.pid != os.getpid()])
        return len(left)

    @staticmethod
    def _kill(found: Sequence[Process]) -> None:
        for one in found:
            one.send(signal.SIGKILL)
        for one in found:
            wait(one, 5)

    def marked(self) -> list[Process]:
        """Everything that runs with this set's mark."""
        mark = f"{MARK}={self.folder.path}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and mark in _environment(entry) and (one := process(int(entry.name))):
                found.append(one)
        return found

    def _write(self, parts: Mapping[str, Process]) -> None:
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(parts), encoding="utf-8")
        part.replace(self.path)


CHILDREN: list[subprocess.Popen[bytes]] = []
"""Of this process: they outlive it on purpose, and must be reaped while it lives (tests)."""


def wait(one: Process, seconds: float) -> bool:
    """As `Process.wait`; a child of ours is reaped by it."""
    is_gone = one.wait(seconds)
    for child in [child for child in CHILDREN if child.poll() is not None]:
        CHILDREN.remove(child)
    return is_gone


def _session(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[SESSION])
    except (OSError, IndexError):
        return 0


def _environment(entry: Path) -> list[bytes]:
    try:
        return (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
