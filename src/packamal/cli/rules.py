"""`packamal rules`: what is looked for, and whether each rule does what it says."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import click

from packamal.cli.exits import Exit
from packamal.cli.options import TALK, with_settings
from packamal.config import Settings
from packamal.errors import UsageError
from packamal.verdict.rules import RULES, Rule, load_rules

EPILOG = """\b
Examples:
  packamal rules list
  packamal rules list 'exfil/*'
  packamal rules test
  packamal rules test --rules ./our-rules 'our/*'
"""
PATTERNS = click.argument("patterns", nargs=-1, metavar="[RULE...]")


@click.group("rules", epilog=EPILOG)
def command() -> None:
    """List, show and test the rules."""


@command.command("list")
@PATTERNS
@with_settings("rules", *TALK)
def list_rules(settings: Settings, patterns: tuple[str, ...]) -> int:
    """List the rules: id, severity, title."""
    rules = chosen(settings, patterns)
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        click.echo(f"{rule.id:<{width}}  {rule.severity:<8}  {rule.title}")
    return Exit.BELOW


@command.command("show")
@PATTERNS
@with_settings("rules", *TALK)
def show_rules(settings: Settings, patterns: tuple[str, ...]) -> int:
    """Show the files of rules as their authors wrote them."""
    folders = (RULES, *settings.rules)
    for rule in chosen(settings, patterns):
        path = next((found for folder in folders if (found := folder / rule.source).is_file()), Path(rule.source))
        click.echo(f"# {rule.source}\n{path.read_text(encoding='utf-8').rstrip()}\n")
    return Exit.BELOW


@command.command("test")
@PATTERNS
@with_settings("rules", "cache_dir", *TALK)
def test_rules(settings: Settings, patterns: tuple[str, ...]) -> int:
    """Run rules on their own examples: each must find its hit and pass over its look-alike."""
    from packamal.engine.trial import try_rule

    trials = [try_rule(rule, settings) for rule in chosen(settings, patterns)]
    failed = [trial for trial in trials if not trial.is_passed]
    for trial in failed:
        missed = "" if trial.is_hit else " does not find its hit;"
        fooled = " finds its look-alike;" if trial.is_fooled else ""
        click.echo(f"{trial.rule.id}:{missed}{fooled} see {trial.rule.source}")
    if settings.verbose:
        for trial in trials:
            click.echo(f"{trial.rule.id}: also found: {', '.join(trial.others) or 'nothing'}", file=sys.stderr)
    click.echo(f"{len(trials)} rules, {len(failed)} failed")
    return Exit.FLAGGED if failed else Exit.BELOW


def chosen(settings: Settings, patterns: Sequence[str]) -> list[Rule]:
    """The rules whose id fits one of the patterns; all without patterns. Raises UsageError when none does."""
    rules = load_rules(settings.rules)
    found = [rule for rule in rules if not patterns or any(fnmatchcase(rule.id, pattern) for pattern in patterns)]
    if not found:
        raise UsageError(f"no rule is called {patterns[0]}; packamal rules list shows them all")
    return found
