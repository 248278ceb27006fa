"""Decryption with keys a package carries itself. Nothing is verified: what is wanted is the text, not its honesty.

`cryptography` costs 0.1 s to import, so it is loaded by the first call that needs it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable

from packamal.detectors.decode.limits import MAX_INPUT, MAX_LOOP_INPUT, MAX_OUTPUT

_BLOCK = 16
_FERNET_HEADER = 1 + 8 + _BLOCK
"""Version, time stamp, initialisation vector."""
_FERNET_MAC = 32
_GCM_NONCE = 12
_AES_KEYS = (16, 24, 32)
_SALTED = b"Salted__"


def xor(key: object, data: bytes) -> bytes | None:
    """XOR with a repeated key: bytes, text, one number or a sequence of numbers below 256; None for any other key."""
    pad = _key_bytes(key)
    if not pad or len(data) > MAX_INPUT:
        return None
    stretched = (pad * (len(data) // len(pad) + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(stretched, "big")).to_bytes(len(data), "big")


def _key_bytes(key: object) -> bytes:
    try:
        if isinstance(key, str):
            return key.encode("latin-1", "replace")
        if isinstance(key, int):
            return bytes((key,))
        if isinstance(key, Iterable):
            return bytes(key)
    except (TypeError, ValueError):
        return b""
    return b""


def rc4(key: bytes, data: bytes) -> bytes | None:
    """Decrypt RC4; None for an empty key or more than MAX_LOOP_INPUT bytes."""
    if not key or len(data) > MAX_LOOP_INPUT:
        return None
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(len(data)), 0, 0
    for at, value in enumerate(data):
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out[at] = value ^ state[(state[i] + state[j]) & 255]
    return bytes(out)


def fernet(key: bytes | str, token: bytes | str) -> bytes | None:
    """Decrypt a Fernet token, MAC and time unchecked; None where key or token have no such shape."""
    raw_key, raw = _urlsafe(key), _urlsafe(token)
    if len(raw_key) != 32 or len(raw) < _FERNET_HEADER + _BLOCK + _FERNET_MAC or raw[0] != 0x80:
        return None
    return aes("cbc", raw_key[16:], raw[9:_FERNET_HEADER], raw[_FERNET_HEADER:-_FERNET_MAC])


def _urlsafe(text: bytes | str) -> bytes:
    raw = text.encode("ascii", "replace") if isinstance(text, str) else text
    if len(raw) > MAX_INPUT:
        return b""
    try:
        return base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return b""


def aes(mode: str, key: bytes, iv: bytes, data: bytes) -> bytes | None:
    """Decrypt AES in ecb, cbc, ctr, cfb, cfb8, ofb, gcm or eax; padding is taken off where it is right.

    `iv` is the nonce for ctr (padded with zeros), gcm (12 bytes) and eax. A tag at the end of gcm data is recognised.
    None where key, iv or data do not fit the mode.
    """
    name = mode.lower().removeprefix("mode_")
    if len(key) not in _AES_KEYS or len(data) > MAX_OUTPUT:
        return None
    if name == "gcm":
        return _gcm(key, iv, data)
    if name == "eax":
        return _run("ctr", key, _eax_counter(key, iv), data)
    if name in ("ecb", "cbc"):
        whole = len(data) - len(data) % _BLOCK
        plain = _run(name, key, iv, data[:whole]) if whole else None
        return None if plain is None else _unpad(plain)
    return _run(name, key, iv.ljust(_BLOCK, b"\0") if name == "ctr" else iv, data)


def _gcm(key: bytes, iv: bytes, data: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(iv) != _GCM_NONCE:
        return None
    try:
        return AESGCM(key).decrypt(iv, data, None)
    except (InvalidTag, ValueError):
        return _run("ctr", key, iv + b"\0\0\0\2", data)


def _eax_counter(key: bytes, nonce: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.cmac import CMAC

    mac = CMAC(AES(key))
    mac.update(bytes(_BLOCK) + nonce)
    return mac.finalize()


def _run(name: str, key: bytes, iv: bytes, data: bytes) -> bytes | None:
    from cryptography.hazmat.decrepit.ciphers.modes import CFB, CFB8, OFB
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR, ECB

    makers: dict[str, Callable[[bytes], CBC | CTR | ECB | CFB | CFB8 | OFB]] = {
        "ecb": lambda _: ECB(),  # noqa: S305 - the package chose it
        "cbc": CBC,
        "ctr": CTR,
        "cfb": CFB,
        "cfb8": CFB8,
        "ofb": OFB,
    }
    try:
        machine = Cipher(AES(key), makers[name](iv)).decryptor()
        return machine.update(data) + machine.finalize()
    except (KeyError, ValueError):
        return None


def _unpad(plain: bytes) -> bytes:
    count = plain[-1] if plain else 0
    if 1 <= count <= _BLOCK and plain.endswith(bytes((count,)) * count):
        return plain[:-count]
    return plain.rstrip(b"\0")


def openssl_key(password: bytes, salt: bytes, key_bytes: int, iv_bytes: int) -> tuple[bytes, bytes]:
    """Derive key and iv as OpenSSL's EVP_BytesToKey with MD5 does (CryptoJS passphrases, Node's createDecipher)."""
    wanted = max(0, min(key_bytes + iv_bytes, 1024))
    derived = block = b""
    while len(derived) < wanted:
        block = hashlib.md5(block + password + salt, usedforsecurity=False).digest()
        derived += block
    return derived[:key_bytes], derived[key_bytes : key_bytes + iv_bytes]


def salted_aes(password: bytes, data: bytes) -> bytes | None:
    """Decrypt the `Salted__` format of OpenSSL and CryptoJS (AES-256-CBC), given raw or in base64."""
    if not data.startswith(_SALTED):
        try:
            data = base64.b64decode(data)
        except (binascii.Error, ValueError):
            return None
    if not data.startswith(_SALTED):
        return None
    key, iv = openssl_key(password, data[8:16], 32, _BLOCK)
    return aes("cbc", key, iv, data[16:])
