"""`packamal completion`: the script that lets a shell complete."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from packamal.cli.exits import Exit

VARIABLE = "_PACKAMAL_COMPLETE"
EPILOG = """\b
Examples:
  packamal completion bash >> ~/.bashrc
  packamal completion zsh > ~/.zfunc/_packamal
  packamal completion fish > ~/.config/fish/completions/packamal.fish
"""


@click.command("completion", epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"nothing is known of {shell}", ctx)
    click.echo(kind(ctx.find_root().command, {}, "packamal", VARIABLE).source())
    return Exit.BELOW
