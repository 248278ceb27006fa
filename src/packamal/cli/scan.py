"""`packamal scan`: from targets to a verdict."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence

import click

from packamal.cli import output
from packamal.cli.batch import scan_list
from packamal.cli.looking import look
from packamal.cli.options import FACE, with_settings
from packamal.cli.threshold import of_reports
from packamal.config import Settings
from packamal.errors import UsageError
from packamal.targets import Target, parse_target, read_list

log = logging.getLogger(__name__)
RUNNING = ("jobs", "time_limit_s", "offline", "rules", "cache_dir", "note", "progress")
EPILOG = """\b
A TARGET is a package address (pkg:pypi/requests@2.32.3; without a version
the newest), a name with --ecosystem (is-odd@3.0.1, requests==2.32.3), an
archive, a folder, or - for a list on standard input.

\b
Examples:
  packamal scan pkg:npm/is-odd@3.0.1
  packamal scan --ecosystem pypi requests==2.32.3 flask
  packamal scan ./dist/mine-1.0.tar.gz --fail-on suspicious
  packamal scan --format sarif --output all.sarif - < wanted.txt
  packamal scan --jsonl list.txt --output reports.jsonl

The last one goes on where it stopped when it is run again.
"""


@click.command("scan", epilog=EPILOG)
@click.argument("targets", nargs=-1, metavar="TARGET...")
@click.option("--jsonl", "listed", metavar="LIST", help="Scan every target of a file (or -), a report a line.")
@with_settings("ecosystem", "fail_on", "allow_incomplete", *RUNNING, *FACE, words=output.FORMATS)
def command(settings: Settings, targets: tuple[str, ...], listed: str | None) -> int:
    """Say whether packages are malicious, and why."""
    if listed is not None:
        if targets:
            raise UsageError("give targets or --jsonl LIST, not both")
        return scan_list(listed, settings)
    if not targets:
        raise UsageError("nothing to scan; give a package like pkg:pypi/requests@2.32.3, a file or a folder")
    output.renderer(settings.format)
    return scan_all([parse_target(text, settings.ecosystem) for text in _spread(targets)], settings)


def _spread(targets: Sequence[str]) -> Iterator[str]:
    for target in targets:
        if target == "-":
            yield from read_list(sys.stdin)
        else:
            yield target


def scan_all(targets: Sequence[Target], settings: Settings) -> int:
    """Scan, write all reports in the order they were asked for, and tell the exit code."""
    if not targets:
        raise UsageError("the list is empty")
    outcomes = sorted(
        look([target.raw for target in targets], targets.__getitem__, settings), key=lambda one: one.index
    )
    if len(outcomes) == 1 and outcomes[0].error and settings.format == "text":
        raise outcomes[0].error
    for outcome in outcomes:
        if outcome.error:
            log.error("%s: %s", targets[outcome.index].raw, outcome.error)
    reports = [outcome.report for outcome in outcomes]
    output.show(reports, settings)
    return of_reports(reports, settings)
