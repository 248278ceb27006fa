"""Try every rule on its two examples: the hit must be found, the legitimate look-alike must not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packamal.archive import Member, Unpacked
from packamal.config import Settings
from packamal.engine.analysis import Subject
from packamal.engine.intake import Intake, kind_of, manifest_of
from packamal.engine.progress import Progress
from packamal.engine.scan import report_on
from packamal.model import Artifact, Report
from packamal.verdict.rules import Rule

EXAMPLE_NAME = "example"


@dataclass(frozen=True, slots=True)
class Trial:
    """How a rule did on one of its examples."""

    rule: str
    example: str
    """hit or lookalike"""
    is_right: bool
    found: tuple[str, ...]
    """Rules that found something."""
    problems: tuple[str, ...]


def try_rules(rules: Iterable[Rule], settings: Settings) -> Iterator[Trial]:
    """Run each rule's examples through the whole static path."""
    for rule in rules:
        for example, files, wanted in (("hit", rule.hit, True), ("lookalike", rule.lookalike, False)):
            report = scan_files(files, settings)
            found = tuple(finding.rule for finding in report.findings)
            problems = tuple(problem.message for problem in report.errors)
            yield Trial(rule.id, example, (rule.id in found) is wanted and not problems, found, problems)


def scan_files(files: Iterable[tuple[str, str]], settings: Settings) -> Report:
    """Judge a package given as (path, text); a text with characters 0x80-0xFF after a NUL is taken as bytes."""
    members = tuple(Member(path, _content(text)) for path, text in files)
    unpacked = Unpacked("directory", members)
    kind, ecosystem = kind_of(unpacked, EXAMPLE_NAME)
    manifest = manifest_of(unpacked, ecosystem)
    if any(member.path.endswith(".dist-info/WHEEL") for member in members):
        kind, ecosystem = "wheel", "pypi"
    artifact = Artifact("", EXAMPLE_NAME, "", sum(len(member.data) for member in members), kind)
    subject = Subject(artifact, unpacked, ecosystem, {"index": None, "manifest": manifest})
    return report_on(EXAMPLE_NAME, Intake("", (subject,)), settings, _silent)


def _content(text: str) -> bytes:
    """Binary examples are written with one character a byte; they are told by their NUL."""
    return text.encode("latin-1") if "\0" in text else text.encode()


def _silent(_: Progress) -> None:
    return None
