"""The client against a real server that misbehaves in every way an index can."""

import logging
import socket
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest

from packamal.errors import FetchError, NotFoundError
from packamal.http.access import Access
from packamal.http.body import TooLargeError
from packamal.http.client import ATTEMPTS, MAX_REDIRECTS
from packamal.http.credentials import Credentials, from_address

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

MEGABYTE = 1 << 20


def one_line(error: BaseException) -> str:
    text = str(error)
    assert "\n" not in text and "Traceback" not in text and 10 < len(text) < 400
    return text


def test_a_page_comes_back_with_its_type_and_last_address(server, make_client, reply):
    server.answers["/simple/a/"] = reply(200, b"{}", {"Content-Type": "Application/JSON; charset=utf-8"})
    answer = make_client(server.url).page(server.url + "simple/a/", "application/json")
    assert (answer.content_type, answer.body, answer.url) == ("application/json", b"{}", server.url + "simple/a/")
    assert server.seen[0][1]["accept"] == "application/json"


@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_page_is_not_found_and_not_asked_for_again(server, make_client, reply, status):
    server.answers["/x"] = reply(status)
    with pytest.raises(NotFoundError, match=rf"does not exist \({status}\)") as caught:
        make_client(server.url).page(server.url + "x", "*/*")
    one_line(caught.value)
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_server_in_trouble_is_asked_again_and_then_named(server, make_client, reply, status):
    server.answers["/x"] = reply(status)
    client = make_client(server.url)
    with pytest.raises(FetchError, match=f"answered {status}") as caught:
        client.page(server.url + "x", "*/*")
    assert "try again later" in one_line(caught.value)
    assert len(server.seen) == ATTEMPTS
    assert client.waits == [0.5, 1.0]


def test_a_server_that_recovers_is_believed(server, make_client, reply):
    def flaky(handler):
        reply(503 if len(server.seen) < ATTEMPTS else 200, b"fine")(handler)

    server.answers["/x"] = flaky
    assert make_client(server.url).page(server.url + "x", "*/*").body == b"fine"


def test_the_wait_that_a_server_asks_for_is_kept_if_it_is_short(server, make_client, reply):
    server.answers["/x"] = reply(503, b"", {"Retry-After": "3"})
    client = make_client(server.url)
    with pytest.raises(FetchError):
        client.page(server.url + "x", "*/*")
    assert client.waits == [3.0, 3.0]


@pytest.mark.parametrize("asked", ["86400", "99999999999999999999999"])
def test_a_server_cannot_make_us_wait_for_hours(server, make_client, reply, asked):
    server.answers["/x"] = reply(503, b"", {"Retry-After": asked})
    client = make_client(server.url)
    with pytest.raises(FetchError):
        client.page(server.url + "x", "*/*")
    assert sum(client.waits) <= 10


@pytest.mark.parametrize("status", [401, 403])
def test_missing_credentials_name_the_place_to_put_them(server, make_client, reply, status):
    server.answers["/x"] = reply(status)
    with pytest.raises(FetchError, match="put them into pip's index-url"):
        make_client(server.url).page(server.url + "x", "*/*")
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [206, 302, 304, 400, 418])
def test_an_answer_that_means_nothing_here_is_an_error(server, make_client, reply, status):
    server.answers["/x"] = reply(status)
    with pytest.raises(FetchError, match=f"answered {status}; check index-url"):
        make_client(server.url).page(server.url + "x", "*/*")


def test_half_a_file_is_an_error_and_never_a_shorter_file(server, make_client, reply):
    server.answers["/f.whl"] = reply(200, b"x" * 1000, {"Content-Length": "5000", "Connection": "close"})

    def closing(handler):
        reply(200, b"x" * 1000, {"Content-Length": "5000"})(handler)
        handler.close_connection = True

    server.answers["/f.whl"] = closing
    with pytest.raises(FetchError, match="broke off before the end"):
        make_client(server.url).file(server.url + "f.whl")
    assert len(server.seen) == ATTEMPTS


def test_a_silent_server_is_given_up(server, make_client):
    server.answers["/x"] = lambda handler: time.sleep(1.0)
    with pytest.raises(FetchError, match="does not answer in time"):
        make_client(server.url, timeout_s=0.05).page(server.url + "x", "*/*")


