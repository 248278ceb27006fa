"""`packamal doctor`: what works on this machine, and what to do about the rest."""

from __future__ import annotations

import functools
import importlib
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click

from packamal import __version__
from packamal.cli.exits import Exit
from packamal.cli.options import TALK, with_settings
from packamal.cli.progress import Silence
from packamal.config import Settings
from packamal.ecosystems import ECOSYSTEMS
from packamal.engine.pool import Limits, run
from packamal.errors import PackamalError
from packamal.http.access import Access
from packamal.model import Level, Report, Verdict
from packamal.render.safe import visible
from packamal.rules_version import rules_version
from packamal.targets import parse_purl
from packamal.verdict.judge import load_weights
from packamal.verdict.rules import load_rules

NEEDED = {
    "ahocorasick_rs": "finds literals before anything is parsed",
    "yara_x": "looks at binaries and other files",
    "tree_sitter": "parses what is not today's Python",
    "tree_sitter_javascript": "parses JavaScript",
    "tree_sitter_typescript": "parses TypeScript",
    "cryptography": "takes off layers that are encrypted",
    "zstandard": "opens zstandard archives",
}
HELPFUL = {"hyperscan": "makes scanning faster; pip install 'packamal[fast]'"}
KNOWN = {"pypi": "pkg:pypi/pip", "npm": "pkg:npm/npm"}
"""A package that every index of the kind has."""
EPILOG = """\b
Examples:
  packamal doctor
  packamal doctor --online   (asks the package indexes, too)
"""


class Check(NamedTuple):
    """One thing that was tried."""

    name: str
    is_fine: bool
    says: str
    is_needed: bool = True


@click.command("doctor", epilog=EPILOG)
@click.option("--online", is_flag=True, help="Ask the configured package indexes for a well-known package.")
@with_settings("cache_dir", "rules", *TALK)
def command(settings: Settings, online: bool) -> int:
    """Say what works here and what to install."""
    checks = [*_here(settings), *(_indexes() if online else ())]
    for check in checks:
        mark = "ok  " if check.is_fine else "FAIL" if check.is_needed else "note"
        click.echo(f"{mark}  {check.name:<24}{visible(check.says)}")
    failed = sum(not check.is_fine and check.is_needed for check in checks)
    click.echo(f"\n{failed} of {len(checks)} checks failed" if failed else "\nEverything needed works.")
    return Exit.INCOMPLETE if failed else Exit.BELOW


def _here(settings: Settings) -> Iterator[Check]:
    python = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}"
    yield Check("python", sys.version_info >= (3, 11), python)
    yield Check("packamal", True, f"{__version__}, rules {rules_version()}")
    yield from (_library(name, purpose) for name, purpose in NEEDED.items())
    yield from (_library(name, purpose, is_needed=False) for name, purpose in HELPFUL.items())
    yield _try("rules", lambda: f"{len(load_rules(settings.rules))} rules, {len(load_weights().rules)} own weights")
    yield _try("child processes", _child)
    yield _try("cache folder", lambda: _writable(settings.cache_dir))


def _library(name: str, purpose: str, is_needed: bool = True) -> Check:
    try:
        importlib.import_module(name)
    except ImportError as error:
        hint = f"pip install {name.replace('_', '-')}" if is_needed else "not installed"
        return Check(name, False, f"{purpose} ({hint}: {error})", is_needed)
    return Check(name, True, purpose, is_needed)


def _try(name: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(name, True, attempt())
    except (PackamalError, OSError) as error:
        return Check(name, False, str(error))


def _child() -> str:
    done = Report("x", "", Verdict(Level.CLEAN, 0))
    outcomes = list(run(["x"], lambda index, tell: done, Limits(time_limit_s=10.0), Silence()))
    if [outcome.report for outcome in outcomes] != [done]:
        raise PackamalError(f"no answer: {outcomes[0].report.errors[0].message}")
    return "start, answer and end"


def _writable(folder: Path) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        return f"{folder} can be written"


def _indexes() -> Iterator[Check]:
    return (_try(f"{name} index", functools.partial(_asked, name, package)) for name, package in KNOWN.items())


def _asked(name: str, package: str) -> str:
    return f"answers: {ECOSYSTEMS[name](Access()).resolve(parse_purl(package)).purl}"
