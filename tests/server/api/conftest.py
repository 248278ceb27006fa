from __future__ import annotations

import json

import pytest
from django.test import Client

from packamal.server.accounts.keys import make_key
from packamal.server.accounts.models import Role, Scope, User


class Caller:
    """Speaks to the API with a key."""

    def __init__(self, key: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, path, **headers):
        return self.client.get(f"/api/v1{path}", headers={**self.headers, **headers})

    def post(self, path, body, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {**self.headers, **headers}
        return self.client.post(f"/api/v1{path}", content, content_type="application/json", headers=headers)

    def delete(self, path):
        return self.client.delete(f"/api/v1{path}", headers=self.headers)


@pytest.fixture
def owner(db):
    return User.objects.create(username="owner", role=Role.ADMIN)


@pytest.fixture
def caller(owner):
    return Caller(make_key(owner, "ci", list(Scope)).text)


@pytest.fixture
def caller_with(owner):
    """A caller whose key has these scopes; none: without a key."""

    def make(*scopes, key=None):
        return Caller(key if key is not None else make_key(owner, "ci", scopes).text)

    return make