def test_a_dripping_server_is_given_up_at_the_deadline(server, make_client):
    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.02)

    server.answers["/f"] = drip
    started = time.monotonic()
    with pytest.raises(FetchError, match="arrives too slowly"):
        make_client(server.url, deadline_s=0.2).file(server.url + "f")
    assert time.monotonic() - started < 1.5


def test_an_endless_body_stops_at_the_limit(server, make_client):
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(b"x" * MEGABYTE)
            sent.append(1)

    server.answers["/f"] = endless
    with pytest.raises(TooLargeError, match="larger than the limit"):
        make_client(server.url, max_bytes=3 * MEGABYTE).file(server.url + "f")
    assert len(sent) < 100


def test_an_announced_giant_is_not_even_begun(server, make_client, reply):
    server.answers["/f"] = reply(200, b"", {"Content-Length": str(10**12)})
    with pytest.raises(TooLargeError, match="1000000000000 bytes"):
        make_client(server.url).file(server.url + "f")


def test_a_packed_bomb_stops_at_the_unpacked_limit_within_little_memory(server, make_client, reply, monkeypatch):
    monkeypatch.setattr("packamal.http.client.PAGE_BYTES", 2 * MEGABYTE)
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(300)) + packer.flush()
    server.answers["/x"] = reply(200, bomb, {"Content-Encoding": "gzip"})
    client = make_client(server.url)
    import httpx2  # noqa: F401 (before the measurement)

    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            client.page(server.url + "x", "*/*")
        assert tracemalloc.get_traced_memory()[1] < 40 * MEGABYTE
    finally:
        tracemalloc.stop()


def test_a_packed_page_is_unpacked_and_a_packed_file_is_left_as_it_is(server, make_client, reply):
    packed = zlib.compress(b"content", wbits=31)
    server.answers["/x"] = reply(200, packed, {"Content-Encoding": "gzip"})
    client = make_client(server.url)
    assert client.page(server.url + "x", "*/*").body == b"content"
    assert client.file(server.url + "x") == packed


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"no gzip at all", "gzip"),
        (zlib.compress(b"x" * 9999, wbits=31)[:-12], "gzip"),
        (b"x", "br"),
        (b"x", "zstd\x7f"),
    ],
)
def test_an_encoding_that_is_broken_or_unknown_is_an_error(server, make_client, reply, body, encoding):
    server.answers["/x"] = reply(200, body, {"Content-Encoding": encoding})
    with pytest.raises(FetchError) as caught:
        make_client(server.url).page(server.url + "x", "*/*")
    one_line(caught.value)


def test_a_closed_port_is_no_connection(make_client):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(FetchError, match=r"no connection to .*; check the network") as caught:
            make_client(url).page(url, "*/*")
    one_line(caught.value)


def test_an_unknown_name_is_no_connection(make_client, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(FetchError, match=r"index\.example is not known here"):
        make_client("http://index.example/").page("http://index.example/", "*/*")


def test_noise_instead_of_http_is_an_error_of_one_line(server, make_client):
    server.answers["/x"] = lambda handler: handler.wfile.write(b"\x00\x1b[31m\r\n\r\nnonsense\r\n\r\n")
    with pytest.raises(FetchError) as caught:
        make_client(server.url).page(server.url + "x", "*/*")
    assert one_line(caught.value).isprintable()


def test_progress_is_told_while_a_file_arrives(server, make_client, reply):
    told = []
    server.answers["/f"] = reply(200, b"x" * 200_000)
    make_client(server.url, progress=lambda done, total: told.append((done, total))).file(server.url + "f")
    assert told[-1] == (200_000, 200_000)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_redirect_is_followed(server, make_client, reply):
    server.answers["/a"] = reply(301, b"", {"Location": "/b?x=1#y"})
    server.answers["/b?x=1"] = reply(200, b"there")
    answer = make_client(server.url).page(server.url + "a", "*/*")
    assert (answer.body, answer.url) == (b"there", server.url + "b?x=1")


def test_redirects_end(server, make_client, reply):
    server.answers["/a"] = reply(302, b"", {"Location": "/a"})
    with pytest.raises(FetchError, match="redirects more than"):
        make_client(server.url).page(server.url + "a", "*/*")
    assert len(server.seen) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://x.example/", "http://[", "http://", "javascript:1", "http://a:99999/", "http://x y/"],
)
def test_a_redirect_to_nowhere_is_an_error(server, make_client, reply, location):
    server.answers["/a"] = reply(302, b"", {"Location": location})
    with pytest.raises(FetchError) as caught:
        make_client(server.url).page(server.url + "a", "*/*")
    one_line(caught.value)


