"""Indicators of compromise as CSV, defanged: what to look for on other machines."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from packamal.capability import Capability
from packamal.model import Level, Report, Signal
from packamal.render import words
from packamal.render.safe import PATH_CHARS, defang, visible
from packamal.render.view import View

HEAD = ("type", "value", "package", "artifact", "path", "line", "why")
NETWORK = frozenset({"net", "host"})
PLACES = frozenset({"persist", "agent"})
TOLD = frozenset({Level.SUSPICIOUS, Level.MALICIOUS})
"""Clean packages speak to servers, too; theirs are no indicators."""
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?")
_FORMULA = tuple("=+-@\t\r")
"""A spreadsheet would take a field that begins so for a formula."""


class Indicator(NamedTuple):
    """One line."""

    kind: str
    value: str
    package: str
    artifact: str = ""
    path: str = ""
    line: int = 0
    why: str = ""


def indicators(reports: Sequence[Report], view: View) -> str:
    """All indicators of the suspicious and malicious reports, each once."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    found = (one for report in reports if report.verdict.level in TOLD for one in of_report(report))
    for one in dict.fromkeys(found):
        writer.writerow([_field(str(part)) for part in one])
    return out.getvalue()


def of_report(report: Report) -> Iterator[Indicator]:
    """Those of one report, whatever its level; the same one may come again."""
    package = visible(words.subject(report))
    for artifact in report.artifacts:
        yield Indicator("sha256", visible(artifact.sha256), package, visible(artifact.filename))
    for signal in report.signals:
        if kind := _kind(signal):
            where = signal.evidence
            value = _defanged(kind, visible(signal.target))
            path = visible(where.path, PATH_CHARS)
            yield Indicator(kind, value, package, visible(where.artifact), path, where.line, signal.id.value)


def _kind(signal: Signal) -> str:
    if not signal.target or signal.id.speaks_for:
        return ""
    if signal.id.family in NETWORK:
        if "://" in signal.target:
            return "url"
        return "ip" if _ADDRESS.fullmatch(signal.target) else "host"
    if signal.id is Capability.CRYPTO_ADDRESS:
        return "wallet"
    is_place = signal.id.family in PLACES or signal.id is Capability.FILE_DROP
    return "file" if is_place else ""


def _defanged(kind: str, value: str) -> str:
    return value.replace(".", "[.]") if kind == "host" else defang(value)


def _field(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
