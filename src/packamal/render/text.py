"""The face in the terminal: verdict first, three reasons, what to do, then the proof."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from packamal.model import Evidence, Finding, Level, Report, Severity
from packamal.render import words
from packamal.render.safe import NAME_CHARS, PATH_CHARS, code, prose, visible
from packamal.render.view import View

MIN_WIDTH = 40
MAX_WIDTH = 110
"""Longer lines are hard to read."""
MAX_FINDINGS = 20
MAX_EVIDENCE = 3
"""Places shown for one finding; the rest is counted."""
MAX_ABILITIES = 8
LABEL = 10
BANNER: dict[Level, str] = {
    Level.CLEAN: "\x1b[1;97;46m",
    Level.SUSPICIOUS: "\x1b[1;30;103m",
    Level.MALICIOUS: "\x1b[1;97;41m",
    Level.INCOMPLETE: "\x1b[1m",
}
TINT: dict[Level, str] = {
    Level.CLEAN: "\x1b[36m",
    Level.SUSPICIOUS: "\x1b[33m",
    Level.MALICIOUS: "\x1b[31m",
    Level.INCOMPLETE: "\x1b[1m",
}
BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
SEVERE: dict[Severity, str] = {Severity.CRITICAL: BOLD, Severity.HIGH: BOLD}


class Page:
    """Collects lines of one width, with colour or without."""

    def __init__(self, view: View) -> None:
        self.width = max(MIN_WIDTH, min(view.width, MAX_WIDTH))
        self.color = view.color
        self.lines: list[str] = []

    def paint(self, style: str, text: str) -> str:
        """`text` in a style where colours are wanted."""
        return f"{style}{text}{PLAIN}" if self.color and style and text else text

    def add(self, line: str = "") -> None:
        """One line as it is, unless breaking it made a command for a CI server."""
        self.lines.append(line.replace("::", "\\::", 1) if line.lstrip().startswith("::") else line)

    def wrap(self, label: str, text: str, style: str = "", indent: int = LABEL) -> None:
        """A paragraph with a label in the margin."""
        width = max(self.width - indent, MIN_WIDTH // 2)
        for index, line in enumerate(folded(text, width) or [""]):
            margin = label if index == 0 else ""
            self.add(f"{margin:<{indent}}{self.paint(style, line)}".rstrip())


def cells(text: str) -> int:
    """Columns that `text` fills in a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def folded(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns, broken at blanks where there are any."""
    if cells(text) == len(text):
        return textwrap.wrap(text, width, break_on_hyphens=False)
    return textwrap.wrap(text, max(width // 2, 10), break_on_hyphens=False)


def text(reports: Sequence[Report], view: View) -> str:
    """One report after the other; several end with a table."""
    page = Page(view)
    for index, report in enumerate(reports):
        if index:
            page.add()
            page.add(page.paint(DIM, "-" * page.width))
            page.add()
        _report(page, report)
    if len(reports) > 1:
        _summary(page, reports)
    return "\n".join(page.lines) + "\n"


def _report(page: Page, report: Report) -> None:
    _banner(page, report)
    _reasons(page, report)
    _judged(page, report)
    _unread(page, report)
    _findings(page, report)
    _abilities(page, report)


def _banner(page: Page, report: Report) -> None:
    level = report.verdict.level
    word = f" {words.SHOUT[level]} "
    if level is Level.INCOMPLETE:
        word = f"- -{word}- -"
    name = visible(words.subject(report), 2 * NAME_CHARS)
    points = f"score {words.score(report)} of 100"
    gap = page.width - cells(word) - 2 - cells(name) - 2 - len(points)
    tail = " " * max(gap + 2, 2) + points if gap >= 0 else ""
    page.add(f"{page.paint(BANNER[level], word)}  {page.paint(BOLD, name)}{page.paint(DIM, tail)}")
    if gap < 0:
        page.add(page.paint(DIM, points))
    page.add()


def _reasons(page: Page, report: Report) -> None:
    level = report.verdict.level
    reasons = report.verdict.reasons
    for index, reason in enumerate(reasons[: words.REASONS], 1):
        mark = f"{reason.points:+d}"
        page.wrap(f"{'Why' if index == 1 else '':<6}{index:>2}", f"{prose(reason.text)} ({mark})")
    if more := words.rest_of_reasons(report):
        page.wrap("", f"{more}.", DIM)
    if level in (Level.CLEAN, Level.INCOMPLETE) or not reasons:
        page.wrap("Means", words.MEANS[level])
    page.wrap("Do", words.ADVICE[level], TINT[level] if level is not Level.CLEAN else "")
    page.add()


def _judged(page: Page, report: Report) -> None:
    for index, artifact in enumerate(report.artifacts):
        name = visible(artifact.filename, PATH_CHARS)
        page.wrap(
            "Judged" if index == 0 else "", f"{name}  {visible(artifact.kind)}  {words.size(artifact.size_bytes)}"
        )
        page.add(f"{'':<{LABEL}}{page.paint(DIM, f'sha256 {visible(artifact.sha256)}')}")  # whole, to be copied
    tool = f"packamal {visible(report.tool_version)}, rules {visible(report.rules_version) or 'unknown'}"
    took = words.duration(words.total_ms(report))
    page.wrap("" if report.artifacts else "Judged", f"{words.count(report.files, 'file')} in {took}, {tool}")
    for index, note in enumerate(report.notes):
        page.wrap("Note" if index == 0 else "", prose(note))


def _unread(page: Page, report: Report) -> None:
    if not report.errors:
        return
    page.add()
    page.add(page.paint(BOLD, f"Not read ({len(report.errors)})"))
    for problem in report.errors[:MAX_FINDINGS]:
        place = f"{visible(problem.path, PATH_CHARS)}: " if problem.path else ""
        weight = "" if problem.is_partial else " (nothing of the package is missing)"
        page.wrap(visible(problem.stage, LABEL), f"{place}{prose(problem.message)}{weight}", indent=LABEL + 2)
    if len(report.errors) > MAX_FINDINGS:
        page.wrap("", f"and {len(report.errors) - MAX_FINDINGS} more", DIM)


def _findings(page: Page, report: Report) -> None:
    if not report.findings:
        return
    page.add()
    page.add(page.paint(BOLD, f"Findings ({len(report.findings)})"))
    for finding in report.findings[:MAX_FINDINGS]:
        _finding(page, finding)
    if len(report.findings) > MAX_FINDINGS:
        page.add()
        page.wrap(
            "", f"{len(report.findings) - MAX_FINDINGS} weaker findings are left out here; --format json has all."
        )


def _finding(page: Page, finding: Finding) -> None:
    page.add()
    page.wrap(finding.severity.value, prose(finding.title), SEVERE.get(finding.severity, ""))
    if finding.says and finding.says != finding.title:
        page.wrap("", prose(finding.says))
    facts = (visible(finding.rule), words.RUNS[finding.role], words.SEEN[finding.relation])
    techniques = (f"confidence {finding.confidence.value}", *map(visible, finding.techniques))
    page.wrap("", ", ".join(facts + techniques), DIM)
    if finding.suppressed:
        page.wrap("", f"does not count: {prose(finding.suppressed)}", DIM)
    proofs = words.proofs(finding)
    for evidence in proofs[:MAX_EVIDENCE]:
        for line in _evidence(page, evidence):
            page.add(line)
    if len(proofs) > MAX_EVIDENCE:
        page.wrap("", f"and {words.count(len(proofs) - MAX_EVIDENCE, 'more place')}", DIM)


def place(evidence: Evidence) -> str:
    """`setup.py:12 in evil-1.0.tar.gz`, made visible."""
    line = f":{evidence.line}" if evidence.line else ""
    inside = f" in {visible(evidence.artifact, PATH_CHARS)}" if evidence.artifact else ""
    return f"{visible(evidence.path, PATH_CHARS)}{line}{inside}" if evidence.path else inside.removeprefix(" in ")


def _evidence(page: Page, evidence: Evidence) -> Iterator[str]:
    margin = " " * LABEL
    room = page.width - LABEL - 2
    for line in folded(place(evidence), room):
        yield f"{margin}{page.paint(BOLD, line)}"
    for line in code(evidence.snippet) if evidence.snippet else ():
        yield from _quoted(line, room, f"{margin}| ")
    if evidence.decoded:
        steps = ", ".join(map(visible, evidence.steps)) or "hidden text"
        for line in folded(f"`- decoded ({steps}):", room):
            yield f"{margin}{page.paint(DIM, line)}"
        for line in code(evidence.decoded):
            yield from _quoted(line, room - 3, f"{margin}   | ")


def _quoted(line: str, room: int, margin: str) -> Iterator[str]:
    if cells(line) <= room:
        yield f"{margin}{line}".rstrip()
        return
    step = room if cells(line) == len(line) else max(room // 2, 1)
    for start in range(0, len(line), step):
        yield f"{margin}{line[start : start + step]}".rstrip()


def _abilities(page: Page, report: Report) -> None:
    found = words.abilities(report)
    if not found:
        return
    page.add()
    shown = [f"{title.lower()} ({times})" for title, times in found[:MAX_ABILITIES]]
    more = f", and {len(found) - MAX_ABILITIES} more" if len(found) > MAX_ABILITIES else ""
    page.wrap("Able to", f"{', '.join(shown)}{more}", DIM)


def _summary(page: Page, reports: Sequence[Report]) -> None:
    page.add()
    page.add(page.paint(DIM, "-" * page.width))
    page.add()
    page.add(page.paint(BOLD, words.tally(reports)))
    for report in words.worst_first(reports):
        level = report.verdict.level
        why = report.verdict.reasons[0].text if report.verdict.reasons else ""
        if level is Level.INCOMPLETE and report.errors:
            why = report.errors[0].message
        bound = ">=" if level is Level.INCOMPLETE else ""
        head = f"{page.paint(TINT[level], f'{level.value:<11}')}{bound + str(report.verdict.score):>5}  "
        name = visible(words.subject(report), NAME_CHARS)
        tail = page.width - 18 - cells(name) - 2
        page.add(f"{head}{name}{'  ' + page.paint(DIM, prose(why, max(tail, 26))) if why and tail >= 26 else ''}")
