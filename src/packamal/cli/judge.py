"""`packamal judge`: stored reports under the weights of today."""

from __future__ import annotations

import dataclasses
import logging

import click

from packamal.cli import output
from packamal.cli.options import FACE, with_settings
from packamal.cli.stored import read_reports
from packamal.cli.threshold import of_reports
from packamal.config import Settings
from packamal.model import Report
from packamal.render.words import subject
from packamal.verdict.judge import judge

log = logging.getLogger(__name__)
EPILOG = """\b
Examples:
  packamal judge reports.jsonl
  packamal judge --format jsonl reports.jsonl > judged.jsonl
"""


@click.command("judge", epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@with_settings("fail_on", "allow_incomplete", *FACE, words=output.FORMATS)
def command(settings: Settings, files: tuple[str, ...]) -> int:
    """Judge stored reports again: the findings stay, the weights are those of today."""
    reports = [_again(report) for report in read_reports(files)]
    output.show(reports, settings)
    return of_reports(reports, settings)


def _again(report: Report) -> Report:
    verdict = judge(report.findings, report.errors)
    before = report.verdict
    if (before.level, before.score) != (verdict.level, verdict.score):
        change = f"{before.level} {before.score}", f"{verdict.level} {verdict.score}"
        log.warning("%s: was %s, is %s", subject(report), *change)
    return dataclasses.replace(report, verdict=verdict)
