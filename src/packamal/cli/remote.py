"""Options of the commands that speak to a service, and what they share.

Address and key come from flags and the environment alone: a settings file of a project could send the key elsewhere.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import click

from packamal.cli import output
from packamal.cli.exits import Exit
from packamal.cli.threshold import of_reports
from packamal.config import Settings
from packamal.errors import FetchError, UsageError
from packamal.http.service import Service
from packamal.model import Report
from packamal.render.reading import decode

log = logging.getLogger(__name__)
LOOK_S = 1.0
MAX_LOOK_S = 5.0
FINAL = frozenset({"done", "failed", "cancelled"})
Command = Callable[..., int]


class Place(NamedTuple):
    """Where a service is, as given."""

    url: str
    key: str
    key_file: Path | None

    def connect(self) -> Service:
        """Raises UsageError."""
        return connect(*self)


def with_service_options(function: Command) -> Command:
    """Give a command `place` out of --url and --key, --key-file, or their environment variables."""

    @functools.wraps(function)
    def command(url: str, key: str, key_file: Path | None, **given: object) -> int:
        return function(place=Place(url, key, key_file), **given)

    wrapped: Command = command
    for option in reversed(OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def with_service(function: Command) -> Command:
    """Give a command the `service` itself."""

    @functools.wraps(function)
    def command(place: Place, **given: object) -> int:
        return function(service=place.connect(), **given)

    return with_service_options(command)


OPTIONS = (
    click.option(
        "--url", envvar="PACKAMAL_URL", default="", metavar="URL", show_envvar=True, help="The service's address."
    ),
    click.option("--key", envvar="PACKAMAL_KEY", default="", metavar="KEY", show_envvar=True, help="An API key of it."),
    click.option(
        "--key-file",
        envvar="PACKAMAL_KEY_FILE",
        type=click.Path(path_type=Path),
        metavar="FILE",
        show_envvar=True,
        help="A file that holds the key: other users of the machine see flags.",
    ),
)


def connect(url: str, key: str, key_file: Path | None) -> Service:
    """The service. Raises UsageError."""
    if not url:
        raise UsageError("which service? give --url or PACKAMAL_URL")
    if not key and key_file is not None:
        try:
            key = key_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{key_file} cannot be read") from error
    if not key or not key.isascii() or not key.isprintable():
        raise UsageError("no key; give --key-file, PACKAMAL_KEY or --key")
    return Service(url, key)


def follow(service: Service, ids: Sequence[str], limit_s: float) -> tuple[list[Report], int]:
    """Wait until all are final: the reports in order, and how many have none. Raises FetchError past the limit."""
    ends, wait_s, waiting, final = time.monotonic() + limit_s, LOOK_S, list(ids), dict[str, dict[str, object]]()
    while waiting:
        for one in list(waiting):
            row = service.get(f"/analyses/{one}").json
            if row.get("state") in FINAL:
                final[one] = row
                waiting.remove(one)
                log.info("%s is %s", row.get("purl"), row.get("state"))
        if not waiting:
            break
        if time.monotonic() + wait_s > ends:
            raise FetchError(f"{len(waiting)} of {len(ids)} are not judged yet; packamal watch {' '.join(waiting[:3])}")
        time.sleep(wait_s)
        wait_s = min(MAX_LOOK_S, wait_s * 1.2)
    reports = []
    for one in ids:
        row = final[one]
        if row["state"] == "done":
            reports.append(fetch(service, one))
        else:
            error = row.get("error")
            log.error("%s: %s", row.get("purl"), error.get("message") if isinstance(error, dict) else row["state"])
    return reports, len(ids) - len(reports)


def fetch(service: Service, analysis_id: str) -> Report:
    """One report."""
    return decode(service.get(f"/analyses/{analysis_id}/report").body)


def show(reports: Sequence[Report], failed: int, settings: Settings) -> int:
    """Write the reports and tell the exit code, as `scan` does."""
    if reports:
        output.show(reports, settings)
    status = of_reports(reports, settings)
    return Exit.INCOMPLETE if failed and status == Exit.BELOW else status


def is_id(text: str) -> bool:
    """Whether it is the id of an analysis."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
