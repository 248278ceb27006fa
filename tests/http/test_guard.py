"""No way inside, however the address is written."""

import socket

import pytest

from packamal.errors import FetchError
from packamal.http.guard import Guard

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


class Backend:
    """Remembers the numbers that would have been connected to."""

    def __init__(self):
        self.numbers = []

    def connect_tcp(self, host, *args):
        self.numbers.append(host)
        return "stream"


@pytest.fixture
def backend():
    return Backend()


@pytest.fixture
def resolving(monkeypatch):
    def to(*numbers):
        answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 443)) for number in numbers]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers)

    return to


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1",
     "::ffff:7f00:1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "fe80::1", "fd00::1",
     "2002:7f00:1::", "64:ff9b::7f00:1", "224.0.0.1", "::"],
)  # fmt: skip
def test_an_inner_address_is_refused_in_every_spelling(backend, host):
    with pytest.raises(FetchError, match="inner network"):
        Guard(backend).connect_tcp(host, 80)
    assert backend.numbers == []


def test_the_checked_number_is_connected_to_and_not_the_name(backend, resolving):
    resolving("93.184.215.14")
    Guard(backend).connect_tcp("index.example", 443)
    assert backend.numbers == ["93.184.215.14"]


def test_only_the_outer_number_of_a_name_with_both_is_used(backend, resolving):
    resolving("10.0.0.1", "93.184.215.14")
    Guard(backend).connect_tcp("index.example", 443)
    assert backend.numbers == ["93.184.215.14"]


def test_a_configured_index_may_be_inside_on_its_own_port_only(backend, resolving):
    resolving("10.0.0.1")
    guard = Guard(backend)
    guard.allow_configured(("index.example", 443))
    guard.connect_tcp("Index.example.", 443)
    with pytest.raises(FetchError):
        guard.connect_tcp("index.example", 22)
    assert backend.numbers == ["10.0.0.1"]


def test_a_link_of_an_index_may_lead_inside_but_not_to_the_machine_credentials_of_a_cloud(backend, resolving):
    guard = Guard(backend)
    guard.allow_linked(("files.example", 443))
    resolving("10.0.0.1")
    guard.connect_tcp("files.example", 443)
    resolving("169.254.169.254")
    with pytest.raises(FetchError):
        guard.connect_tcp("files.example", 443)
    assert backend.numbers == ["10.0.0.1"]


@pytest.mark.parametrize("host", ["localhost", "x.localhost", "127.0.0.1", "10.0.0.1", "::1"])
def test_behind_a_proxy_inner_literals_are_refused_too(backend, host):
    with pytest.raises(FetchError):
        Guard(backend).check_literal(host, 80)


def test_behind_a_proxy_names_and_configured_literals_pass(backend):
    guard = Guard(backend)
    guard.allow_configured(("10.0.0.1", 8080))
    guard.check_literal("10.0.0.1", 8080)
    guard.check_literal("index.example", 443)


def test_unix_sockets_are_refused(backend):
    with pytest.raises(FetchError):
        Guard(backend).connect_unix_socket("/run/x.sock")


def test_the_client_goes_through_the_guard(server, make_client, reply):
    server.answers["/x"] = reply(200, b"inner")
    with pytest.raises(FetchError, match="inner network"):
        make_client("http://index.example/").page(server.url + "x", "*/*")
    assert server.seen == []


def test_a_linked_host_is_asked(server, make_client, reply):
    server.answers["/f"] = reply(200, b"file")
    client = make_client("http://index.example/")
    client.allow(server.url + "f")
    assert client.file(server.url + "f") == b"file"
    other = make_client(server.url)
    with pytest.raises(FetchError):
        other.page("http://127.0.0.2/", "*/*")
    other.allow(server.url)
    assert other.file(server.url + "f") == b"file"
