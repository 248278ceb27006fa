"""Settings: one table of names, four places they come from, one frozen value.

Later wins: default, then `.packamal.yaml` or `[tool.packamal]` in pyproject.toml (the nearest folder from the working
directory upwards that has one, or the file that PACKAMAL_SETTINGS names), then the environment, then the flag. Flags,
help texts and docs/settings.md are made from `OPTIONS`. No other module reads the environment.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

from packamal.errors import SettingsError
from packamal.model import Level

PREFIX = "PACKAMAL_"
YAML_NAME = ".packamal.yaml"
FILE_VARIABLE = "PACKAMAL_SETTINGS"
"""Names the settings file instead of the nearest one."""
TOML_NAME = "pyproject.toml"
TOML_TABLE = "[tool.packamal"
MAX_FILE_BYTES = 1_000_000
"""A settings file is written by hand; a larger one is a mistake or an attack."""
MAX_JOBS = 256
"""Each job is a process of its own."""
MAX_TIME_LIMIT_S = 24 * 3600.0
WORDS_TRUE = frozenset({"1", "true", "yes", "on"})
WORDS_FALSE = frozenset({"0", "false", "no", "off", ""})
SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class Switch(enum.StrEnum):
    """Colours: by what the output is, or by decision."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class ProgressMode(enum.StrEnum):
    """How a running scan shows itself on standard error."""

    AUTO = "auto"
    BAR = "bar"
    JSONL = "jsonl"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One accepted finding: all patterns must match; `reason` is shown wherever the finding is left out."""

    reason: str
    rule: str = "*"
    purl: str = "*"
    path: str = "*"
    sha256: str = ""
    """Of the artifact; empty: any content."""
    expires: str = ""
    """ISO date, the last day it holds; empty: no end."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a command may be told."""

    format: str = "text"
    output: Path | None = None
    """None is standard output."""
    fail_on: Level | None = Level.MALICIOUS
    """None is never."""
    allow_incomplete: bool = False
    ecosystem: str = ""
    jobs: int = 1
    time_limit_s: float = 120.0
    offline: bool = False
    rules: tuple[Path, ...] = ()
    lists: Path | None = None
    """None: the shipped ones."""
    cache_dir: Path = Path()
    note: str = ""
    progress: ProgressMode = ProgressMode.AUTO
    color: Switch = Switch.AUTO
    quiet: bool = False
    verbose: bool = False
    suppressions: tuple[Suppression, ...] = ()


Parser = Callable[[object], object]
"""Turns what a file, the environment or a flag holds into the setting's value. Raises ValueError."""


class Option(NamedTuple):
    """One setting: everything its flag, its variable, its key and its line in the docs are made from."""

    name: str
    """Attribute of Settings; the flag, the variable and the key follow from it unless `flag` says otherwise."""
    parse: Parser
    default: Callable[[], object]
    shown: str
    """The default as people read it."""
    metavar: str
    help: str
    flag: str = ""
    is_switch: bool = False
    is_listed: bool = False
    words: tuple[str, ...] = ()
    """All values there are, where they can be told."""

    @property
    def key(self) -> str:
        """Name in a settings file: `fail-on`."""
        return self.flag or self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """Name in the environment: `PACKAMAL_FAIL_ON`."""
        return PREFIX + self.key.upper().replace("-", "_")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text expected")
    return value


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = _text(value).strip().lower()
    if word in WORDS_TRUE or word in WORDS_FALSE:
        return word in WORDS_TRUE
    raise ValueError("true or false expected")


def _jobs(value: object) -> int:
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MAX_JOBS:
        raise ValueError(f"a whole number from 0 (one for each processor) to {MAX_JOBS} expected")
    return number or processors()


def _seconds(value: object) -> float:
    text = str(value).strip().lower() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    unit = SECONDS.get(text[-1:], 0.0)
    try:
        seconds = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_TIME_LIMIT_S:
        raise ValueError("a duration above 0 and up to 24h expected, like 90, 90s or 5m")
    return seconds


