"""What people and programs do with API keys: make, list, rotate, end. The API and the pages come through here."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from packamal.errors import PackamalError
from packamal.server.accounts import audit
from packamal.server.accounts.keys import ALLOWED, NewKey, make_key
from packamal.server.accounts.models import ApiKey, Role, Scope, User

MAX_KEYS = 50
"""Of one person that hold at a time."""


class KeyRefusedError(PackamalError):
    """The key cannot be made or changed."""


def create(actor: str, owner: User, name: str, scopes: Iterable[Scope], lifetime: datetime.timedelta | None) -> NewKey:
    """A new key, in the trail. Raises KeyRefusedError."""
    wanted = set(scopes)
    if not wanted <= ALLOWED[Role(owner.role)]:
        raise KeyRefusedError(f"the role {owner.role} does not allow a key with these scopes")
    with transaction.atomic():
        list(User.objects.select_for_update().filter(pk=owner.pk))
        if ApiKey.objects.filter(owner=owner, revoked_at=None).count() >= MAX_KEYS:
            raise KeyRefusedError(f"there are {MAX_KEYS} keys that hold; revoke one first")
        made = make_key(owner, name, wanted, lifetime)
        audit.record(actor, "key.create", made.row.prefix, scopes=",".join(made.row.scopes))
    return made


def rotate(actor: str, row: ApiKey, overlap: datetime.timedelta) -> NewKey:
    """A new key like an old one, which ends after `overlap`: its users can change over. Raises KeyRefusedError."""
    now = timezone.now()
    with transaction.atomic():
        holding = ApiKey.objects.select_for_update().filter(pk=row.pk, revoked_at=None).first()
        if holding is None or (holding.expires_at and holding.expires_at <= now):
            raise KeyRefusedError("this key holds no longer")
        lifetime = holding.expires_at - holding.created_at if holding.expires_at else None
        made = make_key(holding.owner, holding.name, [Scope(scope) for scope in holding.scopes], lifetime)
        ApiKey.objects.filter(pk=made.row.pk).update(
            rate_per_minute=holding.rate_per_minute, daily_quota=holding.daily_quota
        )
        ends = now + overlap
        holding.expires_at = min(ends, holding.expires_at) if holding.expires_at else ends
        holding.save(update_fields=["expires_at"])
        audit.record(actor, "key.rotate", holding.prefix, became=made.row.prefix)
    return made


def revoke(actor: str, row: ApiKey) -> bool:
    """End a key at once. False: it had ended."""
    with transaction.atomic():
        done = ApiKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=timezone.now())
        if done:
            audit.record(actor, "key.revoke", row.prefix)
    return bool(done)
