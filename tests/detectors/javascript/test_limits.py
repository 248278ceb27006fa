"""What could run for ever is cut off, and the rest of the unit is still read."""

import time

from packamal.detectors.facts import Facts
from packamal.detectors.javascript import read
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