def _one_of(words: Mapping[str, object]) -> Parser:
    def parse(value: object) -> object:
        word = _text(value).strip().lower()
        if word not in words:
            raise ValueError("one of " + ", ".join(words) + " expected")
        return words[word]

    return parse


def _path(value: object) -> Path:
    text = _text(value)
    if not text or "\0" in text:
        raise ValueError("a path expected")
    return Path(text).expanduser()


def _output(value: object) -> Path | None:
    return None if value == "-" else _path(value)


def _paths(value: object) -> tuple[Path, ...]:
    items = [item for item in value.split(os.pathsep) if item] if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise ValueError("a list of paths expected")
    return tuple(_path(item) for item in items)


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0))


def _cache_dir() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("packamal", appauthor=False)


LEVELS: dict[str, object] = {"suspicious": Level.SUSPICIOUS, "malicious": Level.MALICIOUS, "never": None}

OPTIONS: tuple[Option, ...] = (
    Option("format", _text, lambda: "text", "text", "NAME", "How the result is written."),
    Option("output", _output, lambda: None, "standard output", "FILE", "Where the result is written."),
    Option("fail_on", _one_of(LEVELS), lambda: Level.MALICIOUS, "malicious", "LEVEL",
           "Exit with 1 at this level or above: suspicious, malicious or never.", words=tuple(LEVELS)),
    Option("allow_incomplete", _switch, lambda: False, "no", "", "Exit as if complete when a part was not read.",
           is_switch=True),
    Option("ecosystem", _text, lambda: "", "none", "NAME", "Meaning of plain names like name@version: pypi or npm.",
           words=("pypi", "npm")),
    Option("jobs", _jobs, processors, "one for each processor", "N", "Packages looked at side by side."),
    Option("time_limit_s", _seconds, lambda: 120.0, "120s", "TIME",
           "Longest time for one package; past it the report is incomplete.", flag="time-limit"),
    Option("offline", _switch, lambda: False, "no", "", "Never use the network; only local targets can be scanned.",
           is_switch=True),
    Option("rules", _paths, lambda: (), "none", "FOLDER", "Folder with further rules; may be given again.",
           is_listed=True),
    Option("lists", _path, lambda: None, "the shipped ones", "FOLDER",
           "Folder with fresher lists: popular names, known bad digests, rules."),
    Option("cache_dir", _path, _cache_dir, "the user's cache folder", "FOLDER", "Where compiled rules are kept."),
    Option("note", _text, lambda: "", "none", "TEXT", "Said in every report, like where it was made."),
    Option("progress", _one_of({mode.value: mode for mode in ProgressMode}), lambda: ProgressMode.AUTO, "auto", "HOW",
           "Progress on standard error: auto, bar, jsonl or none.", words=tuple(ProgressMode)),
    Option("color", _one_of({switch.value: switch for switch in Switch}), lambda: Switch.AUTO, "auto", "WHEN",
           "Colours: auto, always or never.", words=tuple(Switch)),
    Option("quiet", _switch, lambda: False, "no", "", "Say nothing but the result and errors.", is_switch=True),
    Option("verbose", _switch, lambda: False, "no", "", "Say what is done, and show tracebacks.", is_switch=True),
)  # fmt: skip
BY_NAME = {option.name: option for option in OPTIONS}
BY_KEY = {option.key: option for option in OPTIONS}
SUPPRESSIONS_KEY = "suppressions"


class Source(NamedTuple):
    """Where a setting came from, for people: `default`, `environment`, `flag` or the file."""

    value: object
    origin: str


def environment() -> Mapping[str, str]:
    """The process's environment, for the few who must read foreign variables (package manager configuration)."""
    return os.environ


def find_file(start: Path) -> Path | None:
    """The nearest settings file from `start` upwards; `.packamal.yaml` before pyproject.toml."""
    for folder in (start, *start.parents):
        if (folder / YAML_NAME).is_file():
            return folder / YAML_NAME
        toml = folder / TOML_NAME
        if toml.is_file() and TOML_TABLE in _read(toml):
            return toml
    return None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise SettingsError(f"{path}: larger than {MAX_FILE_BYTES} bytes")
        return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error


