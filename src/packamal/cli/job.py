"""`packamal job`: what the container of a Job runs. Standard error holds a line of JSON for each event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from packamal.cli.options import with_settings
from packamal.config import Settings
from packamal.executors.kubernetes.settings import Profile

EPILOG = """\b
Started by a cluster, never by hand. The folder of --tokens holds two files,
result and heartbeat.

\b
Example:
  packamal job --callback http://internal.example:8001/internal/v1/attempts/ID/1
    --tokens /run/packamal --profile restricted -- pkg:pypi/requests@2.32.3

\b
Exit codes: 0 delivered, 40 refused by the scanner, 41 crashed, 42 too slow,
43 too large a report, 44 not started, 45 not delivered in time, 46 not wanted
any more, 47 not shut in as --profile says, 48 not taken, 49 out of memory or
storage, 143 the pod was ended.
"""
PLACE = click.Path(path_type=Path)


@click.command("job", epilog=EPILOG)
@click.argument("purl", metavar="PURL")
@click.option("--callback", required=True, metavar="URL", help="This attempt's part of the internal listener.")
@click.option("--tokens", "tokens_dir", required=True, type=PLACE, metavar="FOLDER", help="Where its tokens are.")
@click.option(
    "--profile", required=True, type=click.Choice([one.value for one in Profile]), help="How it has to be shut in."
)
@click.option("--request-id", default="", metavar="ID", help="Of the request that it is for.")
@click.option("--results", "results_dir", type=PLACE, metavar="FOLDER", help="Its part of a volume; else it uploads.")
@click.option("--upload", default="", metavar="NAME", help="Fetch this archive from the listener and scan it.")
@with_settings("time_limit_s", "cache_dir")
def command(
    settings: Settings,
    purl: str,
    callback: str,
    profile: str,
    **more: Any,  # noqa: ANN401  the other fields of Task, made as the options say
) -> int:
    """Scan one package inside a Job of a cluster and deliver the report."""
    from packamal.executors.inside.run import Task, run  # an HTTP client: not for the help

    task = Task(
        callback=callback,
        profile=Profile(profile),
        purl=purl,
        time_limit_s=max(1, int(settings.time_limit_s)),
        cache_dir=settings.cache_dir,
        **more,
    )
    return run(task, _say)


def _say(event: str, fields: dict[str, object]) -> None:
    """JSON keeps control characters of hostile text in."""
    click.echo(json.dumps({"event": event, **fields}), err=True)
