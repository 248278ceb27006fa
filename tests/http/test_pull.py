"""What is fetched from an address that the settings name: streamed, from there alone, never for long."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from packamal.errors import FetchError
from packamal.http.pull import pull

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def sender():
    """Answers as it is told."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(dict(self.headers))
            self.send_response(self.server.status)
            self.send_header("content-length", str(self.server.length))
            self.send_header("content-digest", "sha-256=:x:")
            self.send_header("location", "/elsewhere")
            self.end_headers()
            for piece in self.server.body:
                try:
                    self.wfile.write(piece)
                except OSError:
                    return

        def log_message(self, format, *args):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads, http.asked, http.status, http.body, http.length = True, [], 200, [b"ab", b"cd"], 4
    http.place = ("127.0.0.1", http.server_address[1])
    http.url = f"http://127.0.0.1:{http.place[1]}/upload"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield http
    http.shutdown()
    http.server_close()
    thread.join()


def test_the_body_comes_in_pieces_with_its_digest(sender):
    got = []
    answer = pull(sender.url, {"authorization": "Bearer x"}, got.append, [sender.place], 5)
    assert (answer.status, answer.digest, b"".join(got)) == (200, "sha-256=:x:", b"abcd")
    assert sender.asked[0]["authorization"] == "Bearer x"


@pytest.mark.parametrize("status", [302, 404, 503])
def test_of_every_other_answer_nothing_is_read_and_no_redirect_is_followed(sender, status):
    sender.status, got = status, []
    assert pull(sender.url, {}, got.append, [sender.place], 5).status == status
    assert (got, len(sender.asked)) == ([], 1)


def test_an_address_inside_that_nobody_named_is_not_asked(sender):
    with pytest.raises(FetchError):
        pull(sender.url, {}, print, [], 5)
    assert sender.asked == []


def test_a_body_that_breaks_off_is_no_answer(sender):
    sender.length = 10
    with pytest.raises(FetchError):
        pull(sender.url, {}, lambda piece: None, [sender.place], 5)


def test_a_sender_that_drips_is_left(sender):
    def drip():
        for _ in range(100):
            time.sleep(0.05)
            yield b"x"

    sender.body, sender.length = drip(), 100
    started = time.monotonic()
    with pytest.raises(FetchError):
        pull(sender.url, {}, lambda piece: None, [sender.place], 0.4)
    assert time.monotonic() - started < 3
