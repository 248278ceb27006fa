#!/usr/bin/env python3
"""Recall on labelled malware and false flags on benign archives, with the misses by pattern.

    accuracy.py --corpus DIR --benign DIR [--ecosystem npm] [--limit 50] [--jobs 2] [--rows rows.jsonl]

Samples are decrypted in the memory of a child process and nowhere else. A share comes with its 95 % interval (Wilson).
Recall is printed with and without the samples in which a person found no payload, and as the mean over clusters of
near-duplicates, so that a family that was uploaded often counts once.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import math
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from corpus import ECOSYSTEMS, Sample, benign, malicious, spread
from measuring import keep, print_table, provenance
from scanning import reports

from packamal.model import Level, Report

LEVELS = {"suspicious": {Level.SUSPICIOUS, Level.MALICIOUS}, "malicious": {Level.MALICIOUS}}
"""At this level or above -> the levels that count."""
BOUNDS = {
    "pypi recall at suspicious": 0.85,
    "npm recall at suspicious": 0.80,
    "false flags at suspicious": 0.03,
    "false flags at malicious": 0.005,
}
SHOWN = 60
Z95 = 1.96

Row = tuple[Sample, Report]


def main() -> int:
    """Scan, print, keep; 1 when a bound is missed."""
    arguments = parse()
    samples = choose(arguments)
    started = time.monotonic()
    rows = list(reports(samples, arguments.jobs))
    result = provenance("packamal", "yara-x", "tree-sitter")
    result["labels"] = hashlib.sha256((arguments.corpus / "labels.jsonl").read_bytes()).hexdigest()[:12]
    result["wall_s"] = round(time.monotonic() - started)
    result["rules_version"] = next((report.rules_version for _, report in rows if report.rules_version), "")
    figures = {name: measure([row for row in rows if row[0].ecosystem == name]) for name in ECOSYSTEMS}
    result["figures"] = figures
    show(result, rows)
    if arguments.rows:
        arguments.rows.write_text("".join(json.dumps(stored(row), sort_keys=True) + "\n" for row in rows))
    if arguments.limit is None and arguments.ecosystem == "all":
        print("kept in", keep("accuracy", result))
    return verdict(figures)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR", help="labels.jsonl and the encrypted zips")
    parser.add_argument("--benign", type=Path, required=True, metavar="DIR", help="folder with benign archives")
    parser.add_argument("--ecosystem", choices=[*ECOSYSTEMS, "all"], default="all")
    parser.add_argument("--limit", type=int, help="at most so many of each label and ecosystem, one per cluster first")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--rows", type=Path, help="JSONL, one row per artifact: label, level, score and rules")
    return parser.parse_args()


def choose(arguments: argparse.Namespace) -> list[Sample]:
    """What the command line asks for."""
    wanted = ECOSYSTEMS if arguments.ecosystem == "all" else (arguments.ecosystem,)
    groups = defaultdict(list)
    for sample in (*malicious(arguments.corpus), *benign(arguments.benign)):
        if sample.ecosystem in wanted:
            groups[sample.ecosystem, sample.is_malicious].append(sample)
    return [sample for group in groups.values() for sample in spread(group, arguments.limit)]


def measure(rows: Sequence[Row]) -> dict[str, dict[str, object]]:
    """Level -> its figures."""
    bad = [row for row in rows if row[0].is_malicious]
    good = [row for row in rows if not row[0].is_malicious]
    found: dict[str, dict[str, object]] = {}
    for name, levels in LEVELS.items():

        def is_hit(row: Row, levels: set[Level] = levels) -> bool:
            return row[1].verdict.level in levels

        found[name] = {
            "recall": share(bad, is_hit),
            "recall_with_payload": share([row for row in bad if not row[0].note], is_hit),
            "recall_mean_over_clusters": over_clusters([row for row in bad if not row[0].note], is_hit),
            "false_flags": share(good, is_hit),
        }
    return found


def share(rows: Sequence[Row], test: Callable[[Row], bool]) -> dict[str, object]:
    """How many, with the 95 % interval of Wilson."""
    count, total = sum(map(test, rows)), len(rows)
    if not total:
        return {"count": 0, "of": 0, "share": 0.0, "low": 0.0, "high": 1.0}
    part, spread_ = count / total, 1 + Z95 * Z95 / total
    middle = (part + Z95 * Z95 / (2 * total)) / spread_
    half = Z95 * math.sqrt(part * (1 - part) / total + Z95 * Z95 / (4 * total * total)) / spread_
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return {"count": count, "of": total, "share": round(part, 4), "low": round(low, 4), "high": round(high, 4)}


def over_clusters(rows: Sequence[Row], test: Callable[[Row], bool]) -> float:
    """Mean of the clusters' own recalls."""
    groups = defaultdict(list)
    for row in rows:
        groups[row[0].cluster].append(test(row))
    return round(statistics.mean(statistics.mean(group) for group in groups.values()), 4) if groups else 0.0


