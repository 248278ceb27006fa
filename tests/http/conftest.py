"""A real server on the loopback, and clients that know it or do not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from packamal.http.access import Access
from packamal.http.client import Client, Peer


class LocalServer:
    """Answers by path; remembers what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.seen.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
                try:
                    owner.answers.get(self.path, replying(404))(self)
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.scheme = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.http.server_address[1]}/"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.http.server_address[1]}"


def replying(
    status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None
) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer with these headers; a content length unless they have one."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def reply() -> Callable[..., Callable[[BaseHTTPRequestHandler], None]]:
    return replying


@pytest.fixture
def start_server() -> Iterator[Callable[[], LocalServer]]:
    started: list[LocalServer] = []

    def start(prepare: Callable[[LocalServer], None] = lambda server: None) -> LocalServer:
        server = LocalServer()
        prepare(server)
        server.thread.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.http.shutdown()
        server.http.server_close()
        server.thread.join()


@pytest.fixture
def server(start_server: Callable[[], LocalServer]) -> LocalServer:
    return start_server()


@pytest.fixture
def make_client(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """A client whose waits between attempts take no time; what it waited stands in `waits`."""
    made: list[Client] = []

    def make(
        *indexes: str, environ: dict[str, str] | None = None, peer: dict | None = None, **access: object
    ) -> Client:
        values = {"environ": environ or {}, "working_directory": tmp_path, "timeout_s": 5.0, **access}
        names = {"where_credentials": "pip's index-url", "where_certificates": "PIP_CERT", "where_address": "index-url"}
        client = Client(Access(**values), Peer(indexes, **{**names, **(peer or {})}))
        client.waits = []
        client._sleep = client.waits.append
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()
