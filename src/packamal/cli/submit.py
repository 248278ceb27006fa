"""`packamal submit`: packages, archives and lock files to a service, in one line of a team's CI."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import click

from packamal.cli.exits import Exit
from packamal.cli.options import FACE, with_settings
from packamal.cli.output import FORMATS
from packamal.cli.remote import follow, show, with_service
from packamal.config import Settings
from packamal.errors import PackamalError, TargetError, UsageError
from packamal.http.service import Service
from packamal.targets import Target, TargetKind, parse_target

MAX_BATCH = 1000
LIMIT_S = 3600
EPILOG = """\b
Without --wait it prints the id of each analysis and ends; with it, it ends
as `packamal scan` does, with the reports and the same exit codes.

\b
Examples:
  packamal submit pkg:pypi/requests@2.32.3
  packamal submit --wait --lock requirements.txt
  packamal submit --wait --format sarif --output all.sarif dist/mine-1.0.tar.gz
"""


@click.command("submit", epilog=EPILOG)
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--lock", "locks", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help="A lock file.")
@click.option("--wait", "is_waiting", is_flag=True, help="Wait for the answers.")
@click.option(
    "--lane", type=click.Choice(["interactive", "bulk"]), default="bulk", show_default=True, help="Who waits."
)
@click.option("--timeout", type=click.IntRange(1), default=LIMIT_S, show_default=True, help="Of --wait, in seconds.")
@with_service
@with_settings("ecosystem", "fail_on", "allow_incomplete", *FACE, words=FORMATS)
def command(  # noqa: PLR0913  click hands over each option
    settings: Settings,
    service: Service,
    targets: tuple[str, ...],
    locks: tuple[Path, ...],
    is_waiting: bool,
    lane: str,
    timeout: int,
) -> int:
    """Submit packages, archives and lock files to a service."""
    if not targets and not locks:
        raise UsageError("nothing to submit; give a package like pkg:pypi/requests@2.32.3, an archive or --lock FILE")
    ids, failed = _submit(service, [parse_target(text, settings.ecosystem) for text in targets], locks, lane)
    if not is_waiting:
        for analysis_id in ids:
            click.echo(analysis_id)
        return Exit.INCOMPLETE if failed else Exit.BELOW
    reports, without = follow(service, ids, timeout)
    return show(reports, failed + without, settings)


def _submit(service: Service, targets: Sequence[Target], locks: Sequence[Path], lane: str) -> tuple[list[str], int]:
    """Ids in the order they were asked for, each once; and how many were not taken."""
    purls = [target.purl.to_string() for target in targets if target.purl is not None]
    items: list[dict[str, object]] = []
    for start in range(0, len(purls), MAX_BATCH):
        body = {"purls": purls[start : start + MAX_BATCH], "lane": lane}
        items += service.post("/batches", body).json["items"]
    for target in targets:
        if target.kind is TargetKind.DIRECTORY:
            raise TargetError(f"{target.raw} is a folder; pack it, or scan it here with packamal scan")
        if target.path is not None:
            items.append(service.upload(f"/uploads?lane={lane}", target.path).json)
    for path in locks:
        items += service.post_bytes(f"/lock-files?name={quote(path.name)}&lane={lane}", _read(path)).json["items"]
    for item in items:
        if item.get("error") and not item.get("id"):
            click.echo(f"packamal: error: {item.get('error')}", err=True)
    ids = list(dict.fromkeys(str(item["id"]) for item in items if item.get("id")))
    return ids, sum(not item.get("id") for item in items)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackamalError(f"{path} cannot be read: {error.strerror}") from error
