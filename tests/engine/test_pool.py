"""The pool: whatever a child does, every target gets its report, in time, and no process stays behind."""

from __future__ import annotations

import faulthandler
import os
import signal
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from packamal.engine import worker as child_side
from packamal.engine.pool import Limits, Outcome, run
from packamal.engine.progress import Progress
from packamal.errors import NotFoundError
from packamal.model import Level, Report, Verdict

Tell = Callable[[Progress], None]


class Watched:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, Progress]] = []
        self.ticks = 0

    def step(self, index: int, progress: Progress) -> None:
        self.steps.append((index, progress))

    def tick(self) -> None:
        self.ticks += 1


def fine(index: int) -> Report:
    return Report(f"t{index}", "", Verdict(Level.CLEAN, index % 100))


def look(work: Callable[[int, Tell], Report], count: int = 1, limits: Limits | None = None) -> list[Outcome]:
    outcomes = list(run([f"t{i}" for i in range(count)], work, limits or Limits(), Watched()))
    assert sorted(outcome.index for outcome in outcomes) == list(range(count))
    return sorted(outcomes, key=lambda outcome: outcome.index)


def problem(outcome: Outcome) -> str:
    assert outcome.report.verdict.level is Level.INCOMPLETE
    assert outcome.report.target == f"t{outcome.index}"
    (found,) = outcome.report.errors
    return f"{found.stage}: {found.message}"


def children() -> set[str]:
    """Pids of this process's children; services that other tests keep running are among them."""
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}


@pytest.fixture(autouse=True)
def known_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "KNOWN", children())


KNOWN: set[str] = set()


def no_child_is_left() -> bool:
    return children() <= KNOWN


def test_every_target_gets_its_report_from_several_children() -> None:
    outcomes = look(lambda index, tell: fine(index), 25, Limits(jobs=3))
    assert [outcome.report for outcome in outcomes] == [fine(index) for index in range(25)]
    assert no_child_is_left()


def test_a_child_serves_many_targets_and_is_replaced_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_side, "RETIRE_AFTER", 3)
    pids = [
        outcome.report.purl for outcome in look(lambda i, tell: Report(f"t{i}", str(os.getpid()), fine(i).verdict), 7)
    ]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]
    assert str(os.getpid()) not in pids


def test_a_child_that_grew_large_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_side, "RETIRE_RSS_KB", 1)
    outcomes = look(lambda i, tell: Report(f"t{i}", str(os.getpid()), fine(i).verdict), 3)
    assert len({outcome.report.purl for outcome in outcomes}) == 3


def test_a_late_child_is_killed_and_the_report_says_where_it_stood() -> None:
    def work(index: int, tell: Tell) -> Report:
        tell(Progress("python", "setup.py"))
        if index == 1:
            time.sleep(60)
        return fine(index)

    start = time.monotonic()
    outcomes = look(work, 3, Limits(time_limit_s=0.4))
    assert time.monotonic() - start < 10
    assert problem(outcomes[1]).startswith("python: stopped at the time limit of 0.4 s while python: setup.py")
    assert [outcome.report.verdict.level for outcome in outcomes[::2]] == [Level.CLEAN, Level.CLEAN]
    assert no_child_is_left()


def test_a_child_that_loops_in_c_without_answering_signals_is_killed_too() -> None:
    def work(index: int, tell: Tell) -> Report:
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        while True:
            pass

    assert "time limit" in problem(look(work, 1, Limits(time_limit_s=0.3))[0])


def test_a_child_that_crashes_is_named_by_its_signal_and_the_next_target_goes_on() -> None:
    def work(index: int, tell: Tell) -> Report:
        if index == 0:
            tell(Progress("javascript", "a.js"))
            faulthandler.disable()
            os.kill(os.getpid(), signal.SIGSEGV)
        return fine(index)

    outcomes = look(work, 2)
    assert problem(outcomes[0]) == "javascript: the process that read it ended with SIGSEGV while javascript: a.js"
    assert outcomes[1].report == fine(1)


