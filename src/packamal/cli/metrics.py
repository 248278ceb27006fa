"""`packamal metrics`: shows what the processes beside it counted."""

from __future__ import annotations

from pathlib import Path

import click

from packamal.cli.needs import need_server

BIND = "127.0.0.1:9102"
EPILOG = """\b
Examples:
  packamal metrics --folder /srv/data/metrics
"""


@click.command("metrics", epilog=EPILOG)
@click.option("--bind", default=BIND, show_default=True, metavar="HOST:PORT", help="Where to listen; never public.")
@click.option(
    "--folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where they count: `metrics` below the service's folder.",
)
def command(bind: str, folder: Path) -> int:
    """Show what the processes of one machine counted, where the internal listener runs on another one."""
    need_server()
    from packamal.server.operations.exposing import serve  # prometheus_client: not for the other commands

    host, _, port = bind.rpartition(":")
    if not port.isdigit():
        raise click.BadParameter("HOST:PORT expected", param_hint="--bind")
    serve(host, int(port), folder)[1].join()
    return 0
