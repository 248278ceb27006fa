#!/usr/bin/env python3
"""Run every check of the project and sum up at the end: `check.py` the quick ones, `check.py --tests` the tests too.

All of them run even when one fails, so that one run shows everything; the runner's own closing line stays the last one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from services import PACKAGES, find

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TEST_PROCESSES = 2  # what the smallest machine we build on has
CHECKS = {
    "types": ["mypy"],
    "format": ["ruff", "format", "--check", "--quiet", "."],
    "lint": ["ruff", "check", "--quiet", "."],
    "layers": ["lint-imports"],
    "dependencies": ["deptry", "src"],
    "documents": ["python", "tools/generate_docs.py", "--check"],
}
"""Name -> command out of .venv/bin; the slowest first, since they share the cores."""


class Outcome(NamedTuple):
    """How one check ended."""

    name: str
    is_good: bool
    seconds: float
    output: str
    remark: str = ""


def main(options: list[str]) -> int:
    """Run, print, sum up; 0 when everything is good."""
    with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
        outcomes = list(pool.map(check, CHECKS))
    for outcome in outcomes:
        if not outcome.is_good:
            print(f"---- {outcome.name} ----\n{outcome.output.strip()}\n")
    closing = ""
    if "--tests" in options:
        tests, closing = run_tests([option for option in options if option != "--tests"])
        outcomes += [tests, check_on_postgresql()]
    print("\n" + "\n".join(line(outcome) for outcome in outcomes), flush=True)
    if closing:
        print("\n" + closing, flush=True)
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


def check(name: str) -> Outcome:
    """Run one check quietly."""
    command, *words = CHECKS[name]
    started = time.monotonic()
    done = subprocess.run(
        [str(BIN / command), *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return Outcome(name, done.returncode == 0, time.monotonic() - started, done.stdout)


def check_on_postgresql() -> Outcome:
    """The tests of the service a second time, over a real PostgreSQL instead of SQLite."""
    missing = [package for program, package in PACKAGES.items() if find(program) is None]
    remark = f"not run for want of {' '.join(missing)}: tests that need them" if missing else ""
    if find("postgres") is None:
        return Outcome("postgresql", True, 0, "", remark)
    started = time.monotonic()
    spread = ["-n", str(TEST_PROCESSES), "--dist", "loadscope"]  # a module stays together: some start a full set
    command = [str(BIN / "pytest"), "-q", *spread, "tests/server", "--ignore", "tests/server/test_serve.py"]
    environment = {**os.environ, "PACKAMAL_TEST_DATABASE": "postgresql"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"---- tests of the service on PostgreSQL ----\n{done.stdout.strip()}\n")
    return Outcome("postgresql", done.returncode == 0, time.monotonic() - started, done.stdout, remark)


def run_tests(options: list[str]) -> tuple[Outcome, str]:
    """Run pytest, showing what it prints as it comes; its closing line is handed back instead of being shown."""
    started = time.monotonic()
    command = [str(BIN / "pytest"), "-n", str(TEST_PROCESSES), *options]
    held = ""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1) as child:
        for text in child.stdout or ():
            if held:
                print(held, flush=True)
            held = text.rstrip("\n")
    return Outcome("tests", child.returncode == 0, time.monotonic() - started, ""), held


def line(outcome: Outcome) -> str:
    """One row of the summary."""
    state = "ok" if outcome.is_good else "FAILED"
    return f"{outcome.name:<14}{state:<8}{outcome.seconds:6.1f} s  {outcome.remark}".rstrip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
