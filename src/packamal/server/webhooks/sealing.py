"""Secrets that have to be used again lie in the database encrypted, under a key that is not in the database."""

from __future__ import annotations

import base64
import functools

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from packamal.errors import PackamalError

PURPOSE = b"packamal webhook secrets 1"
"""Makes the key another one than any else that follows from the service's secret."""
KEY_BYTES = 32


class SealError(PackamalError):
    """It cannot be opened: the service's secret is another one than it was."""


def seal(secret: str) -> str:
    """Encrypted and authenticated, as text."""
    return _box(settings.SECRET_KEY).encrypt(secret.encode()).decode("ascii")


def opened(sealed: str) -> str:
    """What was sealed. Raises SealError."""
    try:
        return _box(settings.SECRET_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealError("the secret cannot be read any more") from error


@functools.lru_cache(maxsize=2)
def _box(secret_key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
