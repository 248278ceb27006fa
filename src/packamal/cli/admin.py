"""`packamal admin`: what an administrator of the full shape does by hand."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from packamal.cli.exits import Exit
from packamal.cli.needs import need_server
from packamal.render.safe import visible

ROLES = ("viewer", "analyst", "admin")
SCOPES = ("read", "submit", "admin")
GRACE_HOURS = 24
REQUEUED = 1000
MAX_PASSWORD_CHARS = 1000
EPILOG = """\b
Examples:
  packamal admin prepare
  packamal admin add-user ada --role analyst
  packamal admin set-role ada admin
  packamal admin add-key ada --scope submit --days 90
  packamal admin rotate-key 0123456789ab
  packamal admin requeue cluster_error
  packamal admin verify --limit 1000
"""


@click.group("admin", epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Prepare the database, add people and keys, queue again, verify what is stored."""
    need_server()
    from packamal.server.start import set_up  # Django: not for the other commands

    set_up()


PASSWORD_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command.command("prepare")
@click.option("--password-file", type=PASSWORD_FILE, help="Adds the person `admin`, too, when there is none.")
def prepare(password_file: Path | None) -> None:
    """Bring the tables and the static files up to date; before the first start and after each update."""
    from packamal.server.accounts.models import Role
    from packamal.server.operations import administration

    administration.prepare()
    if password_file:
        administration.add_user("admin", Role.ADMIN, _read(password_file))


@command.command("add-user")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default=ROLES[0], show_default=True)
@click.option("--password-file", type=PASSWORD_FILE, help="Else it is asked for.")
def add_user(name: str, role: str, password_file: Path | None) -> None:
    """Add a person who signs in; one who is there stays as they are."""
    from packamal.server.accounts.models import Role
    from packamal.server.operations import administration

    password = _read(password_file) if password_file else _asked()
    is_new = administration.add_user(name, Role(role), password)
    click.echo(f"{visible(name)} {'added' if is_new else 'is there already'}", err=True)


@command.command("set-password")
@click.argument("name")
@click.option("--password-file", type=PASSWORD_FILE, help="Else it is asked for.")
def set_password(name: str, password_file: Path | None) -> None:
    """Give a person another password; their sessions end."""
    from packamal.server.operations import administration

    administration.set_password(name, _read(password_file) if password_file else _asked())


@command.command("set-role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
def set_role(name: str, role: str) -> None:
    """Give a person another role; their sessions end."""
    from packamal.server.accounts.models import Role
    from packamal.server.operations import administration

    administration.set_role(name, Role(role))


@command.command("disable-user")
@click.argument("name")
@click.option("--enable", is_flag=True, help="Let them in again.")
def disable_user(name: str, enable: bool) -> None:
    """Shut a person out: their sessions end, their keys hold no longer."""
    from packamal.server.operations import administration

    administration.set_active(name, enable)


@command.command("add-key")
@click.argument("user")
@click.option("--name", default="by an administrator", show_default=True, help="What it is for.")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, default=SCOPES[:2], show_default=True)
@click.option("--days", type=click.IntRange(1), help="Until it ends; else it does not.")
def add_key(user: str, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make an API key for a person and print it, this once."""
    from packamal.server.accounts.models import Scope
    from packamal.server.operations import administration

    click.echo(administration.add_key(user, name, [Scope(scope) for scope in scopes], days))


@command.command("rotate-key")
@click.argument("prefix")
@click.option(
    "--grace", type=click.IntRange(0), default=GRACE_HOURS, show_default=True, help="Hours the old one holds."
)
def rotate_key(prefix: str, grace: int) -> None:
    """Make a key like the one with this PREFIX and print it; the old one ends after the grace time."""
    from packamal.server.operations import administration

    click.echo(administration.rotate_key(prefix, datetime.timedelta(hours=grace)))


@command.command("revoke-key")
@click.argument("prefix")
def revoke_key(prefix: str) -> None:
    """End a key at once."""
    from packamal.server.operations import administration

    administration.revoke_key(prefix)


@command.command("requeue")
@click.argument("category")
@click.option("--limit", type=click.IntRange(1), default=REQUEUED, show_default=True, help="At most, newest first.")
def requeue(category: str, limit: int) -> None:
    """Queue analyses again that failed with this CATEGORY, like cluster_error."""
    from packamal.server.analyses.states import Category
    from packamal.server.operations import administration

    if category not in Category.values:
        raise click.BadParameter(f"one of {', '.join(Category.values)} expected", param_hint="CATEGORY")
    click.echo(f"{administration.requeue(Category(category), limit)} queued again", err=True)


@command.command("verify")
@click.option("--limit", type=click.IntRange(1), help="Reports to read, newest first; else all.")
def verify(limit: int | None) -> int:
    """Read stored reports back and compare them with their digests; exit code 3 when one is not what it was."""
    from packamal.server.operations import administration

    good = 0
    faults = []
    for fault in administration.verify(limit):
        if fault is None:
            good += 1
        else:
            faults.append(fault)
            click.echo(f"{fault.digest}: {visible(fault.error)}")
    click.echo(f"{good} good, {len(faults)} not", err=True)
    return Exit.INCOMPLETE if faults else Exit.BELOW


def _asked() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _read(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.read(MAX_PASSWORD_CHARS).strip()
