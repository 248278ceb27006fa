"""docs/load.md: what the service takes on two cores, from the newest measurement."""

from __future__ import annotations

from documents import page, table
from documents.figures import newest, place

INTRODUCTION = """
`python evals/load.py --keep` starts the full set (PostgreSQL with fsync, Redis, nginx, web, workers) on free ports,
makes a million analyses, offers requests at a constant pace through nginx, and ends it. The generator shares the cores.
Times count from the moment at which a request was due, whether or not the ones before it were answered. CPU is that of
the set without the generator, for each request or submission. Scans are held still but for the last line.
"""


def text() -> str:
    """The whole page."""
    return page("Load", INTRODUCTION, measured())


def measured() -> str:
    """The table, or that there is none."""
    result = newest("load")
    if result is None:
        return "Not measured yet."
    head = list(result["figures"][0])
    rows = [[row[name] for name in head] for row in result["figures"]]
    about = f"{result['rows']:,} analyses, a report of {result['report_bytes']:,} bytes, load before {result['load']}."
    return f"{place(result, 'load.py')} {about}\n\n{table(head, rows)}"