def _table(path: Path) -> Mapping[str, object]:
    text = _read(path)
    table = _from_toml(path, text) if path.name == TOML_NAME else _from_yaml(path, text)
    if table is None:
        return {}
    if not isinstance(table, dict) or not all(isinstance(key, str) for key in table):
        raise SettingsError(f"{path}: a table of settings expected")
    return table


def _from_toml(path: Path, text: str) -> object:
    import tomllib

    try:
        return tomllib.loads(text).get("tool", {}).get("packamal", {})
    except (tomllib.TOMLDecodeError, AttributeError) as error:
        raise SettingsError(f"{path}: no valid TOML: {error}") from error


def _from_yaml(path: Path, text: str) -> object:
    import yaml

    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path}: no valid YAML: {' '.join(str(error).split())}") from error


def _parsed(option: Option, value: object, origin: str) -> Source:
    try:
        return Source(option.parse(value), origin)
    except ValueError as error:
        shown = repr(value[:80]) if isinstance(value, str) else type(value).__name__
        raise SettingsError(f"{origin}: {error}, not {shown}") from error


def _suppression(path: Path, index: int, entry: object) -> Suppression:
    where = f"{path}: {SUPPRESSIONS_KEY}[{index}]"
    known = [field.name for field in fields(Suppression)]
    if not isinstance(entry, dict) or not set(entry) <= set(known) or any(map(_is_nested, entry.values())):
        raise SettingsError(f"{where}: a table of {', '.join(known)} expected, each a text")
    texts = {str(key): str(value) for key, value in entry.items() if value is not None}
    if not texts.get("reason", "").strip():
        raise SettingsError(f"{where}: say the reason")
    if not (texts.get("sha256") or texts.get("rule") or texts.get("purl") or texts.get("path")):
        raise SettingsError(f"{where}: say what is accepted: rule, purl, path or sha256")
    if texts.get("expires"):
        _check_date(where, texts["expires"])
    return Suppression(**texts)


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list | tuple | set)


def _check_date(where: str, text: str) -> None:
    import datetime

    try:
        datetime.date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{where}: expires: a date like 2027-01-31 expected, not {text!r:.40}") from error


def _suppressions(path: Path, entries: object) -> tuple[Suppression, ...]:
    if not isinstance(entries, list):
        raise SettingsError(f"{path}: {SUPPRESSIONS_KEY}: a list expected")
    return tuple(_suppression(path, index, entry) for index, entry in enumerate(entries))


def _from_file(path: Path) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for key, value in _table(path).items():
        if key == SUPPRESSIONS_KEY:
            found[key] = Source(_suppressions(path, value), str(path))
        elif key in BY_KEY:
            found[BY_KEY[key].name] = _parsed(BY_KEY[key], value, f"{path}: {key}")
        else:
            raise SettingsError(f"{path}: unknown key {key!r:.80}; known are {', '.join(BY_KEY)}, {SUPPRESSIONS_KEY}")
    return found


def sources(flags: Mapping[str, object], environ: Mapping[str, str], start: Path) -> dict[str, Source]:
    """Every setting with its origin; `flags` holds those given, by attribute name. Raises SettingsError."""
    named = environ.get(FILE_VARIABLE)
    path = Path(named) if named else find_file(start)
    found = _from_file(path) if path else {}
    if environ.get("NO_COLOR"):  # https://no-color.org
        found["color"] = Source(Switch.NEVER, "NO_COLOR")
    for option in OPTIONS:
        if option.variable in environ:
            found[option.name] = _parsed(option, environ[option.variable], option.variable)
        if flags.get(option.name) is not None:
            found[option.name] = _parsed(option, flags[option.name], f"--{option.key}")
        if option.name not in found:
            found[option.name] = Source(option.default(), "default")
    return found


def load(flags: Mapping[str, object], environ: Mapping[str, str] | None = None, start: Path | None = None) -> Settings:
    """The settings in force. Raises SettingsError naming the file and key, the variable or the flag."""
    found = sources(flags, os.environ if environ is None else environ, start or Path.cwd())
    return Settings(**{name: source.value for name, source in found.items()})  # type: ignore[arg-type]
