"""What is sent to an address that a stranger chose: never inside, never on, never for long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from packamal.errors import FetchError
from packamal.http import push as pushing
from packamal.http.push import check_address, push

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
PUBLIC = "93.184.215.14"


class Receiver:
    """Remembers what came."""

    def __init__(self) -> None:
        self.status, self.location, self.got = 204, "", []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                owner.got.append((self.path, body, dict(self.headers)))
                self.send_response(owner.status)
                if owner.location:
                    self.send_header("location", owner.location)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.place = ("127.0.0.1", self.http.server_address[1])
        self.url = f"http://127.0.0.1:{self.place[1]}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()


@pytest.mark.parametrize("status", [200, 204, 404, 500])
def test_the_status_comes_back_whichever_it_is(receiver, status):
    receiver.status = status
    assert push(receiver.url, b"body", {"x-event": "e"}, [receiver.place]) == status
    path, body, headers = receiver.got[0]
    assert (path, body, headers["x-event"], headers["user-agent"]) == ("/hook", b"body", "e", "packamal")


def test_a_redirect_is_not_followed(receiver):
    receiver.status, receiver.location = 307, receiver.url
    assert push(receiver.url, b"", {}, [receiver.place]) == 307
    assert len(receiver.got) == 1


def test_an_address_inside_is_refused_unless_it_is_named(receiver):
    with pytest.raises(FetchError):
        push(receiver.url, b"", {})
    with pytest.raises(FetchError):
        push(receiver.url.replace("http:", "https:"), b"", {})
    with pytest.raises(FetchError):
        push(receiver.url, b"", {}, [("127.0.0.1", receiver.place[1] + 1)])
    assert receiver.got == []


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]", "inner.example", "[64:ff9b::7f00:1]"]
)
def test_no_spelling_and_no_name_leads_inside(receiver, monkeypatch, host):
    real = socket.getaddrinfo

    def answers(name, *more, **named):
        return real("127.0.0.1" if "inner" in name else name, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    with pytest.raises(FetchError, match=r"cannot be reached|not reached"):
        push(f"https://{host}:{receiver.place[1]}/", b"", {})
    assert receiver.got == []


def test_a_name_that_changes_its_answer_gains_nothing(monkeypatch):
    """The number that was checked is connected to; a second look-up, which would say 127.0.0.1, never happens."""
    asked, connected = [], []

    def answers(*words, **named):
        asked.append(words)
        number = PUBLIC if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 443))]

    def connect(address, *more, **named):
        connected.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(FetchError):
        push("https://rebinds.example/", b"", {})
    assert (connected, len(asked)) == ([(PUBLIC, 443)], 1)


@pytest.mark.parametrize(
    "url",
    ["", "hooks.example", "ftp://hooks.example/", "http://hooks.example/", "https://", "https://u:p@hooks.example/",
     "https://hooks.example/#x", "https://hooks.example/ x", "https://127.0.0.1/", "https://[::1]/",
     "https://localhost/", "https://169.254.169.254/", "https://hooks.example:99999/", "https://hooks.example/\u202e",
     "https://hooks.example/" + "x" * 2000],
)  # fmt: skip
def test_what_cannot_be_an_address_is_told_at_once(url):
    with pytest.raises(FetchError):
        check_address(url)


def test_a_receiver_inside_is_taken_when_the_settings_name_it():
    check_address("https://hooks.example:8443/x?token=1")
    check_address("http://10.0.0.1:80/", [("10.0.0.1", 80)])


def test_all_numbers_of_a_name_share_the_time(monkeypatch):
    monkeypatch.setattr(pushing, "DEADLINE_S", 0.3)
    numbers = [f"93.184.215.{last}" for last in range(1, 9)]
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 443)) for number in numbers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *words, **named: answers)

    def silent(address, timeout=None, **named):
        time.sleep(timeout)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", silent)
    started = time.monotonic()
    with pytest.raises(FetchError):
        push("https://slow.example/", b"", {})
    assert time.monotonic() - started < 1


def test_a_receiver_that_drips_its_answer_is_left(monkeypatch):
    monkeypatch.setattr(pushing, "DEADLINE_S", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for _ in range(60):
                    try:
                        connection.sendall(b"X-More: x\r\n")
                    except OSError:
                        return
                    time.sleep(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        place = server.getsockname()[:2]
        started = time.monotonic()
        with pytest.raises(FetchError):
            push(f"http://127.0.0.1:{place[1]}/", b"", {}, [place])
        assert time.monotonic() - started < 2
        thread.join()


def test_a_name_whose_server_takes_its_time_does_not_take_ours(monkeypatch):
    is_over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *words, **named: is_over.wait(20) and [])
    begun = time.monotonic()
    with pytest.raises(FetchError):
        push("https://hooks.example/x", b"{}", {}, deadline_s=0.3)
    is_over.set()
    assert time.monotonic() - begun < 5
