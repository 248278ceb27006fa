"""Judge artifacts that are in memory: the engine's own path and pool, without the command line and without a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from corpus import Sample
from platformdirs import user_cache_path

from packamal.cache import use_folder
from packamal.config import Settings
from packamal.engine.intake import Intake, subject_of
from packamal.engine.pool import Limits, run
from packamal.engine.progress import Progress
from packamal.engine.scan import report_on
from packamal.model import Report

TIME_LIMIT_S = 120.0
EVERY = 50
"""Artifacts between two lines of progress."""


def reports(samples: Sequence[Sample], jobs: int) -> Iterator[tuple[Sample, Report]]:
    """The report on each sample, as they get done; a sample is opened only in a child that may die."""
    settings = Settings(cache_dir=user_cache_path("packamal", appauthor=False))

    def work(index: int, tell: object) -> Report:
        del tell
        use_folder(settings.cache_dir)
        sample = samples[index]
        subject = subject_of(sample.read(), sample.filename)
        return report_on(sample.filename, Intake(subject.artifact.purl, (subject,)), settings, _silent)

    names = [sample.filename for sample in samples]
    for done, outcome in enumerate(run(names, work, Limits(jobs, TIME_LIMIT_S), _Unwatched()), 1):
        if done % EVERY == 0:
            print(f"{done} of {len(samples)}", file=sys.stderr, flush=True)
        yield samples[outcome.index], outcome.report


def _silent(progress: Progress) -> None:
    del progress


class _Unwatched:
    """Watches nothing."""

    def step(self, index: int, progress: Progress) -> None:
        """Nothing."""

    def tick(self) -> None:
        """Nothing."""