def show(result: dict[str, object], rows: Sequence[Row]) -> None:
    """Tables, false flags and misses."""
    print({key: value for key, value in result.items() if key != "figures"})
    figures = result["figures"]
    assert isinstance(figures, dict)
    lines = [
        [ecosystem, level, *map(percent, values.values())]
        for ecosystem, levels in figures.items()
        for level, values in levels.items()
    ]
    print_table(["", "at", "recall", "with payload", "mean over clusters", "false flags"], lines)
    flagged = [row for row in rows if not row[0].is_malicious and row[1].verdict.level in LEVELS["suspicious"]]
    print(f"\nfalse flags: {len(flagged)}")
    for sample, report in flagged:
        reasons = ", ".join(f"{reason.rule} {reason.points:+d}" for reason in report.verdict.reasons[:3])
        print(f"  {sample.ecosystem} {sample.filename} {report.verdict.level} {report.verdict.score}: {reasons}")
    show_misses([row for row in rows if row[0].is_malicious and row[1].verdict.level not in LEVELS["suspicious"]])
    show_incomplete(rows)


def show_misses(missed: Sequence[Row]) -> None:
    """By what was seen in them; the commonest pattern first."""
    print(f"\nmissed: {len(missed)}")
    patterns = defaultdict(list)
    for sample, report in missed:
        patterns[sample.ecosystem, pattern(sample, report)].append(sample)
    for (ecosystem, name), samples in sorted(patterns.items(), key=lambda item: -len(item[1]))[:SHOWN]:
        print(f"  {len(samples):3} {ecosystem} {name}: {', '.join(sample.sha256[:10] for sample in samples[:6])}")


def pattern(sample: Sample, report: Report) -> str:
    """What a miss looks like: the person's note, else what was seen of it, strongest kinds first."""
    if sample.note:
        return "(no payload)"
    if report.findings:
        return "below the threshold: " + ", ".join(sorted({finding.rule for finding in report.findings})[:3])
    kinds = Counter(signal.id.value for signal in report.signals if not signal.id.speaks_for)
    return "no rule for: " + ", ".join(sorted(kinds)[:5]) if kinds else "nothing seen"


def show_incomplete(rows: Sequence[Row]) -> None:
    """Why reports are incomplete."""
    problems = Counter(
        f"{problem.stage}: {problem.message[:90]}"
        for _, report in rows
        if report.verdict.level is Level.INCOMPLETE
        for problem in report.errors[:1]
    )
    print(f"\nincomplete: {sum(problems.values())}")
    for text, count in problems.most_common(20):
        print(f"  {count:3} {text}")


def percent(value: object) -> str:
    """A share with its interval, or a mean."""
    if isinstance(value, dict):
        return f"{value['count']}/{value['of']} = {value['share']:.1%} ({value['low']:.1%} to {value['high']:.1%})"
    return f"{value:.1%}"


def stored(row: Row) -> dict[str, object]:
    """What a row holds: labels and answers, nothing of the sample."""
    sample, report = row
    labels = {key: value for key, value in sample._asdict().items() if key != "path"}
    verdict_ = dataclasses.asdict(report.verdict)
    return {**labels, **verdict_, "rules": [finding.rule for finding in report.findings], "timings": report.timings_ms}


def verdict(figures: dict[str, dict[str, dict[str, object]]]) -> int:
    """Say which bounds are missed."""
    seen: dict[str, list[float]] = defaultdict(list)
    for ecosystem, levels in figures.items():
        for level, values in levels.items():
            recall, flags = values["recall_with_payload"], values["false_flags"]
            assert isinstance(recall, dict)
            assert isinstance(flags, dict)
            seen[f"{ecosystem} recall at {level}"] += [recall["share"]] if recall["of"] else []
            seen[f"false flags at {level}"] += [flags["share"]] if flags["of"] else []
    missed = [
        f"{name}: {value:.1%} against {bound:.1%}"
        for name, bound in BOUNDS.items()
        for value in seen[name]
        if (value < bound if "recall" in name else value > bound)
    ]
    print("\n" + ("bounds missed: " + "; ".join(missed) if missed else "all bounds are met"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
