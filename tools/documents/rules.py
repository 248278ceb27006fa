"""docs/rules.md: every chain rule with what it claims and what it weighs."""

from __future__ import annotations

from itertools import groupby

from documents import code, page, table
from packamal.model import Role
from packamal.verdict.judge import load_weights
from packamal.verdict.rules import Rule, load_rules

INTRODUCTION = """
A rule says which signals must hang together, how closely, and when the code runs. Points are what a rule adds at most,
before confidence and role; `verdict/judge.py` adds them up. `packamal explain RULE` shows a rule's two examples.
"""


def text() -> str:
    """The whole page."""
    rules = load_rules()
    blocks = [INTRODUCTION, f"{len(rules)} rules."]
    for kind, members in groupby(rules, key=lambda rule: rule.id.partition("/")[0]):
        rows = [row(rule) for rule in members]
        blocks += [f"## {kind}", table(("rule", "claim", "severity", "points", "ATT&CK", "when the code runs"), rows)]
    return page("Rules", *blocks)


def row(rule: Rule) -> tuple[str, str, str, int, str, str]:
    """One rule."""
    weights = load_weights()
    points = weights.rules.get(rule.id, weights.severity[rule.severity])
    roles = ", ".join(role for role in Role if role in rule.roles)
    return code(rule.id), rule.title, rule.severity, points, " ".join(rule.techniques), roles
