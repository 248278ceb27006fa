"""`packamal settings`: what is in force, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from packamal import config
from packamal.cli.exits import Exit
from packamal.render.safe import visible

EPILOG = """\b
Later wins: default, .packamal.yaml or [tool.packamal] in pyproject.toml
(looked for from here upwards), the environment, the flag.

\b
Examples:
  packamal settings
  PACKAMAL_JOBS=4 packamal settings
"""


@click.command("settings", epilog=EPILOG)
def command() -> int:
    """Show the settings in force and where they come from."""
    found = config.sources({}, config.environment(), Path.cwd())
    rows = [(option.key, _shown(found[option.name].value), found[option.name].origin) for option in config.OPTIONS]
    if config.SUPPRESSIONS_KEY in found:
        entries = found[config.SUPPRESSIONS_KEY]
        rows.append((config.SUPPRESSIONS_KEY, str(len(entries.value)), entries.origin))  # type: ignore[arg-type]
    width = max(len(value) for _, value, _ in rows)
    for key, value, origin in rows:
        click.echo(f"{key:<18}{value:<{width + 2}}{visible(origin)}")
    return Exit.BELOW


def _shown(value: object) -> str:
    if value is None:
        return "never"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_shown, value)) or "none"
    return visible(str(value)) or "none"
