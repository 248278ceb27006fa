"""Match chain rules over signals and flows; knows no language and no origin, only who hangs together with whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from packamal.capability import Capability
from packamal.model import Confidence, Evidence, Finding, Flow, Relation, Role, Severity, Signal
from packamal.verdict.rules import Rule, Term

MAX_EVIDENCE = 6
MAX_FLOW_STEPS = 6
"""A value that went through more signals than this is no longer the value."""

_RELATION_ORDER = (Relation.FLOW, Relation.FUNCTION, Relation.FILE, Relation.PACKAGE)
_CONFIDENCE = {
    Relation.FLOW: Confidence.HIGH,
    Relation.FUNCTION: Confidence.HIGH,
    Relation.FILE: Confidence.MEDIUM,
    Relation.PACKAGE: Confidence.LOW,
}
_CONFIDENCE_ORDER = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
_SEVERITY_ORDER = tuple(Severity)
_WHEN = {
    Role.INSTALL: "when it is installed",
    Role.STARTUP: "whenever the interpreter starts",
    Role.IMPORT: "when it is imported or started",
    Role.CALL: "when one of its functions is called",
    Role.NEVER: "in a file that nothing is seen to run",
}


class _Match(NamedTuple):
    relation: Relation
    carriers: tuple[int, ...]
    """Indices of signals, in the rule's order."""


class _Scene:
    """The signals of a package, indexed once for all rules."""

    def __init__(self, signals: Sequence[Signal], flows: Sequence[Flow]) -> None:
        self.signals = signals
        self.by_capability: dict[Capability, list[int]] = defaultdict(list)
        for index, signal in enumerate(signals):
            self.by_capability[signal.id].append(index)
        self.next: dict[int, list[int]] = defaultdict(list)
        for flow in flows:
            self.next[flow.source].append(flow.sink)

    def of(self, term: Term, roles: frozenset[Role]) -> list[int]:
        return [
            index
            for capability in term.capabilities
            for index in self.by_capability.get(capability, ())
            if self.signals[index].role in roles and term.fits(self.signals[index])
        ]

    def reach(self, start: int) -> set[int]:
        seen, front = {start}, [start]
        for _ in range(MAX_FLOW_STEPS):
            front = [step for index in front for step in self.next.get(index, ()) if step not in seen]
            seen.update(front)
            if not front:
                break
        return seen - {start}

    def scope(self, index: int, relation: Relation) -> tuple[str, ...]:
        signal = self.signals[index]
        place = (signal.evidence.artifact, signal.evidence.path)
        if relation is Relation.FUNCTION:
            return (*place, signal.scope)
        return place if relation is Relation.FILE else ()


