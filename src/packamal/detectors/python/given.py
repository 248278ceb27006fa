"""Secrets that a caller hands over: parameters and attributes named as keys, passwords, tokens or seed phrases.

They become Use facts (`parameter.private_key`, `attribute.access_key`), so that it can be followed where they go.
"""

from __future__ import annotations

import ast
import re
from typing import Final

from packamal.detectors.python.scope import FunctionRecord
from packamal.detectors.python.session import RawUse, Spot
from packamal.detectors.python.values import Unknown, Value, union
from packamal.detectors.python.walk import Walk

_SECRET: Final = re.compile(
    r"(?:^|_)(?:secrets?|password|passwd|passphrase|mnemonic|seed(?:_phrase|_words)?|token|credentials?|privkey|privatekey"
    r"|apikey|accesskey)(?:$|_)|_key(?:$|_(?:id|secret|hex|b58|bytes)$)"
)
_PLAIN_KEY: Final = re.compile(
    r"(?:public|pub|cache|sort|primary|foreign|dict|map|group|partition|idempotency|redis|row|column|index|field|object"
    r"|storage|lookup|search|natural|unique|env|config|data|json|session|route|item|is|has|by)_key"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_secret(name: str) -> bool:
    """Tell whether a name says that it holds a secret."""
    if len(name) < 4:
        return False
    plain = _CAMEL.sub("_", name).lower()
    return _SECRET.search(plain) is not None and _PLAIN_KEY.search(plain) is None


def note_parameter(walk: Walk, record: FunctionRecord, name: str, token: int) -> None:
    """Record a parameter that holds a secret as a source of whatever is made from it."""
    if not is_secret(name):
        return
    number = walk.session.fact()
    spot = Spot(record.module, getattr(record.node, "lineno", 0), record, None)
    walk.session.uses.append(RawUse(number, f"parameter.{name}", spot, None))
    walk.session.link(token, frozenset((number,)))


def note_attribute(walk: Walk, value: Value, node: ast.Attribute) -> Value:
    """The value of an attribute of something unknown, with the secret it is named for as a source."""
    if not isinstance(value, Unknown) or walk.is_repeat or not is_secret(node.attr):
        return value
    number = walk.session.fact()
    walk.session.uses.append(RawUse(number, f"attribute.{node.attr}", walk.spot(node), None))
    return Unknown(union(value.src, frozenset((number,))), value.label or node.attr)
