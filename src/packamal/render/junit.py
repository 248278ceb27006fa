"""JUnit XML, for CI servers that show tests: a suite for each report, a failure for each finding."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from packamal.model import Evidence, Finding, Level, Problem, Report
from packamal.render import words
from packamal.render.safe import code, prose, visible
from packamal.render.text import place
from packamal.render.view import View

_NO_XML = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")
"""Printable for Python, but no character of XML 1.0."""


FLAGGED = frozenset({Level.SUSPICIOUS, Level.MALICIOUS})
"""What was found in a package that is clean all the same fails no build."""


def junit(reports: Sequence[Report], view: View) -> str:
    """One file."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for report in reports:
        lines.extend(_suite(report))
    return "\n".join((*lines, "</testsuites>", ""))


def _suite(report: Report) -> Iterator[str]:
    is_flagged = report.verdict.level in FLAGGED
    counted = [finding for finding in report.findings if is_flagged and not finding.suppressed]
    partial = [problem for problem in report.errors if problem.is_partial]
    is_fine = not counted and not partial
    count = len(counted) + len(partial) + is_fine
    name = _attribute("name", visible(words.subject(report)))
    seconds = f"{words.total_ms(report) / 1000:.3f}"
    yield f'  <testsuite {name} tests="{count}" failures="{len(counted)}" errors="{len(partial)}" time="{seconds}">'
    yield f"    <properties>{_property('level', report.verdict.level)}{_property('score', str(report.verdict.score))}"
    yield f"      {_property('rules', visible(report.rules_version))}</properties>"
    if is_fine:
        yield f"    <testcase {_attribute('classname', 'packamal')} {_attribute('name', words.MEANS[Level.CLEAN])}/>"
    for finding in counted:
        yield from _finding(finding)
    for problem in partial:
        yield from _problem(problem)
    yield "  </testsuite>"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"    <testcase {_attribute('classname', visible(finding.rule))} {_attribute('name', prose(finding.title))}>"
    message = _attribute("message", prose(finding.says or finding.title))
    text = "\n".join(line for evidence in words.proofs(finding) for line in _proof(evidence))
    yield f"      <failure {message} {_attribute('type', finding.severity)}>{_text(text)}</failure>"
    yield "    </testcase>"


def _proof(evidence: Evidence) -> Iterator[str]:
    yield place(evidence)
    yield from (f"  {line}" for line in code(evidence.snippet))
    if evidence.decoded:
        yield f"  decoded ({', '.join(map(visible, evidence.steps))}):"
        yield from (f"    {line}" for line in code(evidence.decoded))


def _problem(problem: Problem) -> Iterator[str]:
    name = visible(f"{problem.stage} {problem.path}".strip())
    yield f"    <testcase {_attribute('classname', 'packamal')} {_attribute('name', name)}>"
    yield f"      <error {_attribute('message', prose(problem.message))}/>"
    yield "    </testcase>"


def _property(name: str, value: str) -> str:
    return f"<property {_attribute('name', name)} {_attribute('value', value)}/>"


def _attribute(name: str, value: str) -> str:
    return f'{name}="{_text(value)}"'


def _text(value: str) -> str:
    return html.escape(_NO_XML.sub("?", value))
