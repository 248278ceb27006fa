"""Texts put together from single characters or their codes: addresses and paths that are spelt out so as not to stand
in the source. Each becomes a call of `?.characters` whose result is the text, so that flows can begin there.
"""

from __future__ import annotations

import re

from packamal.detectors.javascript.dispatch import spot_of
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.scope import Scope

MIN_CHARACTERS = 8
"""Shorter texts are put together from characters in ordinary code."""
CALLEE = "?.characters"
_TELLING = re.compile(r"://|[\w-]\.[A-Za-z]{2,}|[\w.~%]/[\w.%]|\\\w|\w -\w|\w\s?\([^)]{0,40}\)|[;{}]\s*\w")
"""Addresses, names of hosts and files, paths, command lines, code; names alone say little."""
_PRINTABLE = re.compile(r"[ -~\n\r\t]+\Z")


def spelt_out(m: Machine, text: str, scope: Scope, start: int) -> None:
    """Record that a text was made of characters, where it says something and does not stand in the source."""
    if len(text) < MIN_CHARACTERS or not _TELLING.search(text) or not _PRINTABLE.match(text):
        return
    if scope.frame.module.stands(text):
        return
    record = m.record.call(CALLEE, (), None, spot_of(scope, start))
    if record is not None:
        m.record.gave(record.id, text)
        m.set_origin(text, ("characters",), frozenset((record.id,)))
