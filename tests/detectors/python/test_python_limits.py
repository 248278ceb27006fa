"""Loops are run as long as what is known changes, and small units may not buy much time."""

from __future__ import annotations

import ast
import gc
import time

from packamal.detectors.facts import Facts
from packamal.detectors.python import read
from packamal.detectors.units import Language, Unit
from packamal.model import Role

WAITING = """
import os
def wait(channel):
    seen = b""
    ready = False
    while not ready:
        chunk = channel.recv(10)
        if not chunk:
            break
        seen += chunk
    os.write(1, seen)
"""
GROWING = """
def visit(root):
    todo = [root]
    while todo:
        node = todo.pop()
        for child in node.children:
            todo.append(child)
            todo.append(child)
        yield node
"""
NOISY = """
import time
data = [{numbers}]
i, out = 0, ""
while i < len(data):
    noise = time.time()
    out += chr(data[i] ^ 5)
    i += 1
exec(out)
"""
IDLE = "values = []\nfor turn in range(19_000):\n    values.append(helper(turn) + helper(turn))\n"


def facts_of(source: str) -> Facts:
    unit = Unit("pkg/__init__.py", "pkg/__init__.py", source.encode(), Language.PYTHON, Role.IMPORT)
    return read([unit], {unit.path: unit})


def test_a_loop_that_waits_for_what_nobody_knows_is_left() -> None:
    for source in (WAITING, GROWING):
        assert [note for note in facts_of(source).notes if note.kind == "limit"] == []
    assert "os.write" in {call.callee for call in facts_of(WAITING).calls}


def test_a_decoder_with_noise_in_it_is_run_to_its_end() -> None:
    code = "# a comment long enough to need many rounds\nimport os\nos.system('harmless')"
    facts = facts_of(NOISY.format(numbers=", ".join(str(ord(letter) ^ 5) for letter in code)))
    assert "os.system" in {call.callee for call in facts.calls}


def test_a_small_unit_pays_for_long_loops_with_its_size() -> None:
    before = time.process_time()
    facts = facts_of(IDLE)
    assert time.process_time() - before < 1
    assert "limit" in {note.kind for note in facts.notes}


RING = """
class A:
    def f(self):
        return B().g()
class B(A):
    def g(self):
        return self.f()
"""


def trees() -> int:
    return sum(type(kept) is ast.FunctionDef for kept in gc.get_objects())  # isinstance() would ask lazy objects


def test_trees_go_without_the_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        before = trees()
        facts_of(RING)
        assert trees() == before
    finally:
        gc.enable()
