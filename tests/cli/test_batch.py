"""Batches: a line for each target whatever it is, resumed where they stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from packamal.cli import run
from packamal.cli.batch import name_of
from packamal.cli.exits import Exit


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of two harmless folders and two lines that are no targets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACKAMAL_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.py").write_text("x = 1\n")
    path = tmp_path / "list.txt"
    path.write_text(f"{tmp_path / 'one'}\n# comment\n./two\n\nno-such-file.whl\npkg:nonsense\n./two\n")
    return path


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def targets(path: Path) -> list[str]:
    return sorted(line["target"] for line in lines(path))


def test_every_line_gets_its_report_with_the_target_as_it_stands(
    listed: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "--jsonl", str(listed)]) == Exit.INCOMPLETE
    reports = {report["target"]: report for report in map(json.loads, capfd.readouterr().out.splitlines())}
    assert reports.keys() == {str(tmp_path / "one"), "./two", "no-such-file.whl", "pkg:nonsense"}
    levels = [reports[name]["verdict"]["level"] for name in ("./two", "no-such-file.whl", "pkg:nonsense")]
    assert levels == ["clean", "incomplete", "incomplete"]
    assert "no-such-file.whl" in reports["no-such-file.whl"]["errors"][0]["message"]


def test_a_batch_goes_on_where_it_stopped(listed: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "reports.jsonl"
    command = ["scan", "--jsonl", str(listed), "--output", str(out), "--allow-incomplete"]
    assert run(command) == Exit.BELOW
    first = out.read_text()
    assert len(first.splitlines()) == 4
    capfd.readouterr()
    assert run(command) == Exit.BELOW
    assert out.read_text() == first
    assert "4 of 4 targets have a report already" in capfd.readouterr().err


@pytest.mark.parametrize("kept", [0, 1, -1])
def test_a_half_written_line_is_scanned_again(listed: Path, tmp_path: Path, kept: int) -> None:
    out = tmp_path / "reports.jsonl"
    command = ["scan", "--jsonl", str(listed), "--output", str(out), "--allow-incomplete"]
    run(command)
    whole = targets(out)
    content = out.read_bytes()
    last = content.rstrip(b"\n").rfind(b"\n") + 1
    out.write_bytes(content[:last] + content[last:][: kept if kept >= 0 else -20])
    assert run(command) == Exit.BELOW
    assert targets(out) == whole


def test_a_file_of_something_else_is_left_alone(
    listed: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "precious.txt"
    out.write_text("my notes\n")
    assert run(["scan", "--jsonl", str(listed), "--output", str(out)]) == Exit.USAGE
    assert "line 1 is no report" in capfd.readouterr().err
    assert out.read_text() == "my notes\n"


def test_a_file_without_any_line_end_is_not_emptied(
    listed: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "precious.txt"
    out.write_text("my only line")
    assert run(["scan", "--jsonl", str(listed), "--output", str(out)]) == Exit.USAGE
    assert out.read_text() == "my only line"


def test_several_jobs_give_the_same_reports(listed: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports.jsonl"
    run(["scan", "--jsonl", str(listed), "--output", str(out), "--jobs", "3"])
    assert len(set(targets(out))) == len(targets(out)) == 4


def test_credentials_of_a_line_reach_no_report() -> None:
    assert "secret" not in name_of("https://me:secret@index.example/x.whl")
    assert name_of("./a/b@c.whl") == "./a/b@c.whl"
