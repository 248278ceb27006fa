"""What is shown of an analysis before it has a report: where it stands, and what happened when it failed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import NamedTuple

from packamal.render.words import count
from packamal.server.analyses.models import Analysis, Attempt
from packamal.server.analyses.queue import position
from packamal.server.analyses.states import Category, State
from packamal.server.pages import words
from packamal.server.pages.figures import usual_time

PHASES: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("Fetch", "asks the index, loads the files, compares digests", frozenset({"start", "resolve", "fetch"})),
    ("Unpack", "every archive in memory, within limits", frozenset({"archive"})),
    ("Read", "follows code and decodes hidden layers", frozenset()),
    (
        "Look at the rest",
        "known patterns, binaries, images, metadata, names",
        frozenset({"yara", "binary", "bytecode", "images", "pickles", "invisible", "metadata", "typosquat"}),
    ),
    ("Judge", "puts together what was found", frozenset({"verdict"})),
)
"""What a scan does in turn, with the stages that it names; a stage that is not listed is one of reading."""
READ = 2
BAR = 120
"""Width of a bar in its own units."""
FAST_S, SLOW_S = 2, 5
"""How often the page asks, before and after PATIENT_S."""
PATIENT_S = 120
RETRIED_S = 30
FAILED: dict[str, str] = {
    Category.FETCH_FAILED: "The package could not be fetched.",
    Category.NOT_FOUND: "The index does not have this package.",
    Category.TIMEOUT: "It took longer than it may and was stopped.",
    Category.RESOURCE_LIMIT: "It needed more than it may and was stopped.",
    Category.INVALID_INPUT: "The scanner does not take this package.",
    Category.UNSUPPORTED: "This kind of package is not supported.",
}
FAILED_OURS = "The service failed, not the package."


@dataclass(frozen=True, slots=True)
class Phase:
    """One row of the phases."""

    word: str
    text: str
    state: str
    """`done`, `now` or `waits`."""
    progress: str = ""
    bar: int = 0


class Happened(NamedTuple):
    """One attempt."""

    number: int
    at: datetime.datetime
    text: str
    took: datetime.timedelta | None


@dataclass(frozen=True, slots=True)
class Live:
    """All of it."""

    word: str
    text: str
    phases: tuple[Phase, ...]
    elapsed: datetime.timedelta
    usual: datetime.timedelta | None
    every_s: int
    attempts: tuple[Happened, ...]
    phase: str
    """What was said to screen readers last."""


def live_of(row: Analysis, now: datetime.datetime) -> Live:
    """The state of a row that may still change."""
    elapsed = (row.finished_at or now) - (row.started_at or row.created_at)
    word, text = _words(row)
    return Live(
        word=word,
        text=text,
        phases=_phases(row),
        elapsed=max(elapsed, datetime.timedelta(0)),
        usual=usual_time(row.ecosystem),
        every_s=FAST_S if elapsed.total_seconds() < PATIENT_S else SLOW_S,
        attempts=tuple(_happened(attempt) for attempt in row.attempts.order_by("number")),
        phase=word,
    )


def failure(row: Analysis) -> str:
    """One sentence on what went wrong."""
    return FAILED.get(row.error_category, FAILED_OURS)


def whose(row: Analysis) -> str:
    """Whose matter it is."""
    return words.FAULT.get(row.error_category, words.FAULT_OURS)


def _words(row: Analysis) -> tuple[str, str]:
    if row.state == State.QUEUED:
        place = position(row) or 1
        again = "It is tried again: the last attempt met trouble that is not the package's. " if row.attempt else ""
        ahead = (
            "Nothing is before it."
            if place == 1
            else f"{count(place - 1, 'analysis').replace('sis', 'ses')} before it."
        )
        return "Queued", again + (ahead if place != 2 else "1 analysis before it.")
    if row.state == State.RUNNING:
        return (
            f"Running: {PHASES[_index(row.stage)][0].lower()}",
            "No verdict yet. It comes when the last phase has ended.",
        )
    return row.get_state_display(), ""


def _index(stage: str) -> int:
    return next((index for index, phase in enumerate(PHASES) if (stage or "start") in phase[2]), READ)


def _phases(row: Analysis) -> tuple[Phase, ...]:
    at = _index(row.stage) if row.state == State.RUNNING else -1
    return tuple(_phase(row, index, at) for index in range(len(PHASES)))


def _phase(row: Analysis, index: int, at: int) -> Phase:
    word, text, _ = PHASES[index]
    if index < at:
        return Phase(word, text, "done", "done", BAR)
    if index > at:
        return Phase(word, text, "waits")
    total, done = row.steps_total, min(row.steps_done, row.steps_total)
    return Phase(
        word, text, "now", f"{done:,} of {total:,}" if total else "", round(BAR * done / total) if total else 0
    )


def _happened(attempt: Attempt) -> Happened:
    took = attempt.ended_at - attempt.started_at if attempt.ended_at else None
    outcome = attempt.outcome.replace("_", " ") or "runs"
    return Happened(attempt.number, attempt.started_at, outcome, took)
