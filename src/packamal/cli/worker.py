"""`packamal worker`: takes work from the queues of the full shape."""

from __future__ import annotations

import click

from packamal.cli.needs import need_server

QUEUES = "interactive,bulk,feed,maintenance,feeds"
MAX_PROCESSES = 256
EPILOG = """\b
Examples, since scans should not keep maintenance waiting:
  packamal worker --name scans --queues interactive,bulk,feed
  packamal worker --name upkeep --queues maintenance,feeds --processes 1
"""


@click.command("worker", epilog=EPILOG)
@click.option("--name", default="all", show_default=True, help="Tells the workers of one machine apart.")
@click.option("--queues", default=QUEUES, show_default=True, help="What it takes, separated by commas.")
@click.option("--processes", type=click.IntRange(1, MAX_PROCESSES), help="Tasks at once; else PACKAMAL_SERVER_SCANS.")
def command(name: str, queues: str, processes: int | None) -> int:
    """Run a worker of the full shape."""
    need_server()
    from packamal.server.operations.workers import run_worker  # Celery: not for the other commands

    run_worker(name, queues, processes)
    return 0
