"""Chain rules: data files over signals, read strictly and checked when they are loaded.

A rule says which capabilities must hang together, how closely, and when the code runs:

    id: exfil/env-to-network
    title: Sends the environment away
    severity: critical
    techniques: [T1041]
    when:
      flow: {from: [env.read.all], to: [net.send]}   the value of one reaches the other
      all: [term, ...]     each must be seen
      any: [term, ...]     one must be seen
      not: [term, ...]     none may be seen in the file
      within: file         function, file or package: how far apart `all` and `any` may stand (default file)
    roles: [install, startup, import]                when the code must run (default: all but never)
    says: "Reads {from} and sends it to {to} {when}."
    hit: {setup.py: "..."}          a package, path -> text, in which the rule finds something
    lookalike: {setup.py: "..."}    a legitimate one in which it does not

A term is a capability, `family.*`, alternatives `a | b`, or {signal: ..., target: pattern}.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packamal.capability import Capability
from packamal.errors import RuleError
from packamal.model import Confidence, Relation, Role, Severity, Signal
from packamal.strict_yaml import load_files

RULES = Path(__file__).resolve().parent.parent / "rules"
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:/[a-z0-9]+(?:-[a-z0-9]+)*)+")
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")
_KEYS = {"id", "title", "severity", "confidence", "techniques", "when", "roles", "says", "hit", "lookalike"}
_WHEN_KEYS = {"flow", "all", "any", "not", "within"}
_LONE_LIMIT = {Severity.INFO, Severity.LOW, Severity.MEDIUM}
_LONE_EXEMPT_FAMILIES = {"pattern", "pickle", "image", "meta"}
"""A known pattern, or a conclusion of a whole detector, is more than a lone capability."""


@dataclass(frozen=True, slots=True)
class Term:
    """Signals a rule asks for."""

    capabilities: frozenset[Capability]
    target: re.Pattern[str] | None = None

    def fits(self, signal: Signal) -> bool:
        """True when the signal is one of the capabilities and its target fits."""
        if signal.id not in self.capabilities:
            return False
        return self.target is None or self.target.search(signal.target) is not None


@dataclass(frozen=True, slots=True)
class Rule:
    """One chain rule."""

    id: str
    title: str
    severity: Severity
    says: str
    roles: frozenset[Role]
    within: Relation
    techniques: tuple[str, ...] = ()
    confidence: Confidence | None = None
    """Upper bound; None: what the relation gives."""
    flow: tuple[Term, Term] | None = None
    all: tuple[Term, ...] = ()
    any: tuple[Term, ...] = ()
    none: tuple[Term, ...] = ()
    hit: tuple[tuple[str, str], ...] = ()
    lookalike: tuple[tuple[str, str], ...] = ()
    source: str = ""
    """File the rule stands in."""


def parse_rule(raw: object, source: str) -> Rule:
    """Check one rule; raises RuleError that names the file and what is wrong."""
    if not isinstance(raw, Mapping):
        raise RuleError(f"{source}: a rule must be a mapping")
    if unknown := sorted(map(str, set(raw) - _KEYS)):
        raise RuleError(f"{source}: unknown key {unknown[0]}; known are {', '.join(sorted(_KEYS))}")
    try:
        rule = _rule(raw, source)
    except KeyError as error:
        raise RuleError(f"{source}: {error.args[0]} is missing") from error
    except (ValueError, TypeError, re.error) as error:
        raise RuleError(f"{source}: {error}") from error
    _check(rule)
    return rule


def _rule(raw: Mapping[str, object], source: str) -> Rule:
    when = _mapping(raw["when"])
    if unknown := sorted(map(str, set(when) - _WHEN_KEYS)):
        raise RuleError(f"{source}: unknown key when.{unknown[0]}")
    flow = _mapping(when["flow"]) if "flow" in when else None
    roles = raw.get("roles", [role for role in Role if role is not Role.NEVER])
    return Rule(
        id=str(raw["id"]),
        title=str(raw["title"]),
        severity=Severity(str(raw["severity"])),
        says=str(raw["says"]),
        roles=frozenset(Role(str(role)) for role in _list(roles)),
        within=Relation(str(when.get("within", "file"))),
        techniques=tuple(map(str, _list(raw.get("techniques", [])))),
        confidence=Confidence(str(raw["confidence"])) if "confidence" in raw else None,
        flow=(_alternatives(flow["from"]), _alternatives(flow["to"])) if flow else None,
        all=tuple(_term(term) for term in _list(when.get("all", []))),
        any=tuple(_term(term) for term in _list(when.get("any", []))),
        none=tuple(_term(term) for term in _list(when.get("not", []))),
        hit=_package(raw["hit"]),
        lookalike=_package(raw["lookalike"]),
        source=source,
    )


def _check(rule: Rule) -> None:
    if not _ID.fullmatch(rule.id):
        raise RuleError(f"{rule.source}: id {rule.id!r} must be a lower-case path such as exfil/env-to-network")
    if bad := [name for name in rule.techniques if not _TECHNIQUE.fullmatch(name)]:
        raise RuleError(f"{rule.source}: {bad[0]!r} is no ATT&CK technique id")
    if not (rule.flow or rule.all or rule.any):
        raise RuleError(f"{rule.source}: when must hold flow, all or any")
    is_lone = not rule.flow and len(rule.all) + bool(rule.any) < 2
    lone = {name.family for term in (*rule.all, *rule.any) for name in term.capabilities}
    is_startup = rule.roles == {Role.STARTUP}  # running whenever the interpreter starts is half a chain by itself
    if is_lone and not is_startup and rule.severity not in _LONE_LIMIT and not lone <= _LONE_EXEMPT_FAMILIES:
        raise RuleError(f"{rule.source}: a rule on a lone capability may be medium at most")


def _mapping(raw: object) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise TypeError(f"{raw!r} must be a mapping")
    return raw


def _list(raw: object) -> Sequence[object]:
    if not isinstance(raw, list):
        raise TypeError(f"{raw!r} must be a list")
    return raw


def _package(raw: object) -> tuple[tuple[str, str], ...]:
    return tuple((str(path), str(text)) for path, text in _mapping(raw).items())


def _alternatives(raw: object) -> Term:
    terms = [_term(item) for item in (raw if isinstance(raw, list) else [raw])]
    targets = {term.target for term in terms}
    if len(targets) > 1:
        raise ValueError("one target pattern at most in a flow's end")
    return Term(frozenset[Capability]().union(*(term.capabilities for term in terms)), targets.pop())


def _term(raw: object) -> Term:
    if isinstance(raw, Mapping):
        if set(raw) - {"signal", "target"}:
            raise ValueError("a term holds signal and target only")
        return Term(_capabilities(str(raw["signal"])), re.compile(str(raw["target"]), re.IGNORECASE))
    return Term(_capabilities(str(raw)))


def _capabilities(text: str) -> frozenset[Capability]:
    found: set[Capability] = set()
    for name in (part.strip() for part in text.split("|")):
        if name.endswith(".*"):
            members = {item for item in Capability if item.value.startswith(name[:-1])}
            if not members:
                raise ValueError(f"{name!r} names no capability")
            found |= members
        else:
            found.add(Capability(name))
    return frozenset(found)


def read_rules(folders: Iterable[Path]) -> tuple[Rule, ...]:
    """Read every *.yaml rule below some folders, in order of id; raises RuleError also for a repeated id."""
    # Weights and the like stand in RULES itself; rules stand in folders by kind.
    paths = [path for folder in folders for path in sorted(folder.rglob("*.yaml")) if path.parent != RULES]
    rules: dict[str, Rule] = {}
    for path, raw in zip(paths, load_files(paths), strict=True):
        rule = parse_rule(raw, f"{path.parent.name}/{path.name}")
        if rule.id in rules:
            raise RuleError(f"{rule.source}: id {rule.id} stands in {rules[rule.id].source} already")
        rules[rule.id] = rule
    return tuple(rules[key] for key in sorted(rules))


@functools.cache
def load_rules(extra: tuple[Path, ...] = ()) -> tuple[Rule, ...]:
    """The shipped rules and those of further folders; raises RuleError."""
    return read_rules((RULES, *extra))
