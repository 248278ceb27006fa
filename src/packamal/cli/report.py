"""`packamal report`: stored reports, or those of a service, in another format."""

from __future__ import annotations

import click

from packamal.cli import output
from packamal.cli.exits import Exit
from packamal.cli.options import FACE, with_settings
from packamal.cli.remote import Place, fetch, is_id, with_service_options
from packamal.cli.stored import read_reports
from packamal.config import Settings

EPILOG = """\b
Examples:
  packamal report requests.json
  packamal report --url https://packamal.example 0d5c7c1e-7e0a-4d5e-9b1a-4f8c2f6f2a11
  packamal report --format html --output all.html reports.jsonl
  packamal scan pkg:npm/is-odd@3.0.1 --format json | packamal report --format markdown -
"""


@click.command("report", epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="FILE|ID...")
@with_service_options
@with_settings(*FACE, words=output.FORMATS)
def command(settings: Settings, place: Place, files: tuple[str, ...]) -> int:
    """Show stored reports (json or jsonl), or those of a service, in another format."""
    ids = [name for name in files if is_id(name)]
    service = place.connect() if ids else None
    reports = []
    for name in files:
        reports += [fetch(service, name)] if service is not None and is_id(name) else read_reports([name])
    output.show(reports, settings)
    return Exit.BELOW
