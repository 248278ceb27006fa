#!/usr/bin/env python3
"""The full set on this machine: `full_set.py up`, `down`, `status`, `run COMMAND ...` (with the set's settings).

PostgreSQL, Redis, web, internal listener, two workers, beat, Flower and nginx, as processes of this user on free ports
of loopback, in one folder (`--folder`, else one for this clone). `up` starts what does not run; `down` ends what `up`
started and nothing else. Data and secrets stay in the folder until it is removed by hand.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from fullset.folder import Folder, usual
from fullset.parts import (
    OURS,
    PARTS,
    SERVICE,
    STORES,
    Command,
    environment,
    flower_environment,
    service_commands,
    store_commands,
)
from fullset.processes import Processes
from fullset.stores import make_database
from services import PACKAGES, find, install

ROOT = Path(__file__).resolve().parent.parent
READY_S = 90
SCANS = 2


def main(arguments: list[str]) -> int:
    """Do what is asked; 0 when it was done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=usual(ROOT))
    parser.add_argument("what", choices=["up", "down", "status", "run"])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    folder = Folder(options.folder)
    if options.what == "up":
        return up(folder)
    if not folder.path.exists():
        say("there is no set in " + str(folder.path))
        return 0 if options.what == "down" else 1
    if options.what == "down":
        return down(folder)
    if options.what == "status":
        return status(folder)
    said = environment(folder)
    said["PATH"] = f"{Path(sys.executable).parent}:{said.get('PATH', os.defpath)}"
    return subprocess.run(options.command, env=said, check=False).returncode


def up(folder: Folder, scans: int = SCANS, has_aof: bool = True) -> int:
    """Start what does not run and wait until all of it answers."""
    install()
    if missing := [package for program, package in PACKAGES.items() if find(program) is None]:
        say(f"not installed: apt-get install {' '.join(missing)}")
        return 2
    folder.make()
    with folder.locked():
        processes = Processes(folder)
        if not processes.known():
            folder.choose_ports()
        if STORES.keys() & set(dead_parts(processes)):
            start(processes, store_commands(folder, has_aof))
            wait_until("PostgreSQL", lambda: make_database(folder))
        if dead_parts(processes):
            prepare(folder)
            start(processes, service_commands(folder, scans))
        ports = folder.ports()
        wait_until("the service", lambda: answers(f"http://127.0.0.1:{ports['web']}/readyz"))
        wait_until("the internal listener", lambda: answers(f"http://127.0.0.1:{ports['internal']}/readyz"))
        wait_until("Flower", lambda: answers(f"http://127.0.0.1:{ports['flower']}/healthcheck"))
        wait_until("nginx", lambda: answers(f"http://127.0.0.1:{ports['frontend']}/metrics", 404))
        if dead := dead_parts(processes):
            raise SystemExit(f"ended at once, see the logs: {' '.join(dead)}")
    print(addresses(folder))
    return 0


def dead_parts(processes: Processes) -> list[str]:
    """Parts that do not run."""
    known = processes.known()
    return [name for name in PARTS if name not in known]


def start(processes: Processes, commands: dict[str, Command]) -> None:
    """Start each that does not run."""
    said = environment(processes.folder)
    plain = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    for name, command in commands.items():
        more = flower_environment(processes.folder) if name == "flower" else {}
        processes.start(name, command, plain if PARTS[name].is_foreign else said | more)


def prepare(folder: Folder) -> None:
    """Tables, static files, and one administrator whose password is a secret of the set."""
    command = [*OURS, "admin", "prepare", "--password-file", str(folder.secret_file("admin"))]
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"packamal admin prepare: {done.stderr.strip()}")


def wait_until(what: str, is_so: Callable[[], bool]) -> None:
    """Wait for it, not for ever."""
    ends = time.monotonic() + READY_S
    while not is_so():
        if time.monotonic() > ends:
            raise SystemExit(f"{what} does not answer; see the logs")
        time.sleep(0.1)


def answers(address: str, status: int = 200) -> bool:
    """Whether it answers with this status."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310  our own
            return bool(response.status == status)
    except urllib.error.HTTPError as error:
        return error.code == status
    except OSError:
        return False


def down(folder: Folder) -> int:
    """End everything that this set started, last first."""
    with folder.locked():
        processes = Processes(folder)
        processes.stop(SERVICE)
        processes.stop(STORES)
        processes.sweep()
        left = [*processes.known(), *processes.marked()]
    say("all of it ended" if not left else f"still running: {left}")
    return 1 if left else 0


def status(folder: Folder) -> int:
    """Say what runs; 1 when something does not."""
    processes = Processes(folder)
    dead = dead_parts(processes)
    for name, one in processes.known().items():
        print(f"{name:<10}pid {one.pid}")
    for name in dead:
        print(f"{name:<10}not running")
    print(addresses(folder))
    return 1 if dead else 0


def addresses(folder: Folder) -> str:
    """Where everything is."""
    ports, run = folder.ports(), f"{sys.executable} {Path(__file__)}"
    return "\n".join(
        [
            f"Packamal   http://127.0.0.1:{ports['frontend']}/  (admin, password in {folder.secret_file('admin')})",
            f"Flower     http://127.0.0.1:{ports['flower']}/  (packamal, password in {folder.secret_file('flower')})",
            f"internal   http://127.0.0.1:{ports['internal']}/metrics",
            f"logs       {folder.path / 'logs'}",
            f"API key    {run} run packamal admin add-key admin",
        ]
    )


def say(text: str) -> None:
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
