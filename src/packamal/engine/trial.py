"""Tries rules on the examples they carry: the whole engine over a package that is given as texts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from packamal.archive import Member, Unpacked
from packamal.config import Settings
from packamal.engine.analysis import Subject
from packamal.engine.intake import Intake, kind_of, manifest_of
from packamal.engine.scan import report_on
from packamal.model import Artifact
from packamal.verdict.rules import Rule

Texts = Sequence[tuple[str, str]]
"""Path and text of each member."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How a rule did on its two examples."""

    rule: Rule
    is_hit: bool
    """It finds something in its hit, as it should."""
    is_fooled: bool
    """It finds something in its look-alike, as it should not."""
    others: tuple[str, ...] = ()
    """Other rules that find something in the hit; for the author's eyes."""

    @property
    def is_passed(self) -> bool:
        """Both as they should be."""
        return self.is_hit and not self.is_fooled


def try_rule(rule: Rule, settings: Settings) -> Trial:
    """Run a rule on its examples."""
    hit, lookalike = found_in(rule.hit, settings), found_in(rule.lookalike, settings)
    others = tuple(name for name in hit if name != rule.id)
    return Trial(rule, rule.id in hit, rule.id in lookalike, others)


def found_in(package: Texts, settings: Settings) -> tuple[str, ...]:
    """Ids of the rules that find something in a package of these files."""
    members = tuple(Member(path, _content(text)) for path, text in package)
    unpacked = Unpacked("directory", members)
    is_wheel = any(path.endswith(".dist-info/WHEEL") for path, _ in package)
    kind, ecosystem = ("wheel", "pypi") if is_wheel else kind_of(unpacked, "")
    digest = hashlib.sha256(b"".join(member.data for member in members)).hexdigest()
    artifact = Artifact("", "example", digest, sum(len(member.data) for member in members), kind)
    manifest = {"index": None, "manifest": manifest_of(unpacked, ecosystem)}
    intake = Intake("", (Subject(artifact, unpacked, ecosystem, manifest),))
    report = report_on("example", intake, settings, lambda step: None)
    return tuple(finding.rule for finding in report.findings)


def _content(text: str) -> bytes:
    """Binary examples are written with one character a byte; they are told by their NUL."""
    return text.encode("latin-1") if "\0" in text else text.encode()
