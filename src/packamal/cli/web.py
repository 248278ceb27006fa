"""`packamal web`: the public listener of the full shape."""

from __future__ import annotations

import click

from packamal.cli.needs import need_server

BIND = "127.0.0.1:8000"
PROCESSES = 2
MAX_PROCESSES = 64
EPILOG = """\b
Settings come from PACKAMAL_SERVER_... variables (docs/settings.md).

\b
Examples:
  packamal web
  packamal web --bind 0.0.0.0:8000 --processes 4
"""


@click.command("web", epilog=EPILOG)
@click.option("--bind", default=BIND, show_default=True, metavar="HOST:PORT", help="Where to listen, for the proxy.")
@click.option("--processes", type=click.IntRange(1, MAX_PROCESSES), default=PROCESSES, show_default=True)
def command(bind: str, processes: int) -> int:
    """Run the pages and the API of the full shape."""
    need_server()
    from packamal.server.operations.serving import serve_public  # Django: not for the other commands

    serve_public(bind, processes)
    return 0
