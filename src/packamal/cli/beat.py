"""`packamal beat`: sends what is due in the full shape."""

from __future__ import annotations

import click

from packamal.cli.needs import need_server

EPILOG = """\b
Examples:
  packamal beat
"""


@click.command("beat", epilog=EPILOG)
def command() -> int:
    """Run the schedule of the full shape; started twice, one of them is active."""
    need_server()
    from packamal.server.operations.workers import run_beat  # Celery: not for the other commands

    run_beat()
    return 0
