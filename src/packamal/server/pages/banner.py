"""The verdict banner: what it is, why, how sure, what to do; each level has its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from packamal.model import Level, Problem, Report
from packamal.render import words as report_words
from packamal.server.analyses.models import Analysis
from packamal.server.pages import words
from packamal.server.pages.proofs import Shown, proof_of
from packamal.verdict.judge import load_weights

REASONS = 3
BAR = 84
SCALE = 248
"""Width of the scale in its own units."""
NUMBER = 30
"""Room for the number at the end of the scale."""
SECRETS = frozenset({"cred", "env", "browser", "wallet", "messenger"})


@dataclass(frozen=True, slots=True)
class Why:
    """One reason."""

    number: int
    text: str
    """Holds text of the package."""
    detail: str = ""
    """Path and line, or what follows; text of the package."""
    anchor: str = ""
    points: int | None = None
    bar: int = 0
    """Width of its bar, of BAR."""


class Next(NamedTuple):
    """One thing to do."""

    text: str
    detail: str = ""
    link: str = ""
    word: str = ""
    copy: str = ""


class Mark(NamedTuple):
    """A number under the scale."""

    x: int
    text: str

    @property
    def label_x(self) -> int:
        """Where its number stands: beside that of the end, not on it."""
        return min(self.x, SCALE - NUMBER)


@dataclass(frozen=True, slots=True)
class Banner:
    """All of it."""

    badge: words.Badge
    line: str
    heading: str
    next_heading: str
    score: int
    more: tuple[str, ...] = ()
    reasons: tuple[Why, ...] = ()
    rest: str = ""
    steps: tuple[Next, ...] = ()
    says: tuple[str, ...] = ()
    """Sentences instead of steps."""
    confidence: str = ""
    marks: tuple[Mark, ...] = field(default_factory=lambda: _marks())

    @property
    def at(self) -> float:
        """Where the score stands on the scale."""
        return round(self.score * SCALE / 100, 1)


_FLAGGED = {
    Level.MALICIOUS: "Do not install it.",
    Level.SUSPICIOUS: "Do not install it before somebody has looked.",
}


def banner(row: Analysis, report: Report, shown: list[Shown], previous: Analysis | None) -> Banner:
    """The banner of a report; `previous` is the version judged before, if any."""
    return _BANNERS[report.verdict.level](row, report, shown, previous)


def _malicious(row: Analysis, report: Report, shown: list[Shown], previous: Analysis | None) -> Banner:
    steps = [Next("Block this version", _pin(previous), copy=row.purl, word="Copy purl")]
    indicators = _file(row, "indicators.csv")
    steps.append(Next("Find where it was installed", "Hosts, files and digests to look for.", indicators, "Indicators"))
    if any(signal.id.family in SECRETS for signal in report.signals):
        steps.append(Next("Rotate every secret", "On each machine that installed it."))
    steps.append(Next("Confirm and report", "An advisory draft is ready.", _file(row, "osv.json"), "OSV draft"))
    return _flagged(row, report, shown, previous, tuple(steps))


def _suspicious(row: Analysis, report: Report, shown: list[Shown], previous: Analysis | None) -> Banner:
    steps = (
        Next("Read the proof", "It may have a good reason; the findings say what would be fine."),
        Next("Hold this version back", _pin(previous), copy=row.purl, word="Copy purl"),
        Next("Decide", "Your decision is kept beside the machine's."),
    )
    return _flagged(row, report, shown, previous, steps)


def _flagged(
    row: Analysis, report: Report, shown: list[Shown], previous: Analysis | None, steps: tuple[Next, ...]
) -> Banner:
    level = report.verdict.level
    return Banner(
        badge=words.LEVELS[level],
        line=_FLAGGED[level],
        heading="Why, in order of weight",
        next_heading="What to do next",
        score=report.verdict.score,
        more=_context(row, previous),
        reasons=reasons(report, shown),
        rest=_rest(report),
        steps=steps,
        confidence=_confidence(report, shown),
    )


def _clean(row: Analysis, report: Report, shown: list[Shown], previous: Analysis | None) -> Banner:
    read = f"{report_words.count(report.files, 'file')} read, in every layer that could be decoded."
    weak = [one for one in shown if not one.finding.suppressed]
    points = sum(reason.points for reason in report.verdict.reasons)
    seen = (
        "Nothing was found." if not weak else f"{report_words.count(len(weak), 'weak finding')} with {points} points."
    )
    return Banner(
        badge=words.LEVELS[Level.CLEAN],
        line="Everything could be read. Nothing counts against it.",
        heading="Why",
        next_heading="What this means",
        score=report.verdict.score,
        more=_context(row, previous),
        reasons=(
            Why(1, "The source was read completely", read),
            Why(2, "Its metadata hold nothing that counts", "Name, version, links, people, dependencies."),
            Why(3, "No chain of abilities makes an attack", seen),
        ),
        says=(
            "No reason to hold it back.",
            f"It is an answer under the rules {report.rules_version}, not a promise: the package was read and not run. "
            "When the rules change, analyse it again.",
        ),
    )


def _incomplete(row: Analysis, report: Report, shown: list[Shown], previous: Analysis | None) -> Banner:
    missing = [problem for problem in report.errors if problem.is_partial]
    told = [_missing(number, problem) for number, problem in enumerate(missing[: REASONS - 1], 1)]
    counted = reasons(report, shown)[: REASONS - len(told)]
    told += [
        Why(number, why.text, why.detail, why.anchor, why.points, why.bar)
        for number, why in enumerate(counted, len(told) + 1)
    ]
    count = report_words.count(len(missing), "part")
    more = len(missing) - (REASONS - 1)
    return Banner(
        badge=words.LEVELS[Level.INCOMPLETE],
        line=f"Not a clean result. {count} of the package {'was' if len(missing) == 1 else 'were'} not judged.",
        heading="What is missing, and what we saw",
        next_heading="What to do next",
        score=report.verdict.score,
        reasons=tuple(told),
        rest=f"{report_words.count(more, 'more part')} not judged." if more > 0 else "",
        steps=(
            Next("Treat it as not approved", "A gate fails on incomplete (exit code 3)."),
            Next("Run it again", "When the cause named below is mended.", word="again"),
            Next("Or decide by hand", "What could be judged is below."),
        ),
    )


_BANNERS: dict[Level, Callable[[Analysis, Report, list[Shown], Analysis | None], Banner]] = {
    Level.MALICIOUS: _malicious,
    Level.SUSPICIOUS: _suspicious,
    Level.CLEAN: _clean,
    Level.INCOMPLETE: _incomplete,
}


def reasons(report: Report, shown: list[Shown]) -> tuple[Why, ...]:
    """The heaviest ones, with the place of their proof."""
    heaviest = max((abs(reason.points) for reason in report.verdict.reasons), default=0) or 1
    found = []
    for number, reason in enumerate(report.verdict.reasons[:REASONS], 1):
        proof = proof_of(reason.rule, shown)
        place = proof.evidence if proof else None
        detail = f"{place.path}:{place.line}" if place and place.line else place.path if place else ""
        width = round(BAR * abs(reason.points) / heaviest)
        found.append(Why(number, reason.text, detail, proof.anchor if proof else "", reason.points, width))
    return tuple(found)


def _missing(number: int, problem: Problem) -> Why:
    where = f"{problem.stage}: {problem.path}" if problem.path else problem.stage
    return Why(number, problem.message, where, "errors")


def _rest(report: Report) -> str:
    said = report_words.rest_of_reasons(report, REASONS)
    return f"{said}." if said else ""


def _context(row: Analysis, previous: Analysis | None) -> tuple[str, ...]:
    judged = f"Judged: {row.version} only"
    return (judged, f"Before: {previous.version}, {previous.level}") if previous else (judged,)


def _pin(previous: Analysis | None) -> str:
    is_good = previous is not None and previous.level == Level.CLEAN
    return f"Pin {previous.version}, which is clean." if previous and is_good else "No clean version is known here."


def _confidence(report: Report, shown: list[Shown]) -> str:
    rules = [reason.rule for reason in report.verdict.reasons[:1]]
    return next((one.finding.confidence.value for one in shown if one.finding.rule in rules), "")


def _file(row: Analysis, name: str) -> str:
    return f"/analyses/{row.pk}/files/{name}"


def _marks() -> tuple[Mark, ...]:
    weights = load_weights()
    return tuple(
        Mark(round(score * SCALE / 100), str(score)) for score in (0, weights.suspicious, weights.malicious, 100)
    )
