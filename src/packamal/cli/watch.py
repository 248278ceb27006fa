"""`packamal watch`: follow analyses of a service to their end."""

from __future__ import annotations

import click

from packamal.cli.options import FACE, with_settings
from packamal.cli.output import FORMATS
from packamal.cli.remote import follow, is_id, show, with_service
from packamal.config import Settings
from packamal.errors import UsageError
from packamal.http.service import Service

LIMIT_S = 3600
EPILOG = """\b
Examples:
  packamal watch 0d5c7c1e-7e0a-4d5e-9b1a-4f8c2f6f2a11
  packamal submit --lock uv.lock > ids && packamal watch $(cat ids)
"""


@click.command("watch", epilog=EPILOG)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--timeout", type=click.IntRange(1), default=LIMIT_S, show_default=True, help="Longest wait, in seconds.")
@with_service
@with_settings("fail_on", "allow_incomplete", *FACE, words=FORMATS)
def command(settings: Settings, service: Service, ids: tuple[str, ...], timeout: int) -> int:
    """Wait for analyses of a service; reports and exit codes are those of scan."""
    for one in ids:
        if not is_id(one):
            raise UsageError(f"{one!r:.80} is no id of an analysis")
    return show(*follow(service, list(dict.fromkeys(ids)), timeout), settings)
