"""`packamal report`: stored reports in another format."""

from __future__ import annotations

import click

from packamal.cli import output
from packamal.cli.exits import Exit
from packamal.cli.options import FACE, with_settings
from packamal.cli.stored import read_reports
from packamal.config import Settings

EPILOG = """\b
Examples:
  packamal report requests.json
  packamal report --format html --output all.html reports.jsonl
  packamal scan pkg:npm/is-odd@3.0.1 --format json | packamal report --format markdown -
"""


@click.command("report", epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@with_settings(*FACE, words=output.FORMATS)
def command(settings: Settings, files: tuple[str, ...]) -> int:
    """Show stored reports (json or jsonl) in another format."""
    output.show(read_reports(files), settings)
    return Exit.BELOW
