"""Markdown, for comments and tickets: the same order as the terminal, nothing of the package as markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from packamal.model import Evidence, Finding, Report
from packamal.render import words
from packamal.render.safe import code, prose, visible
from packamal.render.text import place
from packamal.render.view import View

MAX_FINDINGS = 20
MAX_EVIDENCE = 3
_MARKUP = re.compile(r"^([-+=])|([\\`*_\[\]<>|~$#])")


def markdown(reports: Sequence[Report], view: View) -> str:
    """One report after the other; several begin with a table."""
    parts: list[str] = []
    if len(reports) > 1:
        parts.extend(_table(reports))
    for report in reports:
        parts.extend(_report(report))
    return "\n".join(parts).rstrip() + "\n"


def _plain(text: str) -> str:
    """A sentence with text of the package, nothing in it markup."""
    marked = _MARKUP.sub(r"\\\g<0>", prose(text).replace("&", "&amp;"))
    return marked.replace("@", "@\u200b")  # so that a code host calls nobody


def _span(text: str) -> str:
    """A code span, whatever stands in it."""
    inner = visible(text) or "-"
    ticks = "`" * (max(map(len, re.findall("`+", inner)), default=0) + 1)
    pad = " " if len(ticks) > 1 else ""
    return f"{ticks}{pad}{inner}{pad}{ticks}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _block(lines: Sequence[str]) -> Iterator[str]:
    ticks = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(ticks + 1, 3)
    yield f"{fence}text"
    yield from lines
    yield fence


def _table(reports: Sequence[Report]) -> Iterator[str]:
    yield f"# {words.tally(reports)}"
    yield ""
    yield "| verdict | score | package | first reason |"
    yield "|---|---|---|---|"
    for report in words.worst_first(reports):
        reasons = report.verdict.reasons
        why = _plain(reasons[0].text) if reasons else ""
        row = (report.verdict.level.value, words.score(report), _cell(_span(words.subject(report))), why)
        yield f"| {' | '.join(row)} |"
    yield ""


def _report(report: Report) -> Iterator[str]:
    level = report.verdict.level
    yield f"## {level.value.capitalize()}: {_span(words.subject(report))}"
    yield ""
    yield f"Score {words.score(report)} of 100. {words.MEANS[level]}"
    yield ""
    for number, reason in enumerate(report.verdict.reasons[: words.REASONS], 1):
        yield f"{number}. {_plain(reason.text)} ({reason.points:+d})"
    if more := words.rest_of_reasons(report):
        yield f"\n{more}."
    yield f"\n**{words.ADVICE[level]}**"
    yield ""
    yield from _unread(report)
    yield from _findings(report)
    yield from _judged(report)


def _unread(report: Report) -> Iterator[str]:
    if report.errors:
        yield f"### Not read ({len(report.errors)})"
        yield ""
        for problem in report.errors[:MAX_FINDINGS]:
            where = f" {_span(problem.path)}" if problem.path else ""
            yield f"- {_plain(problem.stage)}{where}: {_plain(problem.message)}"
        yield ""


def _findings(report: Report) -> Iterator[str]:
    if report.findings:
        yield f"### Findings ({len(report.findings)})"
        yield ""
    for finding in report.findings[:MAX_FINDINGS]:
        yield from _finding(finding)
    if len(report.findings) > MAX_FINDINGS:
        yield f"{len(report.findings) - MAX_FINDINGS} weaker findings are left out."
        yield ""


def _finding(finding: Finding) -> Iterator[str]:
    yield f"**{finding.severity.value}: {_plain(finding.title)}** ({_span(finding.rule)})"
    yield ""
    yield _plain(finding.says)
    yield ""
    facts = (words.SEEN[finding.relation], f"confidence {finding.confidence.value}", *finding.techniques)
    yield f"It {words.RUNS[finding.role]}; {', '.join(map(_plain, facts))}."
    if finding.suppressed:
        yield f"Does not count: {_plain(finding.suppressed)}."
    yield ""
    for evidence in words.proofs(finding)[:MAX_EVIDENCE]:
        yield from _proof(evidence)


def _proof(evidence: Evidence) -> Iterator[str]:
    yield _span(place(evidence))
    yield ""
    if evidence.snippet:
        yield from _block(code(evidence.snippet))
        yield ""
    if evidence.decoded:
        yield f"Decoded ({', '.join(map(_plain, evidence.steps))}):"
        yield ""
        yield from _block(code(evidence.decoded))
        yield ""


def _judged(report: Report) -> Iterator[str]:
    yield "### Judged"
    yield ""
    for artifact in report.artifacts:
        yield f"- {_span(words.artifact_line(artifact))}"
    took = words.duration(words.total_ms(report))
    version = f"packamal {_plain(report.tool_version)}, rules {_plain(report.rules_version)}"
    yield f"- {words.count(report.files, 'file')} in {took}, {version}"
    for note in report.notes:
        yield f"- {_plain(note)}"
    yield ""