def test_an_error_on_purpose_keeps_its_kind() -> None:
    def work(index: int, tell: Tell) -> Report:
        raise NotFoundError("no such package; check the name")

    (outcome,) = look(work)
    assert isinstance(outcome.error, NotFoundError)
    assert problem(outcome) == "start: no such package; check the name"


def test_a_bug_is_a_state_with_its_traceback_apart() -> None:
    def work(index: int, tell: Tell) -> Report:
        raise KeyError("surprise")

    (outcome,) = look(work)
    assert "internal error while start: starting: KeyError in test_pool.py:" in problem(outcome)
    assert "Traceback" not in problem(outcome)
    assert "Traceback" in outcome.detail


def test_a_child_that_wants_too_much_memory_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_side, "MEMORY_BYTES", 600 << 20)

    def work(index: int, tell: Tell) -> Report:
        if index == 0:
            bytearray(900 << 20)
        return fine(index)

    outcomes = look(work, 2)
    assert "memory" in problem(outcomes[0])
    assert outcomes[1].report == fine(1)


@pytest.mark.parametrize(
    "said",
    [
        b"R\0\0\0\0\2{}",
        b"R\0\0\0\0\5hello",
        b"R\0\xff\xff\xff\xff",
        b"X\0\0\0\0\2[]",
        b"P\0\0\0\0\2[]",
        b'P\0\0\0\0\x0f["a","b",1,"x"]',
        b"E\0\0\0\0\3[1]",
    ],
)
def test_a_child_that_was_taken_over_cannot_say_what_is_no_report(said: bytes) -> None:
    def work(index: int, tell: Tell) -> Report:
        if index == 0:
            for fd in range(3, 64):
                try:
                    if stat.S_ISFIFO(os.fstat(fd).st_mode):
                        os.write(fd, said)
                except OSError:
                    continue
            os._exit(0)
        return fine(index)

    outcomes = look(work, 2)
    assert problem(outcomes[0])
    assert outcomes[1].report == fine(1)


def test_a_child_holds_no_open_file_of_its_parent(tmp_path: Path) -> None:
    def work(index: int, tell: Tell) -> Report:
        for fd in range(3, 64):
            try:
                os.write(fd, b"hostile") if stat.S_ISREG(os.fstat(fd).st_mode) else None
            except OSError:
                continue
        return fine(index)

    path = tmp_path / "report.json"
    with path.open("wb", buffering=0):
        assert look(work)[0].report == fine(0)
    assert path.read_bytes() == b""


def test_progress_is_seen_by_who_watches() -> None:
    def work(index: int, tell: Tell) -> Report:
        tell(Progress("archive", "x.tgz", 1, 4))
        return fine(index)

    watched = Watched()
    list(run(["t0"], work, Limits(), watched))
    assert watched.steps == [(0, Progress("archive", "x.tgz", 1, 4))]


def test_fast_progress_is_thinned_out() -> None:
    def work(index: int, tell: Tell) -> Report:
        for step in range(10_000):
            tell(Progress("python", str(step)))
        return fine(index)

    watched = Watched()
    list(run(["t0"], work, Limits(), watched))
    assert 1 <= len(watched.steps) < 100


def test_who_watches_may_redraw_while_a_child_is_silent() -> None:
    def work(index: int, tell: Tell) -> Report:
        time.sleep(0.8)
        return fine(index)

    watched = Watched()
    list(run(["t0"], work, Limits(), watched))
    assert 2 <= watched.ticks <= 5


def test_stopping_early_leaves_no_process_behind() -> None:
    def work(index: int, tell: Tell) -> Report:
        if index:
            time.sleep(60)
        return fine(index)

    outcomes = run(["t0", "t1", "t2"], work, Limits(jobs=3), Watched())
    assert next(outcomes).index == 0
    outcomes.close()
    assert no_child_is_left()


def test_what_a_child_prints_reaches_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    def work(index: int, tell: Tell) -> Report:
        os.write(1, b"out")
        os.write(2, b"err")
        return fine(index)

    look(work)
    assert capfd.readouterr() == ("", "")


def test_no_targets_need_no_child() -> None:
    assert list(run([], lambda index, tell: fine(index), Limits(), Watched())) == []
