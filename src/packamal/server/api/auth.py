"""API keys at the door: `Authorization: Bearer pkm_...`, good for what their scopes say."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer

from packamal.server.accounts.buckets import Taken, buckets
from packamal.server.accounts.keys import find_key
from packamal.server.accounts.models import ApiKey, Scope, User
from packamal.server.analyses.claims import Asker
from packamal.server.request_id import current_request_id


class TooOftenError(HttpError):
    """The key's bucket is empty."""

    def __init__(self, taken: Taken) -> None:
        super().__init__(429, f"this key may ask {taken.limit} times a minute")
        self.taken = taken


class KeyAuth(HttpBearer):
    """Needs a key with this scope; `admin` is good for everything."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The key's row, which the operation finds as `request.auth`. Each request takes one from the key's bucket."""
        key = find_key(token)
        if key is None:
            return None
        taken = buckets().take(str(key.pk), key.rate_per_minute or settings.PACKAMAL.rate_per_minute)
        request.taken = taken  # type: ignore[attr-defined]
        if not taken.is_allowed:
            raise TooOftenError(taken)
        if not {self.scope.value, Scope.ADMIN.value} & set(key.scopes):
            raise HttpError(403, f"this key lacks the scope {self.scope.value}")
        return key


READ = KeyAuth(Scope.READ)
SUBMIT = KeyAuth(Scope.SUBMIT)
ADMIN = KeyAuth(Scope.ADMIN)


def may_change(key: ApiKey, owner_id: int | None) -> bool:
    """Whether what belongs to this owner may be changed with this key."""
    return key.owner_id == owner_id or Scope.ADMIN.value in key.scopes


def asker(request: HttpRequest) -> Asker:
    """Who asks, behind `KeyAuth`."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    return Asker(key.owner, key, current_request_id())


def owner(request: HttpRequest) -> User:
    """Whose key it is; each key has an owner."""
    found = asker(request).owner
    assert found is not None
    return found


def actor(request: HttpRequest) -> str:
    """Who asks, for the trail."""
    return f"key:{request.auth.prefix}"  # type: ignore[attr-defined]
