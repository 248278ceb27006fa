"""Units that cannot be parsed are searched for their literals."""

from __future__ import annotations

import re

from packamal.detectors.facts import MAX_TEXT, Facts, Text
from packamal.detectors.javascript.literals import unescape
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.module import Module, Spot

MAX_BYTES = 8_000_000
MAX_LITERALS = 20_000
_QUOTED = re.compile(rb"""("|')((?:(?!\1)[^\\\n]|\\.){4,4096})\1""")


def add(m: Machine, module: Module, facts: Facts) -> None:
    """Add the literals of a unit as texts."""
    seen: set[bytes] = set()
    for match in _QUOTED.finditer(module.source, 0, MAX_BYTES):
        raw = match[2]
        if raw in seen:
            continue
        seen.add(raw)
        if len(seen) > MAX_LITERALS:
            return
        value = unescape(raw.decode("utf-8", "replace"))[:MAX_TEXT]
        facts.texts.append(Text(m.record.number(), value, module.place(Spot(module, match.start(), None, None))))
