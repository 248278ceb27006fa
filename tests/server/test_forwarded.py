"""What a request says about its proxy is believed from a proxy alone, and what is not believed is seen by nobody."""

from __future__ import annotations

import dataclasses
import ipaddress

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from packamal.server.forwarded import Forwarded

PROXIES = tuple(map(ipaddress.ip_network, ("127.0.0.1", "10.0.0.0/8", "fd00::/8")))


@pytest.fixture
def seen(settings):
    """What is behind it for a request from an address."""
    settings.PACKAMAL = dataclasses.replace(settings.PACKAMAL, proxies=PROXIES)
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    def ask(address, **headers):
        found = []
        names = {f"HTTP_X_FORWARDED_{name}": value for name, value in headers.items()}
        request = RequestFactory().get("/", REMOTE_ADDR=address, **names)
        Forwarded(
            lambda one: found.append((one.META["REMOTE_ADDR"], one.is_secure(), dict(one.headers))) or HttpResponse()
        )(request)
        return found[0]

    return ask


@pytest.mark.parametrize("address", ["127.0.0.1", "10.9.8.7", "::ffff:10.0.0.1", "fd00::1"])
def test_a_proxy_says_who_it_is_and_over_what(seen, address):
    assert seen(address, FOR="203.0.113.7", PROTO="https")[:2] == ("203.0.113.7", True)
    assert seen(address, FOR="2001:db8::1", PROTO="http")[:2] == ("2001:db8::1", False)


@pytest.mark.parametrize("address", ["203.0.113.9", "11.0.0.1", "127.0.0.2", "::1", "", "unix"])
def test_nobody_else_is_believed(seen, address):
    remote, is_secure, headers = seen(address, FOR="127.0.0.1", PROTO="https")
    assert (remote, is_secure) == (address, False)
    assert not [name for name in headers if name.startswith("X-Forwarded")]


def test_what_a_client_wrote_before_the_proxy_counts_for_nothing(seen):
    assert seen("127.0.0.1", FOR="198.51.100.1, 203.0.113.7")[0] == "203.0.113.7"


@pytest.mark.parametrize("named", ["", "unknown", "203.0.113.7:80", "<script>", "999.1.1.1", "a" * 5000])
def test_what_is_no_address_is_none(seen, named):
    assert seen("127.0.0.1", FOR=named)[0] == "127.0.0.1"
