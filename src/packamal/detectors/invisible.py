"""Characters nobody sees in code: tags, variation selectors in runs, zero widths in names, direction changes.

Bidirectional controls in source: CVE-2021-42574. Runs of variation selectors carry whole payloads, one byte each.
A text is first reduced to its bytes beyond ASCII, a nanosecond a byte; what is not in those is not in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packamal.capability import Capability
from packamal.detectors.base import Observed, Package
from packamal.detectors.units import Language, Unit
from packamal.detectors.witness import Witness

MIN_RUN = 8
"""Invisible characters in a row: an emoji sequence has fewer."""
MAX_LINE = 500
"""Bytes of a line that a person would read; tables of characters stand in longer ones."""
_ASCII = bytes(range(128))
_TAGS = re.compile(rb"(?:\xf3\xa0[\x80\x81][\x80-\xbf]){%d,}" % MIN_RUN)
_SELECTORS = re.compile(rb"(?:\xef\xb8[\x80-\x8f]|\xf3\xa0(?:[\x84-\x86][\x80-\xbf]|\x87[\x80-\xaf])){%d,}" % MIN_RUN)
_ZERO_WIDTH = re.compile(rb"(?:\xe2\x80[\x8b-\x8f]|\xe2\x81[\xa0-\xa4]|\xef\xbb\xbf|\xe1\xa0\x8e){%d,}" % MIN_RUN)
_RUNS = ((_TAGS, "tag characters"), (_SELECTORS, "variation selectors"), (_ZERO_WIDTH, "zero-width characters"))
_JOINTS = (b"\xe2\x80\x8b", b"\xe2\x80\x8c", b"\xe2\x80\x8d", b"\xe2\x81\xa0", b"\xef\xbb\xbf")
_FILLERS = (b"\xe3\x85\xa4", b"\xef\xbe\xa0", b"\xe1\x85\x9f", b"\xe1\x85\xa0")
_AFTER_NAME = re.compile(rb"\s*(?:[=,;})\]]|in\b)")
_OPENERS = (b"\xe2\x80\xad", b"\xe2\x80\xae", b"\xe2\x81\xa6", b"\xe2\x81\xa7", b"\xe2\x81\xa8")
_BIDI = re.compile(rb"\xe2(?:\x80[\xaa-\xae]|\x81[\xa6-\xa9])")
_WORD = re.compile(rb"[A-Za-z]{3}")
_OPEN_QUOTE = re.compile(rb"['\"`][^'\"`\n]{0,200}\Z")
_CODE = frozenset(
    (
        Language.PYTHON,
        Language.JAVASCRIPT,
        Language.TYPESCRIPT,
        Language.SHELL,
        Language.POWERSHELL,
        Language.BATCH,
    )
)


def detect(package: Package) -> Observed:
    """Look for characters that hide in texts; binary members are passed over."""
    witness = Witness(package)
    for unit in package.units:
        if unit.language is Language.BINARY or unit.data.isascii() or b"\0" in unit.data[:1024]:
            continue
        beyond = unit.data.translate(None, _ASCII)
        _look_for_runs(witness, unit, beyond)
        if unit.language in _CODE:
            _look_in_code(witness, unit, beyond)
    return witness.observed()


def _look_for_runs(witness: Witness, unit: Unit, beyond: bytes) -> None:
    for pattern, name in _RUNS:
        if pattern.search(beyond) is None:
            continue
        match = pattern.search(unit.data)
        if match is not None:
            count = len(match.group().decode("utf-8", "replace"))
            witness.saw(unit, Capability.OBF_UNICODE, f"{count} {name} in a row", match.start())


def _look_in_code(witness: Witness, unit: Unit, beyond: bytes) -> None:
    for at in _places(unit.data, beyond, _FILLERS):
        if _AFTER_NAME.match(unit.data, at + 3):
            witness.saw(unit, Capability.OBF_UNICODE, "a name that cannot be seen", at)
            break
    for at in _places(unit.data, beyond, _JOINTS):
        if _is_inside_name(unit.data, at):
            witness.saw(unit, Capability.OBF_UNICODE, "zero-width character inside a name", at)
            break
    for at in _places(unit.data, beyond, _OPENERS):
        if _turns_code(unit.data, at):
            witness.saw(unit, Capability.OBF_UNICODE, "direction-changing characters", at)
            break


def _places(data: bytes, beyond: bytes, characters: tuple[bytes, ...]) -> Iterator[int]:
    for character in characters:
        if character not in beyond:
            continue
        at = data.find(character)
        while at >= 0:
            yield at
            at = data.find(character, at + 3)


def _is_inside_name(data: bytes, at: int) -> bool:
    around = data[max(at - 1, 0) : at] + data[at + 3 : at + 4]
    if len(around) != 2 or not around.replace(b"_", b"a").replace(b"$", b"a").isalnum():
        return False
    start = data.rfind(b"\n", 0, at) + 1
    return _OPEN_QUOTE.search(data[max(start, at - 300) : at]) is None


def _turns_code(data: bytes, at: int) -> bool:
    """A line that turns direction and keeps words behind the turn; tables of such characters hold no words."""
    start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
    line = data[start : end if end >= 0 else len(data)]
    if len(line) >= MAX_LINE or not 2 <= len(_BIDI.findall(line)) <= 12:
        return False
    return _WORD.search(line, at - start) is not None
