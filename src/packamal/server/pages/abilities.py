"""What the package is able to do, when, and in which files; and the few steps of the attack in their order."""

from __future__ import annotations

from dataclasses import dataclass, field

from packamal.capability import MEANING, Capability
from packamal.model import Finding, Level, Origin, Report, Role, Signal
from packamal.server.pages import words
from packamal.server.pages.proofs import Place, Shown, place_of

MAX_ABILITIES = 40
MAX_TARGETS = 3
MAX_FILES = 30
MAX_RULES = 3
MAX_STEPS = 5
STEPS: tuple[tuple[str, frozenset[str]], ...] = (
    ("Unpack", frozenset({"decode", "obf", "pickle", "image"})),
    ("Fetch", frozenset({"net.fetch", "proc.download"})),
    ("Run", frozenset({"code", "proc"})),
    ("Read", frozenset({"cred", "env", "browser", "wallet", "messenger", "host.info", "input"})),
    ("Stay", frozenset({"persist", "agent", "ci", "module"})),
    ("Send", frozenset({"net.send", "net.dns", "net.socket", "publish"})),
    ("Destroy", frozenset({"file.wipe", "file.encrypt"})),
)
"""Steps of an attack in their usual order, by capability or family; a capability belongs to the first that names it."""
LAST = frozenset({"Send", "Destroy"})


@dataclass(slots=True)
class Ability:
    """One capability in one role."""

    title: str
    technique: str
    count: int = 0
    targets: list[str] = field(default_factory=list)
    """Text of the package."""
    anchor: str = ""
    path: str = ""
    line: int = 0


@dataclass(slots=True)
class Band:
    """All that runs at the same time."""

    runs: str
    abilities: dict[Capability, Ability] = field(default_factory=dict)

    @property
    def rows(self) -> list[Ability]:
        """In the order in which they were found."""
        return list(self.abilities.values())


@dataclass(slots=True)
class File:
    """One file that has something to say."""

    path: str
    role: Role
    runs: str
    reason: str = ""
    signals: int = 0
    rules: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the attack."""

    number: int
    word: str
    text: str
    """Target of the signal; text of the package."""
    seen: str
    technique: str
    anchor: str
    is_last: bool


def bands(report: Report, shown: list[Shown]) -> list[Band]:
    """Capabilities by role, strongest role first; what speaks for the package stands last."""
    anchors = _anchors(shown)
    found: dict[Role, Band] = {role: Band(words.RUNS[role]) for role in Role}
    left = MAX_ABILITIES
    for signal in sorted(report.signals, key=lambda one: one.id.speaks_for):
        band = found[signal.role]
        if signal.id not in band.abilities:
            if not left:
                continue
            left -= 1
            meaning = MEANING[signal.id]
            band.abilities[signal.id] = Ability(meaning.title, meaning.technique)
        _add(band.abilities[signal.id], signal, anchors)
    return [band for band in found.values() if band.abilities]


def files(report: Report) -> list[File]:
    """Files with findings or signals, those that run first."""
    found: dict[str, File] = {}
    for signal in report.signals:
        if not signal.evidence.path:
            continue
        file = found.setdefault(signal.evidence.path, File(signal.evidence.path, signal.role, ""))
        file.signals += 1
        file.reason = file.reason or signal.reason
        if signal.role.strength > file.role.strength:
            file.role = signal.role
    for finding in report.findings:
        for path in dict.fromkeys(place.path for place in finding.evidence if place.path):
            file = found.setdefault(path, File(path, finding.role, ""))
            if finding.rule not in file.rules:
                file.rules.append(finding.rule)
    for file in found.values():
        file.runs = words.RUNS[file.role]
    return sorted(found.values(), key=lambda file: (-file.role.strength, -len(file.rules), file.path))


def techniques(report: Report) -> list[tuple[str, int]]:
    """ATT&CK ids with how many findings name them, most named first."""
    counts: dict[str, int] = {}
    for finding in report.findings:
        for technique in finding.techniques:
            counts[technique] = counts.get(technique, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def chain(report: Report, shown: list[Shown]) -> list[Step]:
    """The attack in two to five steps, out of the signals that findings stand on; empty where there is none to tell."""
    if report.verdict.level not in (Level.MALICIOUS, Level.SUSPICIOUS):
        return []
    anchors = _anchors(shown)
    found: dict[str, Signal] = {}
    for signal in report.signals:
        if place_of(signal.evidence) in anchors and signal.role is not Role.NEVER and (word := _step(signal.id)):
            known = found.setdefault(word, signal)
            found[word] = signal if _clarity(signal) > _clarity(known) else known
    told = [(word, found[word]) for word, _ in STEPS if word in found][-MAX_STEPS:]
    if len(told) < 2:
        return []
    return [_told(number, word, signal, anchors) for number, (word, signal) in enumerate(told, 1)]


def metadata(report: Report) -> list[Signal]:
    """What the metadata say against or for it."""
    return [signal for signal in report.signals if signal.origin is Origin.METADATA]


def counting(report: Report) -> list[Finding]:
    """Findings that were not accepted by the team."""
    return [finding for finding in report.findings if not finding.suppressed]


def _told(number: int, word: str, signal: Signal, anchors: dict[Place, str]) -> Step:
    meaning = MEANING[signal.id]
    anchor = anchors[place_of(signal.evidence)]
    text = signal.target or meaning.title
    seen = f"{words.ORIGINS[signal.origin].word.lower()}, {words.RUNS[signal.role]}"
    return Step(number, word, text, seen, meaning.technique, anchor, word in LAST)


def _clarity(signal: Signal) -> int:
    """A target is clearer than none, and one of one line than a whole program."""
    return 0 if not signal.target else 1 if "\n" in signal.target else 2


def _step(capability: Capability) -> str:
    names = {capability.value, capability.family}
    return next((word for word, known in STEPS if names & known), "")


def _add(ability: Ability, signal: Signal, anchors: dict[Place, str]) -> None:
    ability.count += 1
    if signal.target and signal.target not in ability.targets and len(ability.targets) < MAX_TARGETS:
        ability.targets.append(signal.target)
    if not ability.path:
        ability.path, ability.line = signal.evidence.path, signal.evidence.line
        ability.anchor = anchors.get(place_of(signal.evidence), "")


def _anchors(shown: list[Shown]) -> dict[Place, str]:
    found: dict[Place, str] = {}
    for one in shown:
        for proof in one.proofs:
            found.setdefault(place_of(proof.evidence), proof.anchor)
    return found
