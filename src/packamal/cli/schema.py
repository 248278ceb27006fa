"""`packamal schema`: the shape of a report, for programs that read one."""

from __future__ import annotations

import click

from packamal.cli.exits import Exit
from packamal.render.schema import schema_text

EPILOG = """\b
Example:
  packamal schema > report.schema.json
"""


@click.command("schema", epilog=EPILOG)
def command() -> int:
    """Print the JSON Schema of a report."""
    click.echo(schema_text(), nl=False)
    return Exit.BELOW