def match(rules: Iterable[Rule], signals: Sequence[Signal], flows: Sequence[Flow]) -> tuple[Finding, ...]:
    """Find what the rules say; one finding a rule, its best instance first in the evidence, worst findings first."""
    scene = _Scene(signals, flows)
    findings = [finding for rule in rules if (finding := _apply(rule, scene)) is not None]
    return tuple(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[int, int, int, str]:
    return (
        -_SEVERITY_ORDER.index(finding.severity),
        -_CONFIDENCE_ORDER.index(finding.confidence),
        -finding.role.strength,
        finding.rule,
    )


def _apply(rule: Rule, scene: _Scene) -> Finding | None:
    if not all(_present(term, scene) for term in (*(rule.flow or ()), *rule.all)):
        return None
    matches = list(_flow_matches(rule, scene) if rule.flow else _scope_matches(rule, scene))
    matches = [found for found in matches if not _is_excused(rule, scene, found)]
    if not matches:
        return None
    matches.sort(key=lambda found: _rank(scene, found))
    return _finding(rule, scene, matches)


def _present(term: Term, scene: _Scene) -> bool:
    return not term.capabilities.isdisjoint(scene.by_capability)


def _rank(scene: _Scene, found: _Match) -> tuple[int, int, tuple[int, ...]]:
    return (-_weakest(scene, found).strength, _RELATION_ORDER.index(found.relation), found.carriers)


def _weakest(scene: _Scene, found: _Match) -> Role:
    return min((scene.signals[index].role for index in found.carriers), key=lambda role: role.strength)


def _flow_matches(rule: Rule, scene: _Scene) -> Iterator[_Match]:
    assert rule.flow is not None
    source_term, sink_term = rule.flow
    sinks = set(scene.of(sink_term, rule.roles))
    for source in scene.of(source_term, rule.roles):
        for sink in sorted(scene.reach(source) & sinks):
            rest = _companions(rule, scene, sink)
            if rest is not None:
                yield _Match(Relation.FLOW, (source, sink, *rest))


def _companions(rule: Rule, scene: _Scene, anchor: int) -> tuple[int, ...] | None:
    """Signals for `all` and `any` near the anchor of a flow, or None."""
    scope = scene.scope(anchor, rule.within)
    found = []
    for term in rule.all:
        near = next((index for index in scene.of(term, rule.roles) if scene.scope(index, rule.within) == scope), None)
        if near is None:
            return None
        found.append(near)
    if rule.any:
        choices = (index for term in rule.any for index in scene.of(term, rule.roles))
        near = next((index for index in choices if scene.scope(index, rule.within) == scope), None)
        if near is None:
            return None
        found.append(near)
    return tuple(found)


def _scope_matches(rule: Rule, scene: _Scene) -> Iterator[_Match]:
    """Every scope in which all terms are met; wider kinds of scope only where no closer one met them."""
    candidates = [scene.of(term, rule.roles) for term in rule.all]
    if rule.any:
        candidates.append([index for term in rule.any for index in scene.of(term, rule.roles)])
    if not all(candidates):
        return
    if len(candidates) == 1:
        yield from (_Match(rule.within, (index,)) for index in candidates[0])
        return
    for relation in _RELATION_ORDER[1 : _RELATION_ORDER.index(rule.within) + 1]:
        found = list(_in_scopes(candidates, scene, relation))
        yield from found
        if found:
            return


def _in_scopes(candidates: list[list[int]], scene: _Scene, relation: Relation) -> Iterator[_Match]:
    tables: list[dict[tuple[str, ...], list[int]]] = []
    for indices in candidates:
        table: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for index in sorted(indices, key=lambda index: -scene.signals[index].role.strength):
            table[scene.scope(index, relation)].append(index)
        tables.append(table)
    for scope in tables[0]:
        if all(scope in table for table in tables):
            carriers = _distinct([table[scope] for table in tables])
            if carriers is not None:
                yield _Match(relation, carriers)


def _distinct(choices: list[list[int]]) -> tuple[int, ...] | None:
    """One signal for each term, no signal for two: a capability does not keep itself company."""
    taken: list[int] = []
    for indices in sorted(choices, key=len):
        free = next((index for index in indices if index not in taken), None)
        if free is None:
            return None
        taken.append(free)
    by_choice = {id(indices): index for indices, index in zip(sorted(choices, key=len), taken, strict=True)}
    return tuple(by_choice[id(indices)] for indices in choices)


def _is_excused(rule: Rule, scene: _Scene, found: _Match) -> bool:
    if not rule.none:
        return False
    files = {scene.scope(index, Relation.FILE) for index in found.carriers}
    everywhere = frozenset(Role)
    excuses = (index for term in rule.none for index in scene.of(term, everywhere))
    return any(scene.scope(index, Relation.FILE) in files for index in excuses)


def _finding(rule: Rule, scene: _Scene, matches: list[_Match]) -> Finding:
    best = matches[0]
    role = _weakest(scene, best)
    confidence = _CONFIDENCE[best.relation]
    if rule.confidence is not None:
        confidence = min(confidence, rule.confidence, key=_CONFIDENCE_ORDER.index)
    return Finding(
        rule=rule.id,
        title=rule.title,
        says=_sentence(rule, scene, best, role),
        severity=rule.severity,
        confidence=confidence,
        role=role,
        relation=best.relation,
        techniques=rule.techniques,
        evidence=_evidence(scene, matches),
    )


def _evidence(scene: _Scene, matches: list[_Match]) -> tuple[Evidence, ...]:
    seen: dict[tuple[str, str, int, str], Evidence] = {}
    for found in matches:
        for index in found.carriers:
            evidence = scene.signals[index].evidence
            seen.setdefault((evidence.artifact, evidence.path, evidence.line, evidence.decoded), evidence)
        if len(seen) >= MAX_EVIDENCE:
            break
    return tuple(seen.values())[:MAX_EVIDENCE]


def _sentence(rule: Rule, scene: _Scene, found: _Match, role: Role) -> str:
    """Fill {from}, {to}, {0}, {1} ... with the targets of the carriers and {when} with the role."""
    targets = [scene.signals[index].target or scene.signals[index].id.value for index in found.carriers]
    text = rule.says.replace("{when}", _WHEN[role])
    if rule.flow:
        text = text.replace("{from}", _short(targets[0])).replace("{to}", _short(targets[1]))
        targets = targets[2:]
    for number, target in enumerate(targets):
        text = text.replace(f"{{{number}}}", _short(target))
    return text


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _TARGET_SHOWN else flat[: _TARGET_SHOWN - 1] + "…"


_TARGET_SHOWN = 80
