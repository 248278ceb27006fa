"""What is asked of the one party that the settings name: it and what it names, in time, within a size, nothing else."""

from __future__ import annotations

import socket
import threading
import time
from urllib.parse import parse_qs

import pytest

from packamal.errors import FetchError
from packamal.http import exchange as exchanging
from packamal.http.exchange import MAX_BYTES, Exchange

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def party(start_server, reply):
    """Answers a form with what came."""

    def prepare(server):
        def post(handler):
            body = handler.rfile.read(int(handler.headers["content-length"])).decode()
            server.form, server.credentials = parse_qs(body), handler.headers["authorization"]
            reply(400, b'{"error": "invalid_grant"}')(handler)

        server.http.RequestHandlerClass.do_POST = post
        server.answers["/document"] = reply(200, b'{"issuer": "x"}')
        server.answers["/on"] = reply(302, b"", {"Location": "/document"})

    return start_server(prepare)


def test_a_document_and_the_answer_to_a_form_come_back(party):
    with Exchange(party.url) as exchange:
        assert exchange.get(party.url + "document") == {"issuer": "x"}
        answer = exchange.post(party.url + "token", {"code": "a&b"}, ("client", "se:cret"))
    assert answer == (400, {"error": "invalid_grant"})
    assert party.form == {"code": ["a&b"]}
    assert party.credentials == "Basic Y2xpZW50OnNlOmNyZXQ="


def test_a_redirect_is_not_followed(party):
    with Exchange(party.url) as exchange, pytest.raises(FetchError, match="302"):
        exchange.get(party.url + "on")
    assert [path for path, _ in party.seen] == ["/on"]


@pytest.mark.parametrize(
    "body", [b"", b"no", b"[]", b"null", b"[" * 100_000, b"\xff", b'{"a": "' + b"x" * MAX_BYTES + b'"}']
)
def test_what_is_no_small_object_is_an_error_of_one_line(party, reply, body):
    party.answers["/document"] = reply(200, body)
    with Exchange(party.url) as exchange, pytest.raises(FetchError) as caught:
        exchange.get(party.url + "document")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://127.0.0.2/", "http://[::1]/", "http://169.254.169.254/"])
def test_an_inner_address_that_nobody_named_is_not_asked(party, url):
    with Exchange(party.url) as exchange, pytest.raises(FetchError, match="inner network"):
        exchange.get(url)


def test_what_the_party_names_may_be_inside_but_not_where_clouds_keep_their_credentials(party, start_server, reply):
    other = start_server(lambda server: server.answers.update({"/keys": reply(200, b'{"keys": []}')}))
    with Exchange(party.url) as exchange:
        exchange.allow(other.url)
        assert exchange.get(other.url + "keys") == {"keys": []}
        exchange.allow("http://169.254.169.254/")
        with pytest.raises(FetchError, match="inner network"):
            exchange.get("http://169.254.169.254/")


def test_a_party_that_drips_its_headers_is_left(monkeypatch):
    monkeypatch.setattr(exchanging, "DEADLINE_S", 0.4)
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
        started = time.monotonic()
        with Exchange(url := f"http://127.0.0.1:{server.getsockname()[1]}/") as exchange, pytest.raises(FetchError):
            exchange.get(url)
        assert time.monotonic() - started < 2
        thread.join()


def test_no_secret_is_in_an_error(party):
    url = "http://127.0.0.1:1/token?secret=hunter2"
    with Exchange(url) as exchange, pytest.raises(FetchError) as caught:
        exchange.post(url, {"client_secret": "hunter2"}, ("client", "hunter2"))
    assert "hunter2" not in str(caught.value)
