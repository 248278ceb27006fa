"""People who sign in, over SQLite as well: the middleware of the full shape."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from packamal.server import config
from packamal.server.accounts.models import Role, User
from packamal.server.provider import Provider

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


@pytest.fixture(scope="session")
def started_corp(new_corp) -> Iterator[object]:
    """One for all tests; mark them with `allow_hosts(["127.0.0.1"])`."""
    started = new_corp("http://testserver/sign-in/provider/back")
    yield started
    started.stop()


@pytest.fixture
def corp(request, started_corp, settings, with_sessions) -> object:
    """The provider, which nobody ordered anything, and the service told of it."""
    from packamal.server.accounts.oidc.client import client_of

    started_corp.order()
    client_of.cache_clear()
    settings.PACKAMAL = dataclasses.replace(
        settings.PACKAMAL, provider=provider_at(started_corp), public_url="http://testserver"
    )
    return started_corp


def provider_at(corp, **more: object) -> Provider:
    """As the settings would say it."""
    said = {
        "PACKAMAL_SERVER_SHAPE": "full",
        "PACKAMAL_SERVER_SECRET_KEY": "k" * 40,
        "PACKAMAL_SERVER_DATABASE_URL": "postgresql://db.example/packamal",
        "PACKAMAL_SERVER_REDIS_URL": "redis://cache.example",
        "PACKAMAL_SERVER_ALLOWED_HOSTS": "testserver",
        "PACKAMAL_SERVER_PUBLIC_URL": "http://testserver",
        "PACKAMAL_SERVER_OIDC_ISSUER": corp.issuer,
        "PACKAMAL_SERVER_OIDC_CLIENT_ID": "packamal",
        "PACKAMAL_SERVER_OIDC_CLIENT_SECRET": corp.secret,
        "PACKAMAL_SERVER_OIDC_ROLES": "Packamal.Admin=admin,Packamal.Analyst=analyst,Packamal.Viewer=viewer",
    }
    provider = config.load(said).provider
    assert provider
    return dataclasses.replace(provider, **more)


@pytest.fixture
def told(corp, settings) -> Callable[..., None]:
    """Tells the service something else about the provider."""

    def tell(**more: object) -> None:
        settings.PACKAMAL = dataclasses.replace(settings.PACKAMAL, provider=provider_at(corp, **more))

    return tell


@pytest.fixture
def through(corp) -> Callable[..., object]:
    """Goes to the provider and comes back; `spoil` changes the address on the way back."""

    def go(client: Client, path: str = "/sign-in/provider", spoil: Callable[[str], str] = lambda url: url) -> object:
        there = client.get(path)
        assert there.status_code == 302, there.text
        home = spoil(corp.let_in(there["Location"]))
        return client.get(home.removeprefix("http://testserver"))

    return go
