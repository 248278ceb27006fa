"""The embedded shape has one person, the one at the machine: nobody signs in, and it listens on loopback only."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from packamal.server.accounts.models import Role, User

NAME = "local"


def local_user() -> User:
    """The person at the machine, made at the first call; has no password."""
    user, is_new = User.objects.get_or_create(username=NAME, defaults={"role": Role.ADMIN})
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


class LocalUser:
    """Stands where the full shape has sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Every request is theirs."""
        request.user = SimpleLazyObject(local_user)  # type: ignore[assignment]
        return self.get_response(request)
