"""People who sign in, over SQLite as well: the middleware of the full shape."""

from __future__ import annotations

import dataclasses
import http.client
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client

from packamal.server import config
from packamal.server.accounts.models import Role, User
from packamal.server.provider import Provider

PROVIDER = Path(__file__).with_name("provider_process.py")

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


class Corp:
    """A running provider."""

    back = "http://testserver/sign-in/provider/back"
    secret = "what-corp-knows"

    def __init__(self, back: str = back) -> None:
        command = [sys.executable, str(PROVIDER), back, self.secret]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.child.stdout
        self.issuer = self.child.stdout.readline().strip()
        assert self.issuer

    def order(self, **orders: object) -> None:
        """What it does from now on."""
        self._post("/orders", {"orders": json.dumps(orders)})

    @property
    def asked(self) -> list[str]:
        """Paths, in order."""
        with urllib.request.urlopen(f"{self.issuer}/asked", timeout=10) as answer:
            return json.load(answer)["paths"]

    def let_in(self, url: str) -> str:
        """What the person does there; gives where they are sent back to."""
        with urllib.request.urlopen(url, timeout=10) as page:
            assert b'id="continue"' in page.read()
        return self._post(url, {})

    def _post(self, url: str, form: dict[str, str]) -> str:
        address = urlsplit(url if "://" in url else self.issuer + url)
        connection = http.client.HTTPConnection(address.netloc, timeout=10)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"{address.path}?{address.query}", urlencode(form), kind)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status in (200, 302), answer.status
        return answer.getheader("Location") or ""

    def stop(self) -> None:
        """End it."""
        self.child.communicate(timeout=10)


@pytest.fixture(scope="session")
def started_corp() -> Iterator[Corp]:
    """One for all tests; mark them with `allow_hosts(["127.0.0.1"])`."""
    started = Corp()
    yield started
    started.stop()


@pytest.fixture
def corp(request, started_corp, settings, with_sessions) -> Corp:
    """The provider, which nobody ordered anything, and the service told of it."""
    from packamal.server.accounts.oidc.client import client_of

    started_corp.order()
    client_of.cache_clear()
    settings.PACKAMAL = dataclasses.replace(
        settings.PACKAMAL, provider=provider_at(started_corp), public_url="http://testserver"
    )
    return started_corp


def provider_at(corp: Corp, **more: object) -> Provider:
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
