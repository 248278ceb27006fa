"""People who sign in, over SQLite as well: the middleware of the full shape."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from packamal.server.accounts.models import Role, User

LOCAL = "packamal.server.accounts.local.LocalUser"
FULL = "django.contrib.auth.middleware.AuthenticationMiddleware"
PASSWORD = "correct horse battery"


@pytest.fixture
def with_sessions(settings) -> None:
    """As in the full shape."""
    settings.MIDDLEWARE = [FULL if name == LOCAL else name for name in settings.MIDDLEWARE]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def person(db, with_sessions) -> Callable[..., User]:
    """Makes somebody with PASSWORD."""

    def make(name: str = "ada", role: Role = Role.ANALYST) -> User:
        return User.objects.create_user(name, password=PASSWORD, role=role)

    return make


@pytest.fixture
def visitor(db, with_sessions) -> Client:
    """A browser in which nobody is signed in."""
    return Client(enforce_csrf_checks=False)


@pytest.fixture
def sign_in() -> Callable[..., object]:
    """Fills in the form."""

    def send(client: Client, name: str = "ada", password: str = PASSWORD, **more: str) -> object:
        return client.post("/sign-in", {"username": name, "password": password, "next": more.pop("next", "")}, **more)

    return send


@pytest.fixture
def is_signed_in() -> Callable[[Client], bool]:
    """Whether a page is shown instead of the sign-in."""
    return lambda client: client.get("/keys").status_code == 200
