"""API keys at the door: `Authorization: Bearer pkm_...`, good for what their scopes say."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer

from packamal.server.accounts.keys import find_key
from packamal.server.accounts.models import ApiKey, Scope
from packamal.server.analyses.claims import Asker
from packamal.server.request_id import current_request_id


class KeyAuth(HttpBearer):
    """Needs a key with this scope; `admin` is good for everything."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The key's row, which the operation finds as `request.auth`."""
        key = find_key(token)
        if key is not None and not {self.scope.value, Scope.ADMIN.value} & set(key.scopes):
            raise HttpError(403, f"this key lacks the scope {self.scope.value}")
        return key


READ = KeyAuth(Scope.READ)
SUBMIT = KeyAuth(Scope.SUBMIT)


def may_change(key: ApiKey, owner_id: int | None) -> bool:
    """Whether what belongs to this owner may be changed with this key."""
    return key.owner_id == owner_id or Scope.ADMIN.value in key.scopes


def asker(request: HttpRequest) -> Asker:
    """Who asks, behind `KeyAuth`."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    return Asker(key.owner, key, current_request_id())
