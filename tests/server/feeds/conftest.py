"""A registry on loopback that answers what was recorded, and the service pointed at it."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from packamal.server.feed_options import FeedSettings

RECORDED = Path(__file__).parent / "recorded"
KINDS = {".json": "application/json", ".xml": "text/xml", ".ndjson": "text/plain"}


class Registry:
    """Answers by path; a function is given the query and the body that were sent."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.sent: list[bytes] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.answer(self, b"")

            def do_POST(self) -> None:
                owner.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        parts = urlsplit(handler.path)
        query = dict(parse_qsl(parts.query))
        self.asked.append((parts.path, query))
        self.sent.append(body)
        given = self.answers.get(parts.path)
        if callable(given):
            given = given(query, body)
        if given is None:
            given = (404, "text/plain", b"")
        elif isinstance(given, dict | list):
            given = (200, "application/json", json.dumps(given).encode())
        elif isinstance(given, bytes):
            given = (200, "text/html", given)
        status, kind, content = given
        handler.send_response(status)
        handler.send_header("Location" if 300 <= status < 400 else "Content-Type", kind)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        try:
            handler.wfile.write(content)
        except ConnectionError:
            handler.close_connection = True

    def recorded(self, name: str, path: str) -> None:
        """Answer with a file of `recorded`."""
        file = RECORDED / name
        self.answers[path] = (200, KINDS[file.suffix], file.read_bytes())

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def new_registry() -> Iterator[Callable[[], Registry]]:
    started: list[Registry] = []

    def start() -> Registry:
        started.append(Registry())
        return started[-1]

    yield start
    for registry in started:
        registry.close()


@pytest.fixture
def registry(new_registry, monkeypatch, tmp_path) -> Registry:
    """The registry of every feed, and of npm's documents."""
    started = new_registry()
    npmrc = tmp_path / "npmrc"
    npmrc.write_text("")
    for name in ("NPM_CONFIG_USERCONFIG", "NPM_CONFIG_GLOBALCONFIG"):
        monkeypatch.setenv(name, str(npmrc))
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{started.address}/npm/")
    return started


@pytest.fixture
def watching(registry, settings) -> Callable[..., Registry]:
    """Switches feeds on; further words are fields of their settings."""

    def watch(*names: str, **terms: object) -> Registry:
        feeds = FeedSettings(dict.fromkeys(names, registry.address), **terms)
        settings.PACKAMAL = dataclasses.replace(settings.PACKAMAL, feeds=feeds)
        return registry

    return watch
