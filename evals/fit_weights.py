"""Fit the judge's weights on a labelled corpus: logistic regression drawn to the severities, signs held, whole points.

    evals/fit_weights.py --corpus DIR --benign DIR              print the fit and its cross-validation
    evals/fit_weights.py --corpus DIR --benign DIR --write      and write rules/weights.yaml

Features are the rules, valued confidence x role as in verdict/judge.py. The penalty draws each weight to the points its
severity would give, so that a rule the corpus never met keeps a sensible weight. Folds are made of whole clusters.
Thresholds come from the false flags of the held-out folds, never from recall.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from corpus import Sample, benign, malicious
from scanning import reports

from packamal.model import Report, Severity
from packamal.rules_version import rules_version
from packamal.verdict.judge import WEIGHTS, Weights, load_weights, outside
from packamal.verdict.rules import load_rules

FOLDS = 5
STEPS = 1500
RATE = 0.5
SUSPICIOUS_FALSE_FLAGS = 0.0125
MALICIOUS_FALSE_FLAGS = 0.003
PENALTIES = (0.0001, 0.0003, 0.001, 0.003, 0.01)
SLOPE = 10.0
"""Points for one unit of log-odds."""
MOST = {Severity.INFO: 3, Severity.LOW: 8, Severity.MEDIUM: 20, Severity.HIGH: 45, Severity.CRITICAL: 70}
"""Points that a fit may give by severity: a benign corpus of well-known packages meets few install scripts and the
like, so that their absence there must not make an ordinary act condemn a package."""
MOST_IN_FAVOUR = -8.0
"""What speaks for a package is cheap to imitate."""


class Example(NamedTuple):
    """One artifact as the fit sees it."""

    features: dict[str, float]
    is_malicious: bool
    cluster: str
    weight: float
    """Both classes weigh the same in all, each cluster of malware as much as any other."""


@dataclass(frozen=True, slots=True)
class Model:
    """A fit: points of each rule, and the sum at which the odds are even."""

    points: dict[str, float]
    centre: float

    def score(self, features: dict[str, float]) -> float:
        """Score 0 to 100 as the judge would give it."""
        total = sum(self.points[rule] * value for rule, value in features.items())
        return 0.0 if total <= 0 else 100 / (1 + math.exp(-(total - self.centre) / SLOPE))


def main() -> None:
    """Read reports, fit, print, and write when asked."""
    arguments = parse()
    table = load_weights()
    examples = balanced([example(sample, report, table) for sample, report in gather(arguments)])
    prior = prior_points(table)
    best, scores = choose(examples, prior)
    model = fit(examples, prior, best)
    levels = {"suspicious": limit(examples, scores, SUSPICIOUS_FALSE_FLAGS)}
    levels["malicious"] = max(levels["suspicious"] + 5, limit(examples, scores, MALICIOUS_FALSE_FLAGS))
    show(examples, scores, model, levels, best)
    if arguments.write:
        WEIGHTS.write_text(as_yaml(model, table, levels, examples, best), encoding="utf-8")
        print(f"wrote {WEIGHTS.name}")


def parse() -> argparse.Namespace:
    """Arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--benign", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def gather(arguments: argparse.Namespace) -> list[tuple[Sample, Report]]:
    """Scan everything; samples in which a person found no payload teach nothing and are left out."""
    samples = [sample for sample in malicious(arguments.corpus) if not sample.note] + benign(arguments.benign)
    return list(reports(samples, arguments.jobs))


def example(sample: Sample, report: Report, table: Weights) -> Example:
    """Features of one report."""
    features: dict[str, float] = {}
    elsewhere = outside(report.findings, table)
    for finding in report.findings:
        value = table.confidence[finding.confidence] * table.role[finding.role]
        value *= table.elsewhere if finding.rule in elsewhere else 1
        features[finding.rule] = max(value, features.get(finding.rule, 0.0))
    return Example(features, sample.is_malicious, sample.cluster or sample.sha256, 1.0)


def balanced(examples: Sequence[Example]) -> list[Example]:
    """Give both classes the same weight in all, and each cluster of malware the same."""
    sizes: dict[str, int] = {}
    for item in examples:
        sizes[item.cluster] = sizes.get(item.cluster, 0) + 1
    bad = len({item.cluster for item in examples if item.is_malicious})
    good = sum(not item.is_malicious for item in examples)
    return [
        item._replace(weight=0.5 / bad / sizes[item.cluster] if item.is_malicious else 0.5 / good) for item in examples
    ]


def prior_points(table: Weights) -> dict[str, float]:
    """What each rule weighs by its severity; what speaks for a package starts at a small negative weight."""
    return {
        rule.id: -4.0 if rule.id.startswith("for/") else float(table.severity[rule.severity]) for rule in load_rules()
    }


