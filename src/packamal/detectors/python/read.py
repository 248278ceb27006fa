"""The front end for Python: units in, facts out."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping, Sequence

from packamal.detectors.facts import Facts
from packamal.detectors.python import evaluator, limits
from packamal.detectors.python.classes import prepare
from packamal.detectors.python.finish import Finisher
from packamal.detectors.python.functions import summarise
from packamal.detectors.python.modules import ModuleIndex, load, record_for
from packamal.detectors.python.session import Session
from packamal.detectors.python.walk import Walk
from packamal.detectors.units import Unit

PARTS = evaluator.PARTS


def read(units: Sequence[Unit], package: Mapping[str, Unit]) -> Facts:
    """Read the facts of Python units; `package` holds every unit of the artifact by path. Never raises.

    The cyclic collector is off meanwhile: it would walk the trees again and again, and they hold no cycles.
    """
    session = Session(package, ModuleIndex(package), frozenset(unit.name for unit in units))
    before = sys.getrecursionlimit()
    is_collecting = gc.isenabled()
    gc.disable()
    sys.setrecursionlimit(max(before, limits.RECURSION))
    try:
        for unit in units:
            load(session, record_for(session, unit))
            _read_functions(session)
        return Finisher(session).run()
    finally:
        session.let_go()
        sys.setrecursionlimit(before)
        if is_collecting:
            gc.enable()


def _read_functions(session: Session) -> None:
    """Functions that nobody called are read when all names of their modules are known; then the trees are let go."""
    for module in list(session.modules.values()):
        walk = Walk(session, module, module.scope, module.code)
        position = 0
        while position < len(module.functions):
            record = module.functions[position]
            position += 1
            if record.owner is not None:
                prepare(walk, record.owner)
            summarise(walk, record)
            if record.node is not None and session.is_larger(record.node, limits.MAX_INLINE_SIZE):
                record.node = None
        session.records += module.functions
        module.functions.clear()
    session.forget_trees()
