"""A receiver as somebody would write it after the documents, on loopback."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from packamal.server.accounts.models import Role, User
from packamal.server.webhooks import hooks
from packamal.server.webhooks.hooks import Wanted
from packamal.server.webhooks.models import Event

DOCUMENT = Path(__file__).parents[3] / "docs/webhooks.md"


@pytest.fixture(scope="session")
def verify():
    """The function that the documents show."""
    code = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code[1], str(DOCUMENT), "exec"), names)
    return names["verify"]


class Receiver:
    """Checks what comes and answers as it is told."""

    def __init__(self, verify) -> None:
        self.secret, self.status, self.location = "", 204, ""
        self.accepted: list[tuple[dict[str, str], bytes]] = []
        self.refused: list[tuple[dict[str, str], bytes]] = []
        self.seen: set[str] = set()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                is_good = verify(owner.secret, headers, body, owner.seen)
                (owner.accepted if is_good else owner.refused).append((headers, body))
                if is_good and owner.status >= 300:
                    owner.seen.discard(headers["packamal-delivery"])
                self.send_response(owner.status if is_good else 401)
                if owner.location:
                    self.send_header("location", owner.location)
                self.end_headers()
                self.wfile.write(b"the answer of a receiver is nobody's business")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.place = ("127.0.0.1", self.http.server_address[1])
        self.url = f"http://127.0.0.1:{self.place[1]}/hook?token=hidden"


@pytest.fixture
def receiver(verify, settings) -> Iterator[Receiver]:
    """Mark the test with `allow_hosts(["127.0.0.1"])`."""
    made = Receiver(verify)
    settings.PACKAMAL = dataclasses.replace(settings.PACKAMAL, inner_receivers=(made.place,))
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()


@pytest.fixture
def person(db):
    return User.objects.create(username="person", role=Role.ANALYST)


@pytest.fixture
def hooked(receiver, person):
    """Makes a webhook of that person at the receiver."""

    def make(*events, url="", owner=None, **more):
        made = hooks.create(
            "user:x", owner or person, Wanted(url or receiver.url, events or (Event.ANALYSIS_FINISHED,), **more)
        )
        receiver.secret = made.secret
        return made.row

    return make
