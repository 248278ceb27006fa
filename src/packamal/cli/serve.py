"""`packamal serve`: the service for the person at this machine."""

from __future__ import annotations

import click

from packamal.cli.needs import need_server

PORT = 8650
EPILOG = """\b
Everything it keeps (database, reports, signing key, API key) stands in
one folder: PACKAMAL_SERVER_DATA_DIR. It listens on this machine only.

\b
Examples:
  packamal serve
  packamal serve --port 0
"""


@click.command("serve", epilog=EPILOG)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes a free one.")
def command(port: int) -> int:
    """Run the service for yourself: pages and API on this machine."""
    need_server()
    from packamal.server.embedded import serve  # Django: not for the other commands

    serve(port, click.echo)
    return 0
