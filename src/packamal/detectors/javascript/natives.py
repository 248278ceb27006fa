"""Decoders written in JavaScript, known by what they do: run once step by step, then by a codec of ours.

The decoders of string arrays turn every text by base64 or RC4 in loops of thousands of steps, and are called hundreds
of times. One result that a codec reproduces is enough: no two of these agree by chance.
"""

from __future__ import annotations

import base64
import binascii
import functools
from collections.abc import Callable

from packamal.detectors.javascript.machine import JsThrow, Machine
from packamal.detectors.javascript.nodes import Function

Codec = Callable[[str, str], str | None]

_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_SWAPPED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
_TO_STANDARD = str.maketrans(_SWAPPED, _STANDARD)
MIN_SIZE = 40
"""Nodes of the smallest such decoder."""
MAX_TRIES = 3


def _base64(text: str, is_swapped: bool) -> bytes | None:
    if is_swapped:
        text = text.translate(_TO_STANDARD)
    text = text.rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def _plain(is_swapped: bool, is_text: bool) -> Codec:
    def run(text: str, _: str) -> str | None:
        raw = _base64(text, is_swapped)
        return None if raw is None else raw.decode("utf-8" if is_text else "latin-1")

    return run


@functools.lru_cache(maxsize=1024)
def _schedule(key: bytes) -> tuple[int, ...]:
    """RC4's state after the key; the same few keys come thousands of times while an array is turned around."""
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    return tuple(state)


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(_schedule(key)), 0
    out = bytearray(len(data))
    for at, value in enumerate(data):
        i = (at + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out[at] = value ^ state[(state[i] + state[j]) & 255]
    return bytes(out)


def _keyed(is_swapped: bool, is_text: bool) -> Codec:
    def run(text: str, key: str) -> str | None:
        raw = _base64(text, is_swapped)
        if raw is None or not key:
            return None
        stream = raw.decode("utf-8").encode("latin-1", "replace") if is_text else raw
        return _rc4(key.encode("latin-1", "replace"), stream).decode("latin-1")

    return run


_PLAIN = [_plain(is_swapped, is_text) for is_swapped in (False, True) for is_text in (True, False)]
_KEYED = [_keyed(is_swapped, is_text) for is_swapped in (False, True) for is_text in (True, False)]


def run(m: Machine, function: Function, arguments: list[object]) -> str | None:
    """What a function that is known to be a codec gives; None when it is not known to be one. Raises JsThrow."""
    codec = function.native
    if not callable(codec) or not arguments or not all(isinstance(value, str) for value in arguments[:2]):
        return None
    try:
        result = codec(arguments[0], arguments[1] if len(arguments) > 1 else "")
    except UnicodeDecodeError as error:
        if m.concrete:
            raise JsThrow("URIError") from error
        return None
    return result if isinstance(result, str) else None


def _does(codec: Codec, text: str, key: str, result: str) -> bool:
    try:
        return codec(text, key) == result
    except UnicodeDecodeError:
        return False


def learn(function: Function, arguments: list[object], result: object) -> None:
    """See whether a codec does what the function has just done."""
    if function.native is not None or function.size < MIN_SIZE or not isinstance(result, str) or len(result) < 2:
        return
    if not arguments or not all(isinstance(value, str) for value in arguments[:2]):
        return
    text, key = str(arguments[0]), str(arguments[1]) if len(arguments) > 1 else ""
    for codec in _KEYED if key else _PLAIN:
        if _does(codec, text, key, result):
            function.native = codec
            return
    function.tries += 1
    if function.tries >= MAX_TRIES:
        function.native = False
