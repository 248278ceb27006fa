"""The command line: arguments in, text out, exit codes. The result goes to standard output, all else to standard error.

Commands are loaded when they are called, so that `packamal --help` starts at once.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from packamal import __version__
from packamal.cli.exits import Exit, of_error
from packamal.errors import PackamalError
from packamal.render.safe import visible

COMMANDS: dict[str, str] = {
    "scan": "Say whether packages are malicious, and why.",
    "report": "Show stored reports, or those of a service, in another format.",
    "judge": "Judge stored reports again with the weights of today.",
    "rules": "List, show and test the rules.",
    "explain": "Say what a rule looks for, with an example.",
    "settings": "Show the settings in force and where they come from.",
    "submit": "Submit packages, archives and lock files to a service.",
    "watch": "Wait for analyses of a service.",
    "serve": "Run the service for yourself: pages and API on this machine.",
    "web": "Run the pages and the API of the full shape.",
    "internal": "Run its internal listener: callbacks of scans, metrics, health.",
    "worker": "Run a worker of the full shape.",
    "beat": "Run its schedule.",
    "job": "Scan one package inside a Job of a cluster and deliver the report.",
    "metrics": "Show what the processes beside it counted.",
    "admin": "Prepare the full shape, add people and keys, queue again, verify.",
    "doctor": "Say what works here and what to install.",
    "schema": "Print the JSON Schema of a report.",
    "completion": "Print a shell's completion script.",
}
MAX_ERROR_CHARS = 2000
EPILOG = """\b
Examples:
  packamal scan pkg:pypi/requests@2.32.3
  packamal scan --ecosystem npm is-odd@3.0.1
  packamal scan dist/mine-1.0.tar.gz --format sarif --output mine.sarif

Exit codes: 0 below the threshold, 1 at or above --fail-on, 2 wrong usage, 3 incomplete.
"""


class Commands(click.Group):
    """Loads the module of a command when it is called for; its line in the overview stands in `COMMANDS`."""

    def invoke(self, ctx: click.Context) -> object:
        """As click does, but a reader that went away is not the exit code for a flagged package."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise click.exceptions.Exit(Exit.BROKEN_PIPE) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, loaded."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"packamal.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="packamal %(version)s")
def program() -> None:
    """Say whether a package from PyPI or npm is malicious, and why."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    signal.signal(signal.SIGTERM, _terminated)
    status = run(given)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = Exit.BROKEN_PIPE
    if status == Exit.BROKEN_PIPE:  # the interpreter would try to flush once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run a command; every failure is one line on standard error and an exit code."""
    try:
        return int(program.main(arguments, "packamal", standalone_mode=False) or 0)
    except click.ClickException as error:
        return _usage(error)
    except PackamalError as error:
        return _say(str(error), of_error(error))
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", Exit.INTERRUPTED)
    except Exception as error:  # noqa: BLE001  the edge of the program: no traceback unless it was asked for
        return _bug(error, arguments)


def _usage(error: click.ClickException) -> Exit:
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(message, err=True)
        return Exit.USAGE
    command = context.command_path if context else "packamal"
    return _say(f"{message} See '{command} --help'.", Exit.USAGE)


def _say(message: str, status: Exit) -> Exit:
    click.echo(f"packamal: error: {visible(message, MAX_ERROR_CHARS)}", err=True)
    return status


def _bug(error: Exception, arguments: list[str]) -> Exit:
    if {"-v", "--verbose"} & set(arguments):
        import traceback

        traceback.print_exception(error)
    hint = "this is a fault in packamal; run with -v for the traceback"
    return _say(f"{type(error).__name__}: {error}; {hint}", Exit.INCOMPLETE)


def _terminated(number: int, frame: FrameType | None) -> None:
    raise SystemExit(Exit.TERMINATED)
