"""Makes text out of a package harmless to look at; every renderer for people sends it through here.

What does not print (controls, escapes, direction marks, invisible and unassigned characters, halves of surrogate
pairs) is shown as an escape, long text is cut in the middle and says how much is missing, addresses lose their link.
"""

from __future__ import annotations

import re

NAME_CHARS = 64
PATH_CHARS = 96
TEXT_CHARS = 400
CODE_CHARS = 240
CODE_LINES = 12
"""Enough to judge an excerpt by; the report holds the rest."""

_MARK = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MARKS = re.compile(f"({_MARK}{{2}}){_MARK}+")
"""Living scripts need two combining marks in a row; more only cover the neighbouring lines."""
_AUTHORITY = re.compile(r"(?<=://)(?:\[\.\]|[^\s/'\"`<>\\)\]}]){1,255}")
_SCHEME = re.compile(r"\b(?!hxxp)([A-Za-z][A-Za-z0-9+.-]{0,31})://")
_SAFE_SCHEMES = {"http": "hxxp:", "https": "hxxps:"}
_WWW = re.compile(r"\bwww\.(?=\w)", re.IGNORECASE)
_NUMBERS = re.compile(r"(?<![\d.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_MAIL = re.compile(r"([\w.+-]{1,64})@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_COMMAND = re.compile(r"^(\s*)(?=::)|(?<=##)(?=\[|vso\[|teamcity\[)")
"""What CI servers take for a command when it stands in a log."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, limit: int = TEXT_CHARS) -> str:
    """`text` in one line of printable characters, at most about `limit` of them before escaping."""
    shortened = cut(text, limit)
    if not shortened.isprintable():
        shortened = "".join(char if char.isprintable() else _escape(char) for char in shortened)
    return _COMMAND.sub(r"\1\\", _MARKS.sub(r"\1", shortened))


def _escape(char: str) -> str:
    number = ord(char)
    wide = f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
    return _SHORT.get(char) or (f"\\x{number:02x}" if number < 0x100 else wide)


def cut(text: str, limit: int) -> str:
    """`text`, its middle replaced by how much is missing when it is longer than `limit`."""
    if len(text) <= limit:
        return text
    kept = max(limit - 24, 2) // 2
    return f"{text[:kept]}<{len(text) - 2 * kept} characters cut>{text[-kept:]}"


def defang(text: str) -> str:
    """Addresses that no terminal, mail or chat program turns into a link: `hxxps://host[.]example`."""
    text = _AUTHORITY.sub(lambda match: match[0].replace("[.]", ".").replace(".", "[.]"), text)
    text = _SCHEME.sub(lambda match: f"{_SAFE_SCHEMES.get(match[1].lower()) or match[1] + '[:]'}//", text)
    text = _MAIL.sub(lambda match: f"{match[1]}[@]{match[2].replace('.', '[.]')}", text)
    text = _WWW.sub("www[.]", text)
    return _NUMBERS.sub(r"\1[.]\2[.]\3[.]\4", text)


def prose(text: str, limit: int = TEXT_CHARS) -> str:
    """A sentence that holds text of the package: visible and defanged."""
    return defang(visible(text, limit))


def code(text: str, lines: int = CODE_LINES, width: int = CODE_CHARS) -> list[str]:
    """Source of the package, line by line: visible and defanged, tabs as blanks, at most `lines` of `width`."""
    found = text.replace("\r\n", "\n").expandtabs(4).rstrip("\n").split("\n")
    shown = [defang(visible(line, width)) for line in found[:lines]]
    if len(found) > lines:
        shown.append(f"<{len(found) - lines} lines cut>")
    return shown
