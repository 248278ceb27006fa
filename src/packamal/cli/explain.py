"""`packamal explain RULE`: a rule in plain words, with what it finds and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from packamal.capability import MEANING, Capability
from packamal.cli.exits import Exit
from packamal.cli.options import TALK, with_settings
from packamal.cli.rules import chosen
from packamal.config import Settings
from packamal.model import Relation, Role
from packamal.render.text import Page
from packamal.render.view import View
from packamal.render.words import RUNS, SEEN
from packamal.verdict.judge import load_weights
from packamal.verdict.rules import Rule, Term

MAX_NAMED = 4
"""Capabilities named of a term; the rest is counted."""
LABEL = 12
EPILOG = """\b
Examples:
  packamal explain exfil/env-to-network
  packamal explain 'persist/*'
"""


@click.command("explain", epilog=EPILOG)
@click.argument("patterns", nargs=-1, required=True, metavar="RULE...")
@with_settings("rules", *TALK)
def command(settings: Settings, patterns: tuple[str, ...]) -> int:
    """Say what a rule looks for, with an example."""
    page = Page(View())
    for index, rule in enumerate(chosen(settings, patterns)):
        if index:
            page.add()
        _explain(page, rule)
    click.echo("\n".join(page.lines))
    return Exit.BELOW


def _explain(page: Page, rule: Rule) -> None:
    techniques = "".join(f", {technique}" for technique in rule.techniques)
    page.add(f"{rule.id}  ({rule.severity}{techniques})")
    page.wrap("", rule.title, indent=2)
    page.add()
    for label, text in _facts(rule):
        page.wrap(label, text, indent=LABEL)
    _example(page, "Found in", rule.hit)
    _example(page, "Not in", rule.lookalike)


def _facts(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "Says", rule.says
    if rule.flow:
        yield "Looks for", f"a value that goes from: {_term(rule.flow[0])}; to: {_term(rule.flow[1])}"
    for term in rule.all:
        yield "Looks for" if not rule.flow and term is rule.all[0] else "and", _term(term)
    if rule.any:
        yield "Looks for" if not (rule.flow or rule.all) else "and any of", "; or ".join(map(_term, rule.any))
    for term in rule.none:
        yield "but not", _term(term)
    within = Relation.FLOW if rule.flow else rule.within
    yield "Seen", f"{SEEN[within]}, in code that {', '.join(RUNS[role] for role in Role if role in rule.roles)}"
    weights = load_weights()
    yield "Weighs", f"{weights.rules.get(rule.id, weights.severity[rule.severity])} points at full confidence"


def _term(term: Term) -> str:
    names = [MEANING[capability].title.lower() for capability in Capability if capability in term.capabilities]
    more = f" or {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    target = f" (of {term.target.pattern})" if term.target else ""
    return f"{' or '.join(names[:MAX_NAMED])}{more}{target}"


def _example(page: Page, label: str, files: Sequence[tuple[str, str]]) -> None:
    page.add()
    for index, (path, content) in enumerate(files):
        page.wrap(label if index == 0 else "", path, indent=LABEL)
        for line in content.rstrip().splitlines():
            page.add(f"{'':<{LABEL}}| {line}".rstrip())
