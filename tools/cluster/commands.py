"""Programs that speak with the cluster, and a clock on every step."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chart.rendering import NAMESPACE, RELEASE

ANALYSIS = f"{NAMESPACE}-analysis"
TIMES: list[tuple[str, float]] = []
FORWARDED = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


class StepError(Exception):
    """A step of the test of a cluster did not do what it should."""


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Say how long it took."""
    say(f"-- {what}")
    began = time.monotonic()
    try:
        yield
    finally:
        TIMES.append((what, time.monotonic() - began))
        say(f"   {TIMES[-1][1]:.1f} s")


def run(command: Sequence[str | Path], *, text: str | None = None, is_quiet: bool = False) -> str:
    """Its output. Raises StepError with the end of what it said."""
    done = subprocess.run([str(word) for word in command], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        words = " ".join(str(word) for word in command[:8])
        raise StepError(f"{words}: exit {done.returncode}\n{(done.stdout + done.stderr)[-4000:]}")
    if not is_quiet and done.stdout.strip():
        say(done.stdout.strip()[-2000:])
    return done.stdout


def kubectl(*words: str, text: str | None = None, namespace: str = NAMESPACE) -> str:
    """One request to the cluster."""
    return run(["kubectl", "--namespace", namespace, *words], text=text, is_quiet=True)


def tried(*words: str, text: str | None = None, namespace: str = NAMESPACE) -> subprocess.CompletedProcess[str]:
    """A request that may be refused."""
    command = ["kubectl", "--namespace", namespace, *words]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def objects(kind: str, *words: str, namespace: str = NAMESPACE) -> list[dict[str, Any]]:
    """What there is of a kind."""
    found = json.loads(kubectl("get", kind, "--output", "json", *words, namespace=namespace))
    return list(found.get("items", [found]))


def component(name: str) -> str:
    """A running pod of a part."""
    chosen = f"app.kubernetes.io/instance={RELEASE},app.kubernetes.io/component={name}"
    running = [one for one in objects("pods", "--selector", chosen) if one["status"]["phase"] == "Running"]
    if not running:
        raise StepError(f"no pod of {name} runs")
    return str(running[0]["metadata"]["name"])


@contextlib.contextmanager
def forwarded(service: str, port: int) -> Iterator[str]:
    """The address of a service of the cluster, from here."""
    command = ["kubectl", "--namespace", NAMESPACE, "port-forward", f"service/{service}", f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        try:
            found = FORWARDED.match(child.stdout.readline() if child.stdout else "")
            if found is None:
                raise StepError(f"{service} cannot be reached")
            yield f"http://localhost:{found[1]}"  # a name that the service answers to
        finally:
            child.terminate()


def missing(*programs: str) -> list[str]:
    """Those that are not there."""
    return [program for program in programs if shutil.which(program) is None]


def say(text: str) -> None:
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)
