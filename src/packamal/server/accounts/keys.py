"""Makes and checks API keys: `pkm_PREFIX_SECRET`."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from packamal.server.accounts.models import ApiKey, Role, Scope, User

MARK = "pkm"
PREFIX_BYTES = 6
SECRET_BYTES = 32
KEY = re.compile(rf"{MARK}_([0-9a-f]{{1,16}})_[A-Za-z0-9_-]{{1,80}}")
USED_EVERY = datetime.timedelta(minutes=1)
"""How exact `last_used_at` is: a write for each request would be the busiest one."""


ALLOWED = {
    Role.VIEWER: frozenset({Scope.READ, Scope.SUBMIT}),
    Role.ANALYST: frozenset({Scope.READ, Scope.SUBMIT}),
    Role.ADMIN: frozenset(Scope),
}
"""Role -> scopes of its keys: a key never does more than its owner may, also when the role changes later."""


class NewKey(NamedTuple):
    """A key at the only moment at which it can be shown."""

    row: ApiKey
    text: str


def make_key(owner: User, name: str, scopes: Iterable[Scope], lifetime: datetime.timedelta | None = None) -> NewKey:
    """A new key; `lifetime` None never ends."""
    prefix = secrets.token_hex(PREFIX_BYTES)
    text = f"{MARK}_{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    row = ApiKey.objects.create(
        owner=owner,
        name=name,
        prefix=prefix,
        digest=digest_of(text),
        scopes=sorted(scopes),
        expires_at=timezone.now() + lifetime if lifetime else None,
    )
    return NewKey(row, text)


def find_key(text: str) -> ApiKey | None:
    """The row of a key that holds now; None for a wrong, expired or revoked one."""
    written = KEY.fullmatch(text)
    if written is None:
        return None
    now = timezone.now()
    held = ApiKey.objects.select_related("owner").filter(revoked_at=None, owner__is_active=True)
    row = held.filter(prefix=written[1]).first()
    if row is None or not hmac.compare_digest(row.digest, digest_of(text)):
        return None
    if row.expires_at and row.expires_at <= now:
        return None
    row.scopes = [scope for scope in row.scopes if scope in ALLOWED[Role(row.owner.role)]]
    if row.last_used_at is None or row.last_used_at < now - USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY)
        ApiKey.objects.filter(stale, pk=row.pk).update(last_used_at=now)
    return row


def digest_of(text: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
