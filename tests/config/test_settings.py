"""Settings: where they come from, which one wins, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from packamal import config
from packamal.errors import SettingsError
from packamal.model import Level


def load(tmp_path: Path, flags: dict | None = None, environ: dict | None = None) -> config.Settings:
    return config.load(flags or {}, environ or {}, tmp_path)


def test_defaults_hold_when_nothing_is_said(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.fail_on is Level.MALICIOUS
    assert settings.jobs == config.processors()
    assert settings.cache_dir.name == "packamal"


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    (tmp_path / ".packamal.yaml").write_text("jobs: 2\nfail-on: suspicious\ntime-limit: 5m\n")
    environ = {"PACKAMAL_JOBS": "3", "PACKAMAL_FAIL_ON": "never"}
    settings = load(tmp_path, {"jobs": "4"}, environ)
    assert (settings.jobs, settings.fail_on, settings.time_limit_s) == (4, None, 300.0)


def test_each_setting_says_where_it_came_from(tmp_path: Path) -> None:
    (tmp_path / ".packamal.yaml").write_text("offline: true\n")
    found = config.sources({"quiet": True}, {"PACKAMAL_COLOR": "always"}, tmp_path)
    assert found["offline"].origin.endswith(".packamal.yaml: offline")
    assert found["color"].origin == "PACKAMAL_COLOR"
    assert found["quiet"].origin == "--quiet"
    assert found["jobs"].origin == "default"


def test_the_nearest_file_upwards_is_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.packamal]\necosystem = "npm"\n')
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert load(inner).ecosystem == "npm"


@pytest.mark.parametrize("word", ["1", "true", "YES", "on"])
def test_a_switch_is_turned_on_by_common_words(tmp_path: Path, word: str) -> None:
    assert load(tmp_path, environ={"PACKAMAL_OFFLINE": word}).offline is True


def test_no_color_turns_colours_off_but_a_flag_turns_them_on(tmp_path: Path) -> None:
    assert load(tmp_path, environ={"NO_COLOR": "1"}).color is config.Switch.NEVER
    assert load(tmp_path, {"color": "always"}, {"NO_COLOR": "1"}).color is config.Switch.ALWAYS


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("jobs: many", "jobs: a whole number"),
        ("jobs: true", "jobs: a whole number"),
        ("jbos: 1", "unknown key 'jbos'"),
        ("time-limit: 0", "time-limit: a duration"),
        ("time-limit: nan", "time-limit: a duration"),
        ("fail-on: clean", "fail-on: one of suspicious, malicious, never"),
        ("offline: maybe", "offline: true or false"),
        ("rules: 3", "rules: a list of paths"),
        ("- a list", "a table of settings"),
        ("jobs: [", "no valid YAML"),
        ("suppressions: x", "suppressions: a list"),
        ("suppressions: [{rule: a}]", "suppressions[0]: say the reason"),
        ("suppressions: [{reason: because}]", "suppressions[0]: say what is accepted"),
        ("suppressions: [{reason: r, rule: a, expires: soon}]", "expires: a date"),
        ("suppressions: [{reason: r, rule: a, owner: me}]", "suppressions[0]: a table of"),
        ("suppressions: [{reason: [r], rule: a}]", "suppressions[0]: a table of"),
    ],
)
def test_a_wrong_value_names_the_file_and_the_key(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / ".packamal.yaml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert says in str(caught.value)
    assert ".packamal.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_variable_and_a_wrong_flag_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"PACKAMAL_JOBS: a whole number .* not '-1'"):
        load(tmp_path, environ={"PACKAMAL_JOBS": "-1"})
    with pytest.raises(SettingsError, match=r"--time-limit: a duration"):
        load(tmp_path, {"time_limit_s": "1 week"})


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (config.MAX_FILE_BYTES + 1)])
def test_a_file_that_is_no_text_or_too_large_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".packamal.yaml").write_bytes(content)
    with pytest.raises(SettingsError):
        load(tmp_path)


def test_aliases_that_multiply_are_refused_quickly(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for outer, inner in zip("bcdefghij", "abcdefghi", strict=True):
        bomb += f"{outer}: &{outer} [" + ", ".join([f"*{inner}"] * 9) + "]\n"
    (tmp_path / ".packamal.yaml").write_text(bomb + "jobs: *j\n")
    with pytest.raises(SettingsError):
        load(tmp_path)


def test_suppressions_are_read_with_their_reason_and_end(tmp_path: Path) -> None:
    (tmp_path / ".packamal.yaml").write_text(
        "suppressions:\n- {rule: exfil/*, purl: 'pkg:pypi/own@*', reason: our own collector, expires: 2027-01-31}\n"
    )
    (entry,) = load(tmp_path).suppressions
    assert (entry.rule, entry.expires, entry.path) == ("exfil/*", "2027-01-31", "*")


def test_every_option_is_a_field_of_the_settings(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert all(hasattr(settings, option.name) for option in config.OPTIONS)