def fit(examples: Sequence[Example], prior: dict[str, float], penalty: float) -> Model:
    """Projected gradient descent on the weighted log loss with a quadratic pull towards the prior."""
    points, centre = dict(prior), 30.0
    for step in range(STEPS):
        rate = RATE * 400 / (1 + step / 300)
        slopes = {rule: 2 * penalty * (value - prior[rule]) / SLOPE for rule, value in points.items()}
        slope_centre = 0.0
        for item in examples:
            total = sum(points[rule] * value for rule, value in item.features.items())
            chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, (total - centre) / SLOPE))))
            pull = item.weight * (chance - item.is_malicious)
            slope_centre -= pull
            for rule, value in item.features.items():
                slopes[rule] += pull * value
        points = {rule: held(rule, value - rate * slopes[rule]) for rule, value in points.items()}
        centre = max(5.0, centre - rate * slope_centre)
    return Model(points, centre)


@functools.cache
def bounds() -> dict[str, tuple[float, float]]:
    """Least and most points of each rule: the sign that its kind has, and no more than its severity allows."""
    return {
        rule.id: (MOST_IN_FAVOUR, 0.0) if rule.id.startswith("for/") else (0.0, float(MOST[rule.severity]))
        for rule in load_rules()
    }


def held(rule: str, value: float) -> float:
    """Keep a weight within its bounds."""
    least, most = bounds()[rule]
    return max(least, min(most, value))


def folds(examples: Sequence[Example]) -> list[int]:
    """Fold of each example, by its cluster."""
    return [int(hashlib.sha256(item.cluster.encode()).hexdigest(), 16) % FOLDS for item in examples]


def held_out(examples: Sequence[Example], prior: dict[str, float], penalty: float) -> list[float]:
    """Score of every example under the model that did not see its cluster."""
    numbers = folds(examples)
    scores = [0.0] * len(examples)
    for fold in range(FOLDS):
        model = fit([item for item, number in zip(examples, numbers, strict=True) if number != fold], prior, penalty)
        for index, number in enumerate(numbers):
            if number == fold:
                scores[index] = model.score(examples[index].features)
    return scores


def choose(examples: Sequence[Example], prior: dict[str, float]) -> tuple[float, list[float]]:
    """The penalty with the best held-out log loss."""
    trials = {penalty: held_out(examples, prior, penalty) for penalty in PENALTIES}
    best = min(trials, key=lambda penalty: loss(examples, trials[penalty]))
    return best, trials[best]


def loss(examples: Sequence[Example], scores: Sequence[float]) -> float:
    """Weighted log loss of held-out scores."""
    total = 0.0
    for item, score in zip(examples, scores, strict=True):
        chance = min(0.99, max(0.01, score / 100))
        total -= item.weight * math.log(chance if item.is_malicious else 1 - chance)
    return total


def limit(examples: Sequence[Example], scores: Sequence[float], false_flags: float) -> int:
    """The lowest whole score at which at most this share of the held-out benign is flagged."""
    good = sorted((score for item, score in zip(examples, scores, strict=True) if not item.is_malicious), reverse=True)
    allowed = int(false_flags * len(good))
    return min(99, max(20, math.floor(good[allowed]) + 1))


def rate(examples: Sequence[Example], scores: Sequence[float], is_malicious: bool, level: int) -> float:
    """Share of a class at or above a score."""
    chosen = [score for item, score in zip(examples, scores, strict=True) if item.is_malicious is is_malicious]
    return sum(score >= level for score in chosen) / len(chosen)


def show(
    examples: Sequence[Example], scores: Sequence[float], model: Model, levels: dict[str, int], penalty: float
) -> None:
    """Print what a person needs to trust the fit."""
    print(
        f"{len(examples)} artifacts, penalty {penalty}, even odds at {model.centre:.0f} points; held out over clusters:"
    )
    for name, level in levels.items():
        caught, flagged = (rate(examples, scores, kind, level) for kind in (True, False))
        print(f"  {name:10} at {level}: recall {caught:.1%}, false flags {flagged:.1%}")
    print("points, and in how many malicious and benign artifacts the rule found something:")
    for rule, value in sorted(model.points.items(), key=lambda pair: -pair[1]):
        met = [sum(rule in item.features for item in examples if item.is_malicious is kind) for kind in (True, False)]
        print(f"  {value:6.1f}  {met[0]:4} {met[1]:4}  {rule}")


def as_yaml(model: Model, table: Weights, levels: dict[str, int], examples: Sequence[Example], penalty: float) -> str:
    """The weights file."""
    bad = sum(item.is_malicious for item in examples)
    lines = [
        "# Points of the judge; src/packamal/verdict/judge.py has the sum. Written by evals/fit_weights.py:",
        f"# {datetime.datetime.now(datetime.UTC).date()}, dev corpus: {bad} malicious, {len(examples) - bad} benign,",
        f"# {FOLDS} folds over clusters, penalty {penalty}, data files {rules_version()} (before this fit).",
        f"severity: {flow(table.severity)}",
        f"confidence: {flow(table.confidence)}",
        f"role: {flow(table.role)}",
        f"elsewhere: {table.elsewhere:g}",
        f"centre: {model.centre:.0f}",
        f"slope: {SLOPE:.0f}",
        f"levels: {flow(levels)}",
        "rules:",
        *(f"  {rule}: {round(value)}" for rule, value in sorted(model.points.items())),
    ]
    return "\n".join(lines) + "\n"


def flow(table: object) -> str:
    """A small table on one line."""
    return json.dumps({str(key): value for key, value in dict(table).items()}).replace('"', "")  # type: ignore[call-overload]


if __name__ == "__main__":
    main()
