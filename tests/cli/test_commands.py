"""The command line as people and scripts meet it: help, results, exit codes, one-line errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from packamal import cli
from packamal.cli import COMMANDS, run
from packamal.cli.exits import Exit, of_error
from packamal.cli.threshold import of_reports
from packamal.config import Settings
from packamal.errors import ArchiveError, FetchError, NotFoundError, RuleError, SettingsError, TargetError
from packamal.model import Level, Report, Verdict

PROGRAM = [sys.executable, "-m", "packamal"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in a folder without settings, with a cache of its own."""
    for name in list(os.environ):
        if name.startswith("PACKAMAL_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("PACKAMAL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A harmless folder to scan."""
    folder = tmp_path / "harmless"
    folder.mkdir()
    (folder / "setup.py").write_text('from setuptools import setup\nsetup(name="harmless", version="1")\n')
    return folder


def stored(level: Level, score: int = 0) -> Report:
    return Report("t", "pkg:pypi/t@1", Verdict(level, score))


def one_line(text: str) -> str:
    assert text.startswith("packamal: error: ")
    assert text.count("\n") == 1
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize(
    "arguments", [["-h"], ["--help"], *([name, "-h"] for name in COMMANDS), ["rules", "test", "-h"]]
)
def test_help_is_there_with_examples(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == Exit.BELOW
    text = capsys.readouterr().out
    assert "Usage: packamal" in text
    assert "Example" in text or len(arguments) == 3


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_the_command_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run([name, "--help"])
    assert COMMANDS[name].split()[0] in capsys.readouterr().out


def test_every_setting_of_scan_shows_its_variable_and_default(capsys: pytest.CaptureFixture[str]) -> None:
    run(["scan", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "[default: malicious] [env: PACKAMAL_FAIL_ON]" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sacn"], "No such command 'sacn'"),
        (["scan"], "nothing to scan"),
        (["scan", "--bogus"], "No such option"),
        (["scan", "pkg:nonsense"], "is no package address"),
        (["scan", "pkg:gem/rails@1"], "gem"),
        (["scan", "no-such-file.tgz"], "no-such-file.tgz"),
        (["scan", "--jobs", "many", "x"], "--jobs: a whole number"),
        (["scan", "--format", "docx", "x"], "format: one of text, json"),
        (["scan", "--jsonl", "list", "x"], "not both"),
        (["scan", "--jsonl", "no-such-list"], "no-such-list cannot be read"),
        (["report", "no-such-report"], "no-such-report cannot be read"),
        (["explain", "no/such-rule"], "no rule is called no/such-rule"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == Exit.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert says in one_line(err)


def test_control_characters_of_a_target_reach_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "a\x1b[31m\u202eb\nc"]) == Exit.USAGE
    assert one_line(capsys.readouterr().err)[:-1].isprintable()


def test_an_unexpected_error_is_one_line_and_exit_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def boom(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(cli.program, "main", boom)
    assert run(["scan", "x"]) == Exit.INCOMPLETE
    assert "run with -v" in one_line(capsys.readouterr().err)
    assert run(["scan", "-v", "x"]) == Exit.INCOMPLETE
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("levels", "fail_on", "code"),
    [
        ([Level.CLEAN], Level.MALICIOUS, Exit.BELOW),
        ([Level.SUSPICIOUS], Level.MALICIOUS, Exit.BELOW),
        ([Level.SUSPICIOUS], Level.SUSPICIOUS, Exit.FLAGGED),
        ([Level.CLEAN, Level.MALICIOUS], Level.MALICIOUS, Exit.FLAGGED),
        ([Level.MALICIOUS], None, Exit.BELOW),
        ([Level.INCOMPLETE, Level.CLEAN], Level.MALICIOUS, Exit.INCOMPLETE),
        ([Level.INCOMPLETE, Level.MALICIOUS], Level.MALICIOUS, Exit.FLAGGED),
        ([Level.INCOMPLETE], Level.SUSPICIOUS, Exit.INCOMPLETE),
        ([], Level.MALICIOUS, Exit.BELOW),
    ],
)
def test_the_exit_code_follows_the_threshold(levels: list[Level], fail_on: Level | None, code: Exit) -> None:
    assert of_reports(map(stored, levels), Settings(fail_on=fail_on)) is code


def test_incomplete_can_be_allowed() -> None:
    assert of_reports([stored(Level.INCOMPLETE)], Settings(allow_incomplete=True)) is Exit.BELOW


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TargetError, Exit.USAGE),
        (SettingsError, Exit.USAGE),
        (RuleError, Exit.USAGE),
        (NotFoundError, Exit.INCOMPLETE),
        (FetchError, Exit.INCOMPLETE),
        (ArchiveError, Exit.INCOMPLETE),
    ],
)
def test_errors_have_their_exit_code(error: type[Exception], code: Exit) -> None:
    assert of_error(error("x")) is code


def test_a_clean_folder_gives_a_report_on_standard_output_and_nothing_else(
    package: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", str(package)]) == Exit.BELOW
    out, err = capfd.readouterr()
    assert out.startswith(" CLEAN ")
    assert "\x1b" not in out
    assert err == ""


def test_json_is_one_object_for_one_target_and_an_array_for_several(
    package: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(["scan", str(package), "--format", "json"])
    assert json.loads(capfd.readouterr().out)["target"] == str(package)
    run(["scan", str(package), str(package / "setup.py"), "--format", "json"])
    out = json.loads(capfd.readouterr().out)
    assert [report["target"] for report in out] == [str(package), str(package / "setup.py")]


def test_colours_come_when_asked_for_and_not_into_a_pipe(package: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(["scan", str(package), "--color", "always"])
    assert "\x1b[" in capfd.readouterr().out
    run(["scan", str(package), "--color", "always", "--no-color"])
    assert "\x1b[" not in capfd.readouterr().out


def test_the_result_can_go_to_a_file(package: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r.json"
    assert run(["scan", str(package), "--format", "json", "--output", str(out)]) == Exit.BELOW
    assert capfd.readouterr().out == ""
    assert json.loads(out.read_text())["verdict"]["level"] == "clean"
    assert [path.name for path in tmp_path.glob(".*.part")] == []


def test_a_file_that_cannot_be_written_is_a_usage_error(package: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(package), "--output", "no/such/folder/r.json"]) == Exit.USAGE
    assert "cannot be written" in one_line(capfd.readouterr().err)


def test_progress_for_programs_is_a_json_object_a_line(package: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(["scan", str(package), "--progress", "jsonl"])
    events = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert events[-1] == {"event": "done", "target": str(package), "level": "clean", "score": 0}
    assert {event["event"] for event in events[:-1]} == {"progress"}


def test_every_report_says_what_whoever_made_it_wants_said(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken-1.0.tar.gz"
    broken.write_bytes(b"\x1f\x8b\x08\x00nonsense")
    monkeypatch.setenv("PACKAMAL_NOTE", "made\x1b[2J here")
    run(["scan", str(package), str(broken), "--format", "jsonl"])
    reports = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [report["notes"][0] for report in reports] == ["made\x1b[2J here"] * 2
    run(["scan", str(package), "--note", "by hand\x1b[2J"])
    out = capfd.readouterr().out
    assert "by hand" in out
    assert "\x1b[2J" not in out


def test_a_broken_archive_is_incomplete_and_exit_3(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken-1.0.tar.gz"
    broken.write_bytes(b"\x1f\x8b\x08\x00nonsense")
    assert run(["scan", str(broken)]) == Exit.INCOMPLETE
    out, err = capfd.readouterr()
    assert "INCOMPLETE" in out
    assert "CLEAN" not in out + err
    assert "Traceback" not in out + err


def test_a_list_on_standard_input_is_scanned(
    package: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.run(
        [*PROGRAM, "scan", "--format", "jsonl", "-"],
        input=f"# a comment\n{package}\n\n{package}/\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert [json.loads(line)["target"] for line in done.stdout.splitlines()] == [str(package), f"{package}/"]
    assert done.returncode == Exit.BELOW


def test_stored_reports_are_shown_again_in_other_formats(
    package: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.jsonl"
    run(["scan", str(package), "--format", "jsonl", "--output", str(path)])
    path.write_text(path.read_text() * 2)
    assert run(["report", "--format", "markdown", str(path)]) == Exit.BELOW
    assert capfd.readouterr().out.startswith("# 2 targets: 2 clean")


def test_what_is_no_report_is_named_with_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.json"
    for content in ("{}", "not json", '{"schema_version": "9"}', "[1]"):
        path.write_text(content)
        assert run(["report", str(path)]) == Exit.USAGE
        assert "other.json" in one_line(capsys.readouterr().err)


def test_judging_again_says_what_changed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from packamal.render.json import encode

    path = tmp_path / "r.json"
    path.write_bytes(encode(stored(Level.MALICIOUS, 99)))
    assert run(["judge", "--format", "json", str(path)]) == Exit.BELOW
    out, err = capfd.readouterr()
    assert json.loads(out)["verdict"] == {"level": "clean", "score": 0, "reasons": []}
    assert "pkg:pypi/t@1: was malicious 99, is clean 0" in err


def test_the_settings_in_force_are_shown_with_their_origin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".packamal.yaml").write_text("fail-on: suspicious\n")
    assert run(["settings"]) == Exit.BELOW
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["fail-on"].endswith(".packamal.yaml: fail-on")
    assert lines["jobs"].endswith("default")
    assert lines["cache-dir"].endswith("PACKAMAL_CACHE_DIR")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == Exit.BELOW
    assert "_PACKAMAL_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "completes"),
    [("packamal sc", "scan"), ("packamal scan --format sa", "sarif"), ("packamal scan --fail-on s", "suspicious")],
)
def test_the_shell_completes_commands_and_values(words: str, completes: str) -> None:
    environ = {
        **os.environ,
        "_PACKAMAL_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = subprocess.run(
        [sys.executable, "-c", "from packamal.cli import main; main()"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert f"plain,{completes}" in done.stdout.splitlines()


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == Exit.BELOW
    assert json.loads(capsys.readouterr().out)["additionalProperties"] is False


def test_rules_are_listed_shown_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "list", "exfil/*"]) == Exit.BELOW
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names
    assert all(name.startswith("exfil/") for name in names)
    assert run(["rules", "show", names[0]]) == Exit.BELOW
    assert f"id: {names[0]}" in capsys.readouterr().out
    assert run(["explain", names[0]]) == Exit.BELOW
    assert "Not in" in capsys.readouterr().out


def test_the_doctor_finds_this_machine_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == Exit.BELOW
    assert "Everything needed works." in capsys.readouterr().out


def test_a_reader_that_goes_away_ends_quietly() -> None:
    with subprocess.Popen([*PROGRAM, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == Exit.BROKEN_PIPE


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, Exit.TERMINATED)])
def test_a_signal_ends_it_without_a_traceback(number: signal.Signals, code: Exit) -> None:
    command = [*PROGRAM, "scan", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(1.5)
        process.send_signal(number)
        assert process.stderr
        err = process.stderr.read()
        assert process.wait(60) == code
    assert "Traceback" not in err


def test_the_overview_loads_no_command_and_no_model() -> None:
    script = "import sys; from packamal.cli import run; run(['--help']); print(*sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    loaded = {name for name in done.stderr.split() if name.startswith("packamal")}
    assert loaded == {
        "packamal", "packamal.cli", "packamal.cli.exits", "packamal.errors", "packamal.render", "packamal.render.safe",
    }  # fmt: skip
