"""Text of a package on a page: escaped, capped, its odd characters boxed, its addresses without a link.

Every odd character becomes one placeholder before anything else looks at the text, and a box at the very end. The
placeholders are private-use characters; those that a package brings along are odd themselves and boxed first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from markupsafe import Markup

from packamal.render.html import highlighted
from packamal.render.safe import defang

FIRST = 0xE000
MAX_BOXES = 60
"""In one text; further odd characters are shown as U+FFFD, since each box is a node of the page."""
MAX_CHARS = 20_000
"""Longer texts are shortened before anything else is done with them."""
MAX_MARKS = 2
"""Combining marks in a row: living scripts need no more, further ones cover the neighbouring lines."""
REPLACEMENT = "\ufffd"
LIMITS = {"name": 48, "path": 72, "command": 160, "line": 240, "text": 400, "body": 4000, "version": 32, "purl": 96}
"""Characters shown of each kind of text."""
NAMES = frozenset({"name", "version", "purl"})
"""Kinds that are no address: `name@1.2.3` is no mail, `1.2.3.4` may be a version."""
CODE_LINES = 12
BRIEF_LINES = 4
"""Of what stands in a closed block."""
FOREIGN = frozenset({"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "FULLWIDTH", "MATHEMATICAL"})
"""Scripts whose letters pass for Latin ones."""
_WORD = re.compile(r"\w+")
_ODD = re.compile(r"[^\x20-\x7e]")
_SPACE = re.compile(r"[\t\n]|\r\n")
"""Ends of lines where one line is shown: nothing hides in them."""
_PLACE = re.compile("[\ue000-\uf8ff]")


class Marked(NamedTuple):
    """Text with placeholders, and what stands for each."""

    text: str
    boxes: list[SafeString]


def shown(text: str, kind: str = "text") -> SafeString:
    """`text` in one line, boxed, at most LIMITS[kind] characters of it; defanged unless it is a name."""
    is_name = kind in NAMES and "://" not in text
    return _filled(_marked(text, LIMITS[kind])) if is_name else defanged(text, kind)


def defanged(text: str, kind: str = "text") -> SafeString:
    """The same with every address defanged, whatever its kind."""
    return _filled(_marked(defang(_whole(text)), LIMITS[kind]))


def plain(text: str, kind: str = "text") -> str:
    """For attributes and titles: defanged, boxes as U+FFFD; autoescaping does the rest."""
    return _PLACE.sub(REPLACEMENT, _marked(defang(_whole(text)), LIMITS[kind]).text)


def code(text: str, path: str, most: int = CODE_LINES) -> Markup:
    """Source coloured by the language of `path`: at most `most` lines, each with elements of its own."""
    found = text.replace("\r\n", "\n").expandtabs(4).rstrip("\n").split("\n")
    boxes: list[SafeString] = []
    lines = [_marked(defang(_whole(line)), LIMITS["line"], boxes).text for line in found[:most]]
    html = highlighted("\n".join(lines), path)
    for number, box in enumerate(boxes):
        html = html.replace(chr(FIRST + number), Markup(box))  # noqa: S704  made by format_html
    return html


def _whole(text: str) -> str:
    """What an address is looked for in: before the cut, which would take the scheme away; never more than MAX_CHARS."""
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS // 2] + text[-MAX_CHARS // 2 :]


def _marked(text: str, limit: int, boxes: list[SafeString] | None = None) -> Marked:
    found: list[SafeString] = [] if boxes is None else boxes
    text = _SPACE.sub(" ", text)
    if len(text) <= limit:
        return Marked(_without_odd(text, found), found)
    kept = max(limit - 20, 2) // 2
    head = _without_odd(text[:kept], found)
    cut = _place(format_html('<span class="cut">{} characters cut</span>', f"{len(text) - 2 * kept:,}"), found)
    return Marked(head + cut + _without_odd(text[-kept:], found), found)


def _without_odd(text: str, boxes: list[SafeString]) -> str:
    if not _ODD.search(text):
        return text
    foreign = set(_foreign_letters(text))
    marks = 0
    parts: list[str] = []
    for index, char in enumerate(text):
        marks = marks + 1 if unicodedata.combining(char) else 0
        is_odd = index in foreign or not char.isprintable() or marks > MAX_MARKS
        parts.append(_place(_box(char), boxes) if is_odd else char)
    return "".join(parts)


def _foreign_letters(text: str) -> Iterator[int]:
    """Where a letter of another script stands in a word with Latin letters."""
    for word in _WORD.finditer(text):
        letters = word[0]
        if letters.isascii() or not any(char.isascii() and char.isalpha() for char in letters):
            continue
        for offset, char in enumerate(letters):
            if not char.isascii() and unicodedata.name(char, "").partition(" ")[0] in FOREIGN:
                yield word.start() + offset


def _box(char: str) -> SafeString:
    number = ord(char)
    is_byte = 0xDC80 <= number <= 0xDCFF
    return format_html('<span class="odd">{}</span>', f"0x{number - 0xDC00:02X}" if is_byte else f"U+{number:04X}")


def _place(box: SafeString, boxes: list[SafeString]) -> str:
    if len(boxes) >= MAX_BOXES:
        return REPLACEMENT
    boxes.append(box)
    return chr(FIRST + len(boxes) - 1)


def _filled(marked: Marked) -> SafeString:
    def parts() -> Iterator[tuple[str | SafeString]]:
        end = 0
        for place in _PLACE.finditer(marked.text):
            yield (marked.text[end : place.start()],)
            yield (marked.boxes[ord(place[0]) - FIRST],)
            end = place.end()
        yield (marked.text[end:],)

    return format_html_join("", "{}", parts())