def test_a_redirect_to_an_inner_host_is_refused_before_it_is_asked(server, start_server, make_client, reply):
    inner = start_server()
    inner.answers["/secret"] = reply(200, b"inner")
    server.answers["/a"] = reply(302, b"", {"Location": inner.url + "secret"})
    with pytest.raises(FetchError, match="inner network"):
        make_client(server.url).page(server.url + "a", "*/*")
    assert inner.seen == []


def test_credentials_stay_with_their_host_and_survive_a_redirect_there(server, start_server, make_client, reply):
    other = start_server()
    other.answers["/f"] = reply(200, b"file")
    server.answers["/a"] = reply(302, b"", {"Location": "/b"})
    server.answers["/b"] = reply(302, b"", {"Location": other.url + "f"})
    credentials = Credentials(from_address(f"http://fred:s3cret@{server.place}/"))
    client = make_client(server.url, other.url, peer={"credentials": credentials})
    assert client.file(server.url + "a") == b"file"
    assert all("authorization" in headers for _, headers in server.seen)
    assert "authorization" not in other.seen[0][1]


def test_a_secret_of_the_next_host_is_not_sent_on_a_redirect(server, start_server, make_client, reply):
    other = start_server()
    other.answers["/f"] = reply(200, b"file")
    server.answers["/a"] = reply(302, b"", {"Location": other.url + "f"})
    credentials = Credentials(from_address(f"http://fred:s3cret@{other.place}/"))
    make_client(server.url, other.url, peer={"credentials": credentials}).file(server.url + "a")
    assert "authorization" not in other.seen[0][1]


def test_credentials_are_in_no_message_log_or_repr(server, make_client, reply, caplog):
    caplog.set_level(logging.DEBUG)
    secret_url = f"http://fred:s3cret@{server.place}/x?token=t0ken"
    credentials = Credentials(from_address(secret_url))
    client = make_client(secret_url, peer={"credentials": credentials, "proxy": ""})
    for answer in (
        reply(401),
        reply(500),
        reply(404),
        reply(302, b"", {"Location": secret_url}),
        reply(200, b"x", {"Content-Encoding": "br"}),
    ):
        server.answers["/x?token=t0ken"] = answer
        with pytest.raises((FetchError, NotFoundError)) as caught:
            client.page(secret_url, "*/*")
        assert "s3cret" not in repr(caught.value) and "t0ken" not in repr(caught.value)
    assert server.seen[0][1]["authorization"].startswith("Basic ")
    told = caplog.text + repr(client._peer.credentials) + repr(credentials) + repr(client._access)
    assert "s3cret" not in told and "fred" not in told and "t0ken" not in told


def test_a_secret_that_is_no_header_is_left_out_and_not_printed(server, make_client, reply):
    server.answers["/x"] = reply(200, b"fine")
    credentials = Credentials([*from_address(f"http://fred:s3c%0d%0aret@{server.place}/")])
    odd = [secret._replace(header="Bearer a\r\nx: y") for secret in credentials._secrets]
    client = make_client(server.url, peer={"credentials": Credentials(odd)})
    assert client.page(server.url + "x", "*/*").body == b"fine"
    assert "authorization" not in server.seen[0][1]


def test_a_working_directory_that_is_gone_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert Access({}).home == Path("/")


def test_nothing_is_imported_before_the_first_request():
    import subprocess
    import sys

    code = "import sys, packamal.http.client, packamal.ecosystems.base, packamal.targets;" + (
        "print([n for n in ('httpx2', 'pypi_simple', 'ssl', 'email.parser', 'nodesemver') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
