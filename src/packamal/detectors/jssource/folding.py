"""Compute JavaScript constants within limits, never by running anything of the package."""

from __future__ import annotations

import re
import urllib.parse

from packamal.detectors.decode import decode

MAX_CONSTANT = 4_000_000
FAILED = object()
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|\r?\n|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
CODECS = {"base64": "base64", "base64url": "base64", "hex": "hex"}


def unescape(text: str) -> str:
    """A literal's text without its escapes."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    digits = match.group(1) or match.group(2) or match.group(3)
    if digits:
        code = int(digits, 16)
        return chr(code) if code <= 0x10FFFF else ""
    letter = match.group(4) or ""
    return _PLAIN.get(letter, letter)


def call(callee: str, arguments: list[object]) -> tuple[object, str]:
    """Result and decode step of a global function on constants, or (FAILED, "")."""
    first = arguments[0] if arguments else None
    if callee in {"Buffer.from", "Buffer"} and isinstance(first, str):
        codec = CODECS.get(str(arguments[1])) if len(arguments) > 1 else None
        found = decode(codec, first.encode()) if codec else first.encode()
        return (FAILED, "") if found is None else (found, codec or "")
    if callee == "atob" and isinstance(first, str):
        found = decode("base64", first.encode())
        return (FAILED, "") if found is None else (found.decode("latin-1"), "base64")
    if callee in {"unescape", "decodeURIComponent"} and isinstance(first, str):
        return urllib.parse.unquote(first), "url-percent"
    if callee == "String.fromCharCode" and all(isinstance(item, int) for item in arguments) and arguments:
        return "".join(chr(item) for item in arguments if isinstance(item, int) and 0 <= item < 0x110000), "chars"
    return FAILED, ""


def method(receiver: object, name: str, arguments: list[object]) -> object:
    """Result of a method on a constant text, buffer or array, or FAILED."""
    if isinstance(receiver, bytes) and name == "toString":
        return receiver.decode("utf-8", "replace")
    if isinstance(receiver, str):
        return _of_text(receiver, name, arguments)
    if isinstance(receiver, tuple):
        if name == "reverse":
            return receiver[::-1]
        if name == "join" and all(isinstance(item, str | int) for item in receiver):
            return str(arguments[0] if arguments else ",").join(map(str, receiver))
    return FAILED


def _of_text(text: str, name: str, arguments: list[object]) -> object:
    first = arguments[0] if arguments else None
    if name == "split" and isinstance(first, str):
        return tuple(text.split(first)) if first else tuple(text)
    if name in {"toLowerCase", "toUpperCase", "trim", "toString"}:
        return {"toLowerCase": text.lower(), "toUpperCase": text.upper(), "trim": text.strip()}.get(name, text)
    if name == "concat" and all(isinstance(item, str) for item in arguments):
        return text + "".join(map(str, arguments))
    if name in {"replace", "replaceAll"} and len(arguments) > 1 and isinstance(first, str):
        return text.replace(first, str(arguments[1]), 1 if name == "replace" else -1)
    if name in {"slice", "substring", "substr"} and isinstance(first, int):
        last = arguments[1] if len(arguments) > 1 and isinstance(arguments[1], int) else None
        return text[first : (first + last if last is not None and name == "substr" else last)]
    return FAILED
