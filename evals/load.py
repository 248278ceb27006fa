#!/usr/bin/env python3
"""Load on the full set: what it takes and how soon it answers over a million analyses. `--keep` stores the result.

PostgreSQL (with fsync), Redis, nginx, web, workers and this generator share the machine. Rates are offered at a steady
pace, and times count from when a request was due (load_client). CPU is that of the whole set without the generator.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from load_client import Outcome, Request, offer
from load_seed import seed
from load_set import Set, running, sdist
from measuring import PACKAMAL, keep, print_table, provenance

ROWS = 1_000_000
BATCH = 100
ACCEPTED = frozenset({200, 202})
HEAD = ("line", "offered/s", "answers/s", "p50 ms", "p95 ms", "CPU ms each", "refused", "bound", "met")


class Stage(NamedTuple):
    """One line of the table."""

    line: str
    requests: Callable[[], Iterator[Request]]
    rate: float
    """Requests in a second."""
    seconds: float
    bound: str
    holds: Callable[[float, float], bool]
    """Of what was accepted in a second, and p95 in ms."""
    each: int = 1
    """Submissions in a request."""
    has_workers: bool = False
    """Whether scans run meanwhile; else their worker is held still, since a scan costs more than all else."""


def main() -> int:
    """Measure, print, and store when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    with running() as made:
        with made.database() as database:
            began = time.monotonic()
            seed(database, options.rows)
            print(f"{options.rows:,} rows in {time.monotonic() - began:.0f} s", file=sys.stderr)
        scene = make_scene(made)
        rows = [measure(made, stage) for stage in stages(scene, options.seconds)]
    print_table(HEAD, [[row[name] for name in HEAD] for row in rows])
    result = {
        **provenance("django", "psycopg", "gunicorn", "celery"),
        "rows": options.rows,
        "report_bytes": scene["report_bytes"],
        "figures": rows,
    }
    if options.keep:
        print(keep("load", result))
    return 0


def make_scene(made: Set) -> dict[str, Any]:
    """A key, a session, and a long report."""
    with tempfile.TemporaryDirectory() as folder:
        archive, report = Path(folder) / "small-1.0.tar.gz", Path(folder) / "report.json"
        archive.write_bytes(sdist("small", "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))\n"))
        command = [str(PACKAMAL), "scan", str(archive), "--format", "json", "--output", str(report)]
        subprocess.run(command, check=False, capture_output=True)
        said = made.tool("run", sys.executable, Path(__file__).with_name("load_scene.py"), report)
    return dict(json.loads(said.splitlines()[-1]))


def stages(scene: dict[str, Any], seconds: float) -> list[Stage]:
    """Reads before submissions, so that those stand on the million alone; then reads while workers run."""
    api = f"Authorization: Bearer {scene['key']}\r\n"
    page = f"Cookie: {scene['cookie']}\r\n"
    lists = ("/analyses", "/analyses?verdict=malicious", "/analyses?ecosystem=npm&since=7d")
    searches = tuple(
        f"/api/v1/search?{query}"
        for query in (
            f"name={scene['name']}",
            f"sha256={scene['sha256']}",
            "rule=cred/browser",
            "indicator=host7.exfil.example",
        )
    )
    numbers = itertools.count(1)

    def got(paths: tuple[str, ...], headers: str) -> Callable[[], Iterator[Request]]:
        return lambda: (Request("GET", path, headers) for path in itertools.cycle(paths))

    def posted(path: str, count: int) -> Iterator[Request]:
        while True:
            purls = [f"pkg:pypi/load-{next(numbers)}@1.0" for _ in range(count)]
            body = {"purl": purls[0]} if path.endswith("analyses") else {"purls": purls}
            yield Request("POST", path, f"{api}Content-Type: application/json\r\n", json.dumps(body).encode())

    def below(ms: float) -> Callable[[float, float], bool]:
        return lambda rate, p95: p95 < ms

    def above(rate: float, p95: float) -> bool:
        return rate >= 200

    own = ("/api/v1/analyses?owner=all", "/api/v1/analyses?owner=all&level=malicious")
    status = (f"/api/v1/analyses/{scene['report']}",)
    return [
        Stage("report page, 2 MB", got((f"/analyses/{scene['report']}",), page), 2, seconds, "p95 < 150", below(150)),
        Stage("list, pages", got(lists, page), 4, seconds, "p95 < 100", below(100)),
        Stage("list, API", got(own, api), 10, seconds, "p95 < 100", below(100)),
        Stage("search, API", got(searches, api), 10, seconds, "p95 < 100", below(100)),
        Stage("status, idle", got(status, api), 100, seconds, "", below(50)),
        Stage("submissions, one each", lambda: posted("/api/v1/analyses", 1), 200, seconds, ">= 200/s", above),
        Stage(
            f"submissions, {BATCH} each", lambda: posted("/api/v1/batches", BATCH), 2, seconds, ">= 200/s", above, BATCH
        ),
        Stage("status, workers run", got(status, api), 100, seconds, "p95 < 50", below(50), 1, True),
    ]


def measure(made: Set, stage: Stage) -> dict[str, Any]:
    """Warm up with a few, then offer."""
    endless = stage.requests()
    offer(made.port, itertools.islice(endless, 6), 20)
    offered = list(itertools.islice(endless, int(stage.rate * stage.seconds)))
    with contextlib.nullcontext() if stage.has_workers else made.without("scans"):
        before = sum(made.cpu_s().values())
        outcome = offer(made.port, offered, stage.rate)
        spent = sum(made.cpu_s().values()) - before
    print(stage.line, dict(outcome.statuses), file=sys.stderr)
    return row(stage, outcome, spent)


def row(stage: Stage, outcome: Outcome, spent_s: float) -> dict[str, Any]:
    """As the table has it."""
    taken = sum(count for status, count in outcome.statuses.items() if status in ACCEPTED)
    rate, p95 = taken * stage.each / outcome.wall_s, outcome.quantile_ms(0.95)
    cells = (
        stage.line,
        stage.rate * stage.each,
        round(rate, 1),
        round(outcome.quantile_ms(0.5), 1),
        round(p95, 1),
        round(1000 * spent_s / (len(outcome.answers) * stage.each), 2),
        len(outcome.answers) - taken,
        stage.bound,
        ("yes" if stage.holds(rate, p95) else "no") if stage.bound else "",
    )
    return dict(zip(HEAD, cells, strict=True))


if __name__ == "__main__":
    sys.exit(main())
