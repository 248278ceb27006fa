"""scan(target) -> Report: the straight line from what the user asked for to the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from packamal import __version__
from packamal.cache import use_folder
from packamal.config import Settings
from packamal.detectors import artifact_diff
from packamal.detectors.base import Observed
from packamal.engine.analysis import Analysed, analyse
from packamal.engine.intake import Intake, take_in
from packamal.engine.merging import merge
from packamal.engine.progress import Progress
from packamal.engine.suppress import suppress
from packamal.engine.trimming import trim
from packamal.errors import AnalysisError
from packamal.lists import rule_folders, use_lists
from packamal.model import Level, Problem, Report, Verdict
from packamal.rules_version import rules_version
from packamal.targets import Target, TargetKind
from packamal.verdict.chains import match
from packamal.verdict.judge import judge
from packamal.verdict.rules import load_rules


def scan(target: Target, settings: Settings, progress: Callable[[Progress], None]) -> Report:
    """Judge one target.

    Raises UsageError for what cannot be a target; everything that goes wrong with the package itself becomes an
    incomplete report that says what did not run.
    """
    started = time.perf_counter()
    use_folder(settings.cache_dir)
    use_lists(settings.lists)
    try:
        intake = take_in(target, settings.offline, progress)
    except AnalysisError as error:
        stage = "fetch" if target.kind is TargetKind.PACKAGE else "archive"
        return failed(target, Problem(stage, str(error)))
    fetched = time.perf_counter()
    report = report_on(target.raw, intake, settings, progress)
    timings = {"intake": round(1000 * (fetched - started)), **report.timings_ms}
    timings["total"] = round(1000 * (time.perf_counter() - started))
    return replace(report, timings_ms=timings)


def failed(target: Target, problem: Problem) -> Report:
    """The report on something that could not be judged at all."""
    return Report(
        target=target.raw,
        purl=target.purl.to_string() if target.purl else "",
        verdict=Verdict(Level.INCOMPLETE, 0),
        errors=(problem,),
        tool_version=__version__,
        rules_version=rules_version(),
    )


def report_on(raw: str, intake: Intake, settings: Settings, progress: Callable[[Progress], None]) -> Report:
    """Analyse what was taken in and judge it."""
    analysed = [analyse(subject, progress) for subject in intake.subjects]
    progress(Progress("verdict", intake.purl or raw))
    observed = merge(
        [*(item.observed for item in analysed), _differences(analysed), Observed(problems=intake.problems)]
    )
    findings = match(
        load_rules((*(Path(folder) for folder in settings.rules), *rule_folders())), observed.signals, observed.flows
    )
    artifacts = tuple(item.artifact for item in analysed)
    findings = suppress(findings, artifacts, settings.suppressions)
    signals, flows = trim(observed.signals, observed.flows)
    return Report(
        target=raw,
        purl=intake.purl,
        verdict=judge(findings, observed.problems),
        artifacts=artifacts,
        findings=findings,
        signals=signals,
        flows=flows,
        errors=observed.problems,
        notes=(*intake.notes, *(note for subject in intake.subjects for note in subject.unpacked.notes)),
        timings_ms=_timings(analysed),
        files=sum(len(subject.unpacked.members) for subject in intake.subjects),
        tool_version=__version__,
        rules_version=rules_version(),
    )


def _differences(analysed: Sequence[Analysed]) -> Observed:
    """What the wheel holds that the sdist does not, where both were judged."""
    by_kind = {item.artifact.kind: item for item in analysed}
    sdist, wheel = by_kind.get("sdist"), by_kind.get("wheel")
    if sdist is None or wheel is None:
        return Observed()
    return artifact_diff.signals_of(sdist.units, wheel.units, wheel.artifact.filename)


def _timings(analysed: Sequence[Analysed]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for item in analysed:
        for stage, took in item.timings_ms.items():
            sums[stage] = sums.get(stage, 0) + took
    return sums
