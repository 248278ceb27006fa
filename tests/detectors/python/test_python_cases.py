"""The front end against tables: a few lines of source, and the facts that must be read out of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from packamal.detectors.facts import Arg, Call, Facts, Layer
from packamal.detectors.python import read
from packamal.detectors.units import Language, Unit
from packamal.model import Role

CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text())
]
KINDS = ("calls", "flows", "layers", "edges", "uses", "texts", "notes", "called", "conditions")


def _units(case: dict) -> dict[str, Unit]:
    files = case.get("files") or {case.get("path", "pkg/__init__.py"): case["source"]}
    units = {}
    for path, text in files.items():
        data = text if isinstance(text, bytes) else text.encode()
        language = Language.PYTHON if path.endswith((".py", ".pth")) else Language.UNKNOWN
        role = Role.INSTALL if path.endswith("setup.py") else Role.IMPORT
        units[path] = Unit(path, path, data, language, role)
    return units


def _arg(arg: Arg) -> str:
    if arg.is_const:
        return repr(arg.const)
    if arg.text is not None:
        return f"~{arg.text!r}"
    return arg.ref or "?"


def _call(call: Call) -> str:
    parts = [_arg(arg) for arg in call.args] + [f"{name}={_arg(arg)}" for name, arg in call.named]
    return f"{call.callee}({', '.join(parts)})"


def _layer(layer: Layer) -> str:
    mark = "!" if layer.is_executed else ""
    return f"{layer.language}{mark} {'+'.join(layer.steps)}: {layer.data.decode('utf-8', 'replace')}"


def _seen(facts: Facts) -> dict[str, list[str]]:
    names = {call.id: call.callee for call in facts.calls}
    names |= {use.id: use.name for use in facts.uses}
    names |= {text.id: repr(text.value) for text in facts.texts}
    return {
        "calls": [_call(call) for call in facts.calls] + [call.callee for call in facts.calls],
        "flows": [f"{names[flow.source]} -> {names[flow.sink]} {flow.arg}" for flow in facts.flows],
        "layers": [_layer(layer) for layer in facts.layers],
        "edges": [f"{edge.kind} {edge.target}" for edge in facts.edges],
        "uses": [use.name + (" =" if use.is_write else "") for use in facts.uses],
        "texts": [text.value for text in facts.texts],
        "notes": [f"{note.kind} {note.detail}".strip() for note in facts.notes],
        "called": [f"{call.callee} {str(call.place.is_called).lower()}" for call in facts.calls],
        "conditions": [f"{call.callee} if {call.place.condition}" for call in facts.calls],
    }


@pytest.mark.parametrize("case", CASES)
def test_source_yields_the_facts_of_its_table(case: dict) -> None:
    units = _units(case)
    given = [unit for unit in units.values() if unit.language is Language.PYTHON]
    if "given" in case:
        given = [units[path] for path in case["given"]]
    facts = read(given, units)
    seen = _seen(facts)
    for kind in KINDS:
        for wanted in case.get(kind, ()):
            assert wanted in seen[kind], f"{kind}: {wanted!r} not in {seen[kind]}"
        for unwanted in case.get(f"no-{kind}", ()):
            assert unwanted not in seen[kind], f"{kind}: {unwanted!r} in {seen[kind]}"


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 150
