"""The words of the pages: what closed sets are called, and which icon goes with them."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from packamal.model import Level, Origin, Relation, Role, Severity
from packamal.render.words import duration
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Category, Lane, State


class Badge(NamedTuple):
    """A verdict or a state, as it is drawn."""

    kind: str
    """Class of the badge; `state` is neutral."""
    icon: str
    word: str


LEVELS: dict[str, Badge] = {
    Level.MALICIOUS: Badge("mal", "malicious", "Malicious"),
    Level.SUSPICIOUS: Badge("sus", "suspicious", "Suspicious"),
    Level.CLEAN: Badge("cle", "clean", "Clean"),
    Level.INCOMPLETE: Badge("inc", "incomplete", "Incomplete"),
}
STATES: dict[str, Badge] = {
    State.QUEUED: Badge("state", "clock", "Queued"),
    State.RUNNING: Badge("state", "clock", "Running"),
    State.DONE: Badge("state", "tick", "Done"),
    State.FAILED: Badge("state", "cross", "Failed"),
    State.CANCELLED: Badge("state", "cross", "Cancelled"),
}
NAMES_OF_STATES: dict[str, str] = {
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
    State.RUNNING: "Running",
    State.QUEUED: "Queued",
}
"""States without a verdict, as the list offers them."""
ECOSYSTEMS: dict[str, str] = {
    "pypi": "PyPI",
    "npm": "npm",
    "cargo": "crates",
    "gem": "gems",
    "composer": "Packagist",
    "golang": "Go",
    "maven": "Maven",
    "nuget": "NuGet",
}
LANES: dict[str, str] = {
    Lane.INTERACTIVE: "Now, by hand",
    Lane.BULK: "Lock files and batches",
    Lane.FEED: "Feeds",
}
SEVERITY_BARS: dict[str, int] = {
    Severity.INFO: 0,
    Severity.LOW: 1,
    Severity.MEDIUM: 2,
    Severity.HIGH: 3,
    Severity.CRITICAL: 4,
}
ORIGINS: dict[str, Badge] = {
    Origin.STATIC: Badge("tag", "code", "Source"),
    Origin.SANDBOX: Badge("tag", "terminal", "Sandbox"),
    Origin.DIFF: Badge("tag", "diff", "Diff"),
    Origin.METADATA: Badge("tag", "label", "Metadata"),
}
RUNS: dict[str, str] = {
    Role.INSTALL: "runs at install",
    Role.STARTUP: "runs at every interpreter start",
    Role.IMPORT: "runs at import",
    Role.CALL: "runs when called",
    Role.NEVER: "not reached",
}
SEEN: dict[str, str] = {
    Relation.FLOW: "The data flows from one to the other.",
    Relation.FUNCTION: "All of it stands in one function.",
    Relation.FILE: "All of it stands in one file.",
    Relation.PACKAGE: "It is spread over the package.",
}
FAULT: dict[str, str] = {
    Category.INVALID_INPUT: "the request",
    Category.NOT_FOUND: "the request",
    Category.FETCH_FAILED: "the registry",
    Category.UNSUPPORTED: "the package",
    Category.TIMEOUT: "the package",
    Category.RESOURCE_LIMIT: "the package",
    Category.CANCELLED: "a person",
}
"""Whose matter an error is; everything else is ours."""
FAULT_OURS = "the service"

NOTHING = "Nothing that counts was found"
PARTIAL = "Parts of it were not judged"


def says(analysis: Analysis, now: datetime.datetime) -> str:
    """The strongest reason of a verdict, else where the analysis stands; holds text of the package."""
    if analysis.state == State.QUEUED:
        return "Waits for its turn"
    if analysis.state == State.RUNNING:
        since = round((now - (analysis.started_at or now)).total_seconds() * 1000)
        return f"{(analysis.stage or 'start').capitalize()}, {duration(max(since, 0))}"
    if analysis.state == State.DONE:
        missing = PARTIAL if analysis.level == Level.INCOMPLETE else NOTHING
        return analysis.reason or missing
    return analysis.error or analysis.error_category.replace("_", " ").capitalize()
