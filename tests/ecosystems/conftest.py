"""Recorded answers of two indexes that do not exist, and access to them from a home of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from packamal.http.access import Access

INDEX = "https://index.example/simple/"
REGISTRY = "https://registry.example/"


class Recorded:
    """Answers by address; remembers the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.requests: list[httpx2.Request] = []
        self.transport = httpx2.MockTransport(self.answer)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        status, headers, body = self.answers.get(str(request.url), (404, {}, b""))
        return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(body))

    def put(self, url: str, body: object, kind: str = "application/json", status: int = 200) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers[url] = (status, {"content-type": kind}, content)

    def authorization(self, url: str) -> str:
        """What was sent to an address."""
        return next(str(r.headers.get("authorization", "")) for r in self.requests if str(r.url) == url)

    @property
    def asked(self) -> list[str]:
        return [str(request.url) for request in self.requests]


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without settings: nothing of the one that runs the tests is read."""
    monkeypatch.setattr("packamal.ecosystems.pip_configuration.SYSTEM_FILE", tmp_path / "etc" / "pip.conf")
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def make_access(home: Path, recorded: Recorded) -> Callable[..., Access]:
    def make(**environ: str) -> Access:
        base = {
            "HOME": str(home),
            "XDG_CONFIG_DIRS": str(home.parent / "xdg"),
            "VIRTUAL_ENV": str(home.parent / "venv"),
        }
        base |= {"PATH": "", "PREFIX": str(home.parent / "prefix")}
        project = home.parent / "project"
        project.mkdir(exist_ok=True)
        return Access({**base, **environ}, project, transport=recorded.transport)

    return make


@pytest.fixture
def file_entry() -> Callable[..., dict]:
    """A file as an index's JSON page lists it, with what the index adds since PEP 700."""

    def make(filename: str, content: bytes = b"content", /, **changes: object) -> dict:
        entry = {
            "filename": filename,
            "url": f"https://files.example/packages/{filename}",
            "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
            "requires-python": ">=3.8",
            "size": len(content),
            "upload-time": "2026-01-02T03:04:05.000006Z",
            "yanked": False,
        }
        return {key: value for key, value in {**entry, **changes}.items() if value is not ...}

    return make
