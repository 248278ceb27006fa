"""The words people read about a report, the same in every format."""

from __future__ import annotations

from collections.abc import Sequence

from packamal.capability import MEANING
from packamal.model import Artifact, Evidence, Finding, Level, Relation, Report, Role

RUNS: dict[Role, str] = {
    Role.INSTALL: "runs at installation",
    Role.STARTUP: "runs at every interpreter start",
    Role.IMPORT: "runs at import",
    Role.CALL: "runs when called",
    Role.NEVER: "is not seen to run",
}
SEEN: dict[Relation, str] = {
    Relation.FLOW: "in one data flow",
    Relation.FUNCTION: "in one function",
    Relation.FILE: "in one file",
    Relation.PACKAGE: "across the package",
}
SHOUT: dict[Level, str] = {level: level.value.upper() for level in Level}
MEANS: dict[Level, str] = {
    Level.CLEAN: "Nothing that was looked for speaks against it. That is no proof that it is safe.",
    Level.SUSPICIOUS: "Something does what malicious packages do, but it may have a good reason.",
    Level.MALICIOUS: "It does what only malicious packages do.",
    Level.INCOMPLETE: "Not everything could be read, so there is no answer.",
}
ADVICE: dict[Level, str] = {
    Level.CLEAN: "Nothing to do.",
    Level.SUSPICIOUS: "Read the evidence before you install it; pin an older version until then.",
    Level.MALICIOUS: "Do not install it. Where it was installed: take every credential on that machine for stolen.",
    Level.INCOMPLETE: "Mend what is named under 'Not read' and scan again; until then treat it as unknown.",
}
REASONS = 3
_RANK = {Level.CLEAN: 0, Level.INCOMPLETE: 1, Level.SUSPICIOUS: 2, Level.MALICIOUS: 3}


def subject(report: Report) -> str:
    """What was judged: the exact package, or the target where there is no name."""
    return report.purl or report.target or "(unnamed)"


def score(report: Report) -> str:
    """`97`, or `at least 34` when parts are missing."""
    at_least = "at least " if report.verdict.level is Level.INCOMPLETE else ""
    return f"{at_least}{report.verdict.score}"


def size(size_bytes: int) -> str:
    """SI: `312 B`, `4.1 kB`, `8.4 MB`."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    power = min((len(str(size_bytes)) - 1) // 3, 3)
    return f"{size_bytes / 1000**power:.1f} {('B', 'kB', 'MB', 'GB')[power]}"


def duration(ms: int) -> str:
    """`4 ms`, `0.8 s`, `46 s`, `1 min 58 s`."""
    if ms < 100:
        return f"{ms} ms"
    seconds = ms / 1000
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def total_ms(report: Report) -> int:
    """Time the scan took: what it says under `total`, else the sum of its stages."""
    return report.timings_ms.get("total", sum(report.timings_ms.values()))


def artifact_line(artifact: Artifact) -> str:
    """`evil-1.0.tar.gz, sdist, 12.4 kB, sha256 0123...`; the name is not made safe here."""
    parts = [artifact.filename, artifact.kind, size(artifact.size_bytes), f"sha256 {artifact.sha256}"]
    return ", ".join(part for part in parts if part)


def proofs(finding: Finding) -> list[Evidence]:
    """The places of a finding, each once."""
    return list(dict.fromkeys(finding.evidence))


def abilities(report: Report) -> list[tuple[str, int]]:
    """What the package is able to do, in words, with how often it was seen; most telling families first."""
    counts: dict[str, int] = {}
    for signal in report.signals:
        title = MEANING[signal.id].title
        counts[title] = counts.get(title, 0) + 1
    return list(counts.items())


def rest_of_reasons(report: Report, shown: int = REASONS) -> str:
    """`4 weaker reasons add 9 points`, or nothing."""
    rest = report.verdict.reasons[shown:]
    if not rest:
        return ""
    points = sum(reason.points for reason in rest)
    return f"{count(len(rest), 'further reason')} {'adds' if len(rest) == 1 else 'add'} {count(points, 'point')}"


def worst_first(reports: Sequence[Report]) -> list[Report]:
    """By level, then score; equal ones keep their order."""
    return sorted(reports, key=lambda report: (-_RANK[report.verdict.level], -report.verdict.score))


def tally(reports: Sequence[Report]) -> str:
    """`3 packages: 1 malicious, 2 clean`."""
    parts = [f"{found} {level.value}" for level in reversed(Level) if (found := sum_of(reports, level))]
    return f"{count(len(reports), 'target')}: {', '.join(parts)}"


def sum_of(reports: Sequence[Report], level: Level) -> int:
    """How many reports have this level."""
    return sum(report.verdict.level is level for report in reports)
