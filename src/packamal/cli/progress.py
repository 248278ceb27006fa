"""Shows a running scan on standard error: a bar for people, JSON lines for programs, or nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from packamal.config import ProgressMode, Settings
from packamal.engine.pool import Outcome
from packamal.engine.progress import Progress
from packamal.render.safe import PATH_CHARS, visible

if TYPE_CHECKING:
    import rich.progress

BAR_AFTER_S = 0.7
"""Most scans are over by then, and need no library for drawing."""


class Display(Protocol):
    """Watches a pool."""

    def step(self, index: int, progress: Progress) -> None:
        """A child said where it stands."""

    def tick(self) -> None:
        """Time went by."""

    def ended(self, outcome: Outcome) -> None:
        """A target is done."""

    def close(self) -> None:
        """No more follows."""


def display_for(targets: Sequence[str], settings: Settings) -> Display:
    """The display that suits the settings and standard error."""
    mode = settings.progress
    if mode is ProgressMode.JSONL:
        return Lines(targets)
    if mode is ProgressMode.BAR or (mode is ProgressMode.AUTO and sys.stderr.isatty() and not settings.quiet):
        return Bar(targets)
    return Silence()


class Silence:
    """Shows nothing."""

    def step(self, index: int, progress: Progress) -> None:
        """Nothing."""

    def tick(self) -> None:
        """Nothing."""

    def ended(self, outcome: Outcome) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Lines(Silence):
    """A JSON object a line: `event` is `progress` or `done`."""

    def __init__(self, targets: Sequence[str]) -> None:
        self.targets = targets

    def step(self, index: int, progress: Progress) -> None:
        """One line."""
        step = {"stage": progress.stage, "message": progress.message, "done": progress.done, "total": progress.total}
        self._write({"event": "progress", "target": self.targets[index], **step})

    def ended(self, outcome: Outcome) -> None:
        """One line with the answer."""
        verdict = outcome.report.verdict
        target = self.targets[outcome.index]
        self._write({"event": "done", "target": target, "level": verdict.level, "score": verdict.score})

    def _write(self, event: dict[str, object]) -> None:
        sys.stderr.write(json.dumps(event) + "\n")
        sys.stderr.flush()


class Bar(Silence):
    """One line that goes away; drawn by rich, without a thread, since children are forked meanwhile."""

    def __init__(self, targets: Sequence[str]) -> None:
        self.targets = targets
        self.begun = time.monotonic()
        self.done = 0
        self.doing = ""
        self._drawn: rich.progress.Progress | None = None

    def step(self, index: int, progress: Progress) -> None:
        """Show what is read."""
        part = f" {progress.done}/{progress.total}" if progress.total else ""
        self.doing = f"{visible(progress.stage)} {visible(progress.message, PATH_CHARS)}{part}"
        if len(self.targets) > 1:
            self.doing = f"{visible(self.targets[index], PATH_CHARS)}: {self.doing}"
        self.tick()

    def ended(self, outcome: Outcome) -> None:
        """Count it."""
        self.done += 1
        self.tick()

    def tick(self) -> None:
        """Draw, once it took long enough to be worth it."""
        if self._drawn is None:
            if time.monotonic() - self.begun < BAR_AFTER_S:
                return
            self._drawn = _bar(len(self.targets))
            self._drawn.start()
        (task,) = self._drawn.task_ids
        self._drawn.update(task, completed=self.done, description=self.doing)
        self._drawn.refresh()

    def close(self) -> None:
        """Take the line away."""
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn = None


def _bar(total: int) -> rich.progress.Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Drawn
    from rich.table import Column

    several = (BarColumn(bar_width=20), MofNCompleteColumn()) if total > 1 else ()
    text = TextColumn(
        "{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
    )
    columns = (SpinnerColumn(), *several, TimeElapsedColumn(), text)
    drawn = Drawn(*columns, console=Console(stderr=True), auto_refresh=False, transient=True, expand=True)
    drawn.add_task("", total=total)
    return drawn
