"""Looks at every member with YARA-X rules: binaries, scripts that no front end reads, secrets, prompts.

The rules (`rules/bytes/*.yar`) are compiled once and remembered; a scanner lives as long as one artifact, since it must
neither cross a fork nor a thread. A rule names the capability it raises (`signal`), the kinds of units it holds for
(`units`, one of KINDS), and carries a text it hits and one it must not.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yara_x

from packamal.cache import remembered
from packamal.capability import Capability
from packamal.detectors.base import Observed, Package
from packamal.detectors.units import Language, Unit
from packamal.detectors.witness import Witness
from packamal.errors import RuleError
from packamal.model import TARGET_CHARS, Problem

TIME_LIMIT_S = 10
"""Seconds for one member; the largest real ones take a tenth of one."""
MAX_MATCHES = 16
"""Hits of one pattern that are counted."""
_RULES = Path(__file__).resolve().parent.parent / "rules" / "bytes"
_RULE = re.compile(r"^rule \w+\n\{\n(?:.*\n)*?\s*units = \"(\w+)\"(?:.*\n)*?\}\n", re.M)
_SCRIPTS = frozenset((Language.SHELL, Language.POWERSHELL, Language.BATCH))
_BROWSER = frozenset((Language.JAVASCRIPT, Language.TYPESCRIPT))
_CODE = _SCRIPTS | _BROWSER | {Language.PYTHON}
KINDS: dict[str, frozenset[Language]] = {
    "any": frozenset(Language),
    "code": _CODE,
    "python": frozenset((Language.PYTHON,)),
    "javascript": _BROWSER,
    "binary": frozenset((Language.BINARY,)),
    "other": frozenset(Language) - _CODE - {Language.MARKDOWN},
}
"""What a rule's `units` says -> languages of the units it holds for."""


class Group(enum.StrEnum):
    """Two sets of rules: most bytes of a package are code, and few rules are meant for it."""

    CODE = "code"
    OTHER = "other"


class Meaning(NamedTuple):
    """What a rule's metadata say."""

    capability: Capability
    target: str
    """Fixed text, or empty for the text that was matched."""
    languages: frozenset[Language]
    hit: bytes
    lookalike: bytes


def detect(package: Package) -> Observed:
    """Scan every unit once, code with the rules for code and all else with the others."""
    witness = Witness(package)
    scanners = {group: _scanner(group) for group in Group}
    problems = []
    for unit in package.units:
        try:
            matched = scanners[group_of(unit.language)].scan(unit.data).matching_rules
        except yara_x.TimeoutError:
            problems.append(Problem("yara", f"took longer than {TIME_LIMIT_S} s", unit.name))
            continue
        for rule in matched:
            _note(witness, unit, rule)
    return Observed(witness.observed().signals, problems=tuple(problems))


def _scanner(group: Group) -> yara_x.Scanner:
    scanner = yara_x.Scanner(compiled(group))
    scanner.set_timeout(TIME_LIMIT_S)
    scanner.max_matches_per_pattern(MAX_MATCHES)
    return scanner


def group_of(language: Language) -> Group:
    """Which rules a unit of a language is scanned with."""
    return Group.CODE if language in _CODE else Group.OTHER


def _note(witness: Witness, unit: Unit, rule: yara_x.Rule) -> None:
    meaning = meaning_of_rules()[rule.identifier]
    if unit.language not in meaning.languages:
        return
    at, size = min(_places(rule), default=(0, 0))
    text = unit.data[at : at + min(size, TARGET_CHARS)]
    target = meaning.target or text.replace(b"\0", b"").decode("utf-8", "replace")
    witness.saw(unit, meaning.capability, target, -1 if unit.language is Language.BINARY else at)


def _places(rule: yara_x.Rule) -> Iterator[tuple[int, int]]:
    for pattern in rule.patterns:
        for match in pattern.matches:
            yield match.offset, match.length


@functools.cache
def meaning_of_rules() -> dict[str, Meaning]:
    """What each rule means, by its identifier. Raises RuleError."""
    return {rule.identifier: _meaning(rule) for group in Group for rule in compiled(group)}


def _meaning(rule: yara_x.Rule) -> Meaning:
    fields = {name: value if isinstance(value, bytes) else str(value).encode() for name, value in rule.metadata}
    try:
        capability, languages = Capability(fields["signal"].decode()), KINDS[fields["units"].decode()]
        return Meaning(capability, fields.get("target", b"").decode(), languages, fields["hit"], fields["lookalike"])
    except (KeyError, ValueError) as error:
        raise RuleError(f"rule {rule.identifier}: {error} is missing or unknown") from error


@functools.cache
def compiled(group: Group) -> yara_x.Rules:
    """The rules of one group; from the cache when these rules were compiled by this engine before."""
    content = remembered(f"rules-{group}.yarc", _key(), functools.partial(_compile, group))
    return yara_x.Rules.deserialize_from(io.BytesIO(content))


def sources() -> dict[str, str]:
    """The rule files, name -> text."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(_RULES.glob("*.yar"))}


def _key() -> str:
    """A digest over the rules and the engine's own file, whose version is slower to ask for."""
    folder = Path(yara_x.__file__).parent
    engine = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir())
    digest = hashlib.sha256(repr(engine).encode())
    for name, text in sources().items():
        digest.update(f"\0{name}\0{text}".encode())
    return digest.hexdigest()


def _compile(group: Group) -> bytes:
    compiler = yara_x.Compiler()
    for name, text in sources().items():
        compiler.new_namespace(name)
        try:
            compiler.add_source("".join(rules_of(text, group)), origin=f"{name}.yar")
        except yara_x.CompileError as error:
            raise RuleError(f"{name}.yar: {error}") from error
    out = io.BytesIO()
    compiler.build().serialize_into(out)
    return out.getvalue()


def rules_of(text: str, group: Group) -> Iterator[str]:
    """The rules of one file that belong to a group; a rule runs from `rule` to `}`, both at the margin."""
    for match in _RULE.finditer(text):
        languages = KINDS.get(match[1], frozenset(Language))
        if any(group_of(language) is group for language in languages):
            yield match[0]
