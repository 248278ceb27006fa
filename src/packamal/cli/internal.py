"""`packamal internal`: what scans call back on, and what watches the service."""

from __future__ import annotations

import click

from packamal.cli.needs import need_server

BIND = "127.0.0.1:8001"
EPILOG = """\b
Examples:
  packamal internal
  packamal internal --bind 10.0.0.5:8001
"""


@click.command("internal", epilog=EPILOG)
@click.option("--bind", default=BIND, show_default=True, metavar="HOST:PORT", help="Where to listen; never public.")
def command(bind: str) -> int:
    """Run the internal listener of the full shape: callbacks of scans, metrics, health."""
    need_server()
    from packamal.server.operations.serving import serve_internal  # Django: not for the other commands

    serve_internal(bind)
    return 0
