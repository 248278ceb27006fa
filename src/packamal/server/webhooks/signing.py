"""What a message carries so that its receiver can tell it from a forged, altered or replayed one: docs/webhooks.md."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import secrets
import time

from packamal.server.webhooks.models import Delivery, Webhook
from packamal.server.webhooks.sealing import opened

MARK = "whsec_"
SECRET_BYTES = 32
VERSION = "v1"


def new_secret() -> str:
    """256 random bits."""
    return MARK + secrets.token_urlsafe(SECRET_BYTES)


def headers_of(row: Delivery, now: datetime.datetime) -> dict[str, str]:
    """Everything that goes along with a body. Raises SealError."""
    timestamp = str(int(time.time()))
    signatures = [signature(secret, timestamp, row.body.encode()) for secret in _secrets(row.webhook, now)]
    return {
        "content-type": "application/json",
        "packamal-delivery": str(row.pk),
        "packamal-event": row.event,
        "packamal-timestamp": timestamp,
        "packamal-signature": ",".join(signatures),
    }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and HMAC-SHA256 over timestamp, a dot and the body, in hexadecimal."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"{VERSION}={signed.hexdigest()}"


def _secrets(hook: Webhook, now: datetime.datetime) -> list[str]:
    has_before = hook.sealed_before and hook.before_until and hook.before_until > now
    return [opened(hook.sealed), *([opened(hook.sealed_before)] if has_before else [])]
