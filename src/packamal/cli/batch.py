"""`packamal scan --jsonl LIST`: many targets in one pool, a report a line as they get done, resumable."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from packamal.cli.looking import look
from packamal.cli.threshold import of_reports
from packamal.config import Settings
from packamal.errors import PackamalError, SettingsError, UsageError
from packamal.model import Level, Report
from packamal.render.json import encode
from packamal.targets import USERINFO, parse_target, read_list, shown

log = logging.getLogger(__name__)
TAIL_BYTES = 1 << 20
START = b'{"target":'
"""How a line of ours begins."""


def scan_list(listed: str, settings: Settings) -> int:
    """Scan every target of a list that has no report in the output yet; the exit code is that of this run's reports."""
    lines = list(dict.fromkeys(_lines(listed)))
    with _opened(settings.output) as (file, seen):
        waiting = [line for line in lines if name_of(line) not in seen]
        if len(waiting) < len(lines):
            log.warning("%d of %d targets have a report already", len(lines) - len(waiting), len(lines))
        return _scan(waiting, file, settings)


def name_of(line: str) -> str:
    """What a report carries as its target: the line of the list, but for credentials."""
    return shown(line) if USERINFO.search(line) else line


def _lines(listed: str) -> Iterator[str]:
    if listed == "-":
        yield from read_list(sys.stdin)
        return
    try:
        with Path(listed).open(encoding="utf-8", errors="surrogateescape") as file:
            yield from read_list(file)
    except OSError as error:
        raise UsageError(f"{listed} cannot be read: {error.strerror}") from error


def _scan(lines: Sequence[str], file: BinaryIO, settings: Settings) -> int:
    names = [name_of(line) for line in lines]
    levels: dict[Level, Report] = {}
    counts: dict[Level, int] = {}
    outcomes = look(names, lambda index: parse_target(lines[index], settings.ecosystem), settings)
    for outcome in outcomes:
        report = replace(outcome.report, target=names[outcome.index])
        _append(file, report)
        levels[report.verdict.level] = report
        counts[report.verdict.level] = counts.get(report.verdict.level, 0) + 1
        for problem in report.errors[:1] if report.verdict.level is Level.INCOMPLETE else ():
            log.info("%s: incomplete: %s: %s", report.target, problem.stage, problem.message)
    log.info("%s", ", ".join(f"{count} {level}" for level, count in counts.items()) or "nothing was left to scan")
    return of_reports(levels.values(), settings)


def _append(file: BinaryIO, report: Report) -> None:
    try:
        file.write(encode(report) + b"\n")
        file.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PackamalError(f"the result cannot be written: {error.strerror}") from error


@contextmanager
def _opened(path: Path | None) -> Iterator[tuple[BinaryIO, set[str]]]:
    if path is None:
        yield sys.stdout.buffer, set()
        return
    try:
        file = path.open("ab+")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from error
    with file:
        _mend(file, path)
        yield file, _seen(file, path)


def _mend(file: BinaryIO, path: Path) -> None:
    """Cut off a last line that was not written to its end."""
    end = file.seek(0, 2)
    position, tail = end, b""
    while position > 0 and b"\n" not in tail:
        step = min(TAIL_BYTES, position)
        position = file.seek(position - step)
        tail = file.read(step)
    keep = position + tail.rfind(b"\n") + 1
    half = tail[tail.rfind(b"\n") + 1 :]
    if not half.startswith(START) and not START.startswith(half):
        raise SettingsError(f"{path}: its end is no report; give another --output")
    if keep < end:
        log.warning("%s: a half-written last line of %d bytes is scanned again", path, end - keep)
        file.truncate(keep)


def _seen(file: BinaryIO, path: Path) -> set[str]:
    """Targets that have a report."""
    file.seek(0)
    seen: set[str] = set()
    for number, line in enumerate(file, 1):
        try:
            seen.add(str(json.loads(line)["target"]))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise SettingsError(f"{path}: line {number} is no report; give another --output") from error
    return seen
