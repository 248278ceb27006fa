"""Snippets and the facts they must yield, in tables: one YAML list for each topic under cases/."""

import re
from pathlib import Path

import pytest
import yaml

from packamal.detectors.facts import Arg, Call, Facts
from packamal.detectors.javascript import read
from packamal.detectors.units import Language, Unit
from packamal.model import Role

CASES = Path(__file__).parent / "cases"
KEYS = {
    "name", "source", "path", "units", "calls", "absent", "uses", "absent-uses", "writes", "flows", "absent-flows",
    "layers", "edges", "texts", "notes", "absent-notes",
}  # fmt: skip
FLOW = re.compile(r"(?P<source>\S+) -> (?P<sink>\S+) (?P<arg>\S+)")


def load() -> list:
    return [
        pytest.param(case, id=f"{path.stem}: {case['name']}")
        for path in sorted(CASES.glob("*.yaml"))
        for case in yaml.safe_load(path.read_text())
    ]


def language_of(path: str) -> Language:
    if path.endswith((".ts", ".tsx")):
        return Language.TYPESCRIPT
    if path.endswith(".json"):
        return Language.JSON
    return Language.JAVASCRIPT if path.endswith((".js", ".mjs", ".cjs")) else Language.TEXT


def facts_of(case: dict) -> Facts:
    sources = dict(case.get("units", {}))
    if "source" in case:
        sources = {case.get("path", "index.js"): case["source"], **sources}
    package = {path: Unit(path, path, text.encode(), language_of(path), Role.IMPORT) for path, text in sources.items()}
    return read([unit for unit in package.values() if unit.language is not Language.TEXT], package)


def plain(arg: Arg) -> object:
    if arg.fields:
        return {key: plain(value) for key, value in arg.fields}
    return arg.const if arg.is_const else arg.text or arg.ref or None


def matches(call: Call, wanted: object) -> bool:
    if isinstance(wanted, str):
        return call.callee == wanted
    shown = {
        "callee": call.callee,
        "args": [plain(arg) for arg in call.args],
        "called": call.place.is_called,
        "function": call.place.function,
        "condition": call.place.condition,
        "line": call.place.line,
        "unit": call.place.unit,
        "new": call.is_new,
        "steps": [step for arg in call.args for step in arg.steps],
        "ref": next((arg.ref for arg in call.args if arg.ref), ""),
    }
    assert set(wanted) <= set(shown), f"unknown keys in {wanted}"
    return all(_fits(shown[key], value) for key, value in wanted.items())


def _fits(shown: object, wanted: object) -> bool:
    if isinstance(wanted, dict) and isinstance(shown, dict):
        return all(key in shown and _fits(shown[key], value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(shown, list):
        return len(wanted) <= len(shown) and all(map(_fits, shown, wanted))
    return shown == wanted or wanted == "*"


def flows_of(facts: Facts) -> set[str]:
    names = {call.id: call.callee for call in facts.calls} | {use.id: use.name for use in facts.uses}
    names |= {text.id: repr(text.value) for text in facts.texts}
    return {f"{names[flow.source]} -> {names[flow.sink]} {flow.arg}" for flow in facts.flows}


@pytest.mark.parametrize("case", load())
def test_a_snippet_yields_its_facts(case: dict) -> None:
    assert set(case) <= KEYS
    facts = facts_of(case)
    for wanted in case.get("calls", ()):
        found = [(call.callee, [plain(arg) for arg in call.args], call.place[1:]) for call in facts.calls]
        assert any(matches(call, wanted) for call in facts.calls), f"{wanted} is not in {found}"
    for name in case.get("absent", ()):
        assert name not in {call.callee for call in facts.calls}
    reads = {use.name for use in facts.uses if not use.is_write}
    assert set(case.get("uses", ())) <= reads, reads
    assert not set(case.get("absent-uses", ())) & reads
    assert set(case.get("writes", ())) <= {use.name for use in facts.uses if use.is_write}
    flows = flows_of(facts)
    for flow in case.get("flows", ()):
        assert FLOW.fullmatch(flow)
        assert flow in flows, flows
    assert not set(case.get("absent-flows", ())) & flows
    _check_the_rest(case, facts)


def _check_the_rest(case: dict, facts: Facts) -> None:
    layers = [
        {
            "text": layer.data.decode(),
            "steps": list(layer.steps),
            "executed": layer.is_executed,
            "language": layer.language,
        }
        for layer in facts.layers
    ]
    for wanted in case.get("layers", ()):
        assert any(all(layer[key] == value for key, value in wanted.items()) for layer in layers), layers
    edges = {f"{edge.kind} {edge.target}" for edge in facts.edges}
    assert set(case.get("edges", ())) <= edges, edges
    texts = {text.value for text in facts.texts if text.is_assembled}
    assert set(case.get("texts", ())) <= texts, texts
    notes = {note.kind for note in facts.notes}
    assert set(case.get("notes", ())) <= notes, notes
    assert not set(case.get("absent-notes", ())) & notes, facts.notes
