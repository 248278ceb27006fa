"""What every measurement shares: CPU seconds of a child, and the place and time that a figure belongs to."""

from __future__ import annotations

import datetime
import json
import os
import platform
import resource
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "evals" / "results"
PACKAMAL = Path(sys.executable).parent / "packamal"


class Use(NamedTuple):
    """What a finished process and its children used."""

    code: int | None
    """Exit status; None when it was stopped for its time."""
    cpu_s: float
    wall_s: float
    peak_mb: float


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None, limit_s: float = 3600) -> Use:
    """Run quietly and measure the whole process tree."""
    started = datetime.datetime.now(datetime.UTC)
    child = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    late = threading.Event()

    def stop() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(limit_s, stop)
    timer.start()
    _, status, used = os.wait4(child.pid, 0)
    timer.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    wall_s = (datetime.datetime.now(datetime.UTC) - started).total_seconds()
    return Use(None if late.is_set() else child.returncode, cpu(used), wall_s, used.ru_maxrss / 1024)


def cpu(used: resource.struct_rusage) -> float:
    """Seconds in user and system mode."""
    return used.ru_utime + used.ru_stime


def provenance(*distributions: str) -> dict[str, object]:
    """When, where and with what a figure was taken."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": git("rev-parse", "--short=12", "HEAD") + ("+changes" if git("status", "--porcelain", "src") else ""),
        "machine": f"{os.cpu_count()} x {processor()}, {platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in distributions},
    }


def git(*words: str) -> str:
    """What git says, or nothing outside a clone."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def processor() -> str:
    """The processor's own name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def keep(kind: str, result: Mapping[str, object]) -> Path:
    """Store a result under its kind and date; a later one of the same day replaces it."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{kind}-{result['date']}.json"
    path.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return path


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as their widest cell, numbers to the right."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        padded = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join(padded).rstrip())
