"""Texts that tell people something: help, documentation, complaints. What they mention is not what the code does."""

from __future__ import annotations

import re
from collections.abc import Callable

from packamal.detectors.facts import Call, Facts, Text

MIN_LINES = 3
"""Line breaks of a text that is long enough to be documentation when nothing uses it."""
MIN_WORDS = 6
"""Plain words in a row that make a sentence."""
MIN_SHARE = 0.6
"""Part of a text that stands in sentences, from which on the text is prose."""
_WORD = r"[`\"']?[A-Za-z][a-z']*[`\"]?(?![\w/=$\\(\[])"
_SENTENCE = re.compile(rf"{_WORD}(?:[,;:.]?[ \n]{{1,20}}\(?{_WORD}\)?){{{MIN_WORDS - 1},200}}[.!?:]?")
_SMALL_WORDS = re.compile(
    r"(?i)\b(?:the|an?|of|to|and|or|is|are|be|this|that|with|for|your?|not|can|could|please|if)\b"
)
_TOLD_WORDS = (
    "add_argument add_option add_parser error warning warn info debug exception critical log echo secho print "
    "write_help format_help help usage exit fail option argument command"
)
_TOLD = frozenset(_TOLD_WORDS.split())
"""Last names of unknown callees that only show what they are given."""


def is_prose(text: str) -> bool:
    """Tell whether most of a text stands in sentences."""
    told = 0
    for match in _SENTENCE.finditer(text):
        if len(_SMALL_WORDS.findall(match[0])) > 1:
            told += len(match[0])
    return told >= MIN_SHARE * len(text)


def is_unused_prose(text: Text, used: frozenset[int]) -> bool:
    """Tell whether a text of several lines goes nowhere."""
    return text.id not in used and text.value.count("\n") >= MIN_LINES


def used_texts(facts: Facts, has_meaning: Callable[[str], bool]) -> frozenset[int]:
    """Facts whose values reach a call that means something, or one that is not known and does not only show them."""
    used: set[int] = set()
    for call in facts.calls:
        if has_meaning(call.callee) or _may_use(call):
            used.update(*(arg.sources for arg in call.args), *(arg.sources for _, arg in call.named))
            used.update(call.receiver.sources if call.receiver is not None else ())
    for use in facts.uses:
        used.update(use.value.sources if use.value is not None else ())
    return frozenset(used)


def _may_use(call: Call) -> bool:
    return call.callee.startswith("?") and call.callee.rpartition(".")[2] not in _TOLD
