"""What several processes count into one folder is added up, whoever of them starts, ends or is killed meanwhile."""

from __future__ import annotations

import subprocess
import sys

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

COUNTS = """
import pathlib, sys
from packamal.server.operations.shared_metrics import share
folder, part, kept = sys.argv[1:]
more = {"slot": lambda: "main", "is_kept": True} if kept else {}
share(pathlib.Path(folder), part, **more)
from prometheus_client import Counter
seen = Counter("seen", "Seen.")
while True:
    seen.inc()
    print("counted", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def start(tmp_path):
    """A process that counts one, another one when it is told to, and lives until it is ended."""
    started = []

    def make(part, is_kept=False):
        words = [sys.executable, "-c", COUNTS, str(tmp_path), part, "kept" if is_kept else ""]
        one = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(one)
        assert one.stdout.readline() == b"counted\n"
        return one

    yield make
    for one in started:
        end(one)


def count(process):
    process.stdin.write(b"\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"counted\n"


def end(process):
    process.kill()
    process.communicate()


def total(folder):
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    return registry.get_sample_value("seen_total")


def test_a_second_one_on_a_folder_takes_nothing_from_the_first(start, tmp_path):
    first = start("web")
    start("web")
    assert total(tmp_path) == 2
    end(first)
    start("web")  # in the place of the first, whose count goes with it
    assert total(tmp_path) == 2


def test_workers_of_one_name_count_apart_and_go_on_where_they_were(start, tmp_path):
    first = start("worker-scans", is_kept=True)
    start("worker-scans", is_kept=True)
    count(first)
    assert total(tmp_path) == 3
    end(first)
    start("worker-scans", is_kept=True)
    assert total(tmp_path) == 4
