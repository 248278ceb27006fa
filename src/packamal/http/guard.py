"""No way inside: connections go to global addresses, and to the few inner hosts that the user's settings name.

The name is resolved once and the checked number is connected to, so a name that changes its answer gains nothing.
Indexes behind a company mirror resolve to private numbers; those, and the hosts their file links name, are let through
by (host, port). Link-local numbers, where clouds keep their machine credentials, are not let through by a link.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from packamal.errors import FetchError
from packamal.http.names import numbers_of

if TYPE_CHECKING:
    import httpcore2

Place = tuple[str, int]
Number = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Guard:
    """A network backend that looks before it connects; see httpcore2.NetworkBackend."""

    def __init__(self, backend: httpcore2.NetworkBackend) -> None:
        self._backend = backend
        self._configured: set[Place] = set()
        self._linked: set[Place] = set()

    def allow_configured(self, place: Place) -> None:
        """Let through what the user's own settings name, whatever its number."""
        self._configured.add(place)

    def allow_linked(self, place: Place) -> None:
        """Let through what a configured index links to, unless its number is link-local."""
        self._linked.add(place)

    def check_literal(self, host: str, port: int) -> None:
        """Refuse an inner number or name behind a proxy, which does the resolving itself. Raises FetchError."""
        if host == "localhost" or host.endswith(".localhost"):
            host = "127.0.0.1"
        try:
            number = ipaddress.ip_address(host.split("%")[0])
        except ValueError:
            return
        if not self._is_open(number, (host, port)):
            raise _refusal(host)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first number that answers. Raises FetchError where no number is allowed."""
        import httpcore2

        failure: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for number in self._numbers(host, port, timeout):
            try:
                return self._backend.connect_tcp(number, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or _refusal(host)

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Never: no index is behind one."""
        raise FetchError("a unix socket is no index")

    def sleep(self, seconds: float) -> None:
        """Wait, for the pool's own use."""
        self._backend.sleep(seconds)

    def _numbers(self, host: str, port: int, timeout: float | None) -> list[str]:
        import httpcore2

        try:
            numbers = numbers_of(host, port, timeout)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"the name {host} was not found in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} is not known here") from error
        place = (host.lower().rstrip("."), port)
        return [number for number in numbers if self._is_open(ipaddress.ip_address(number.split("%")[0]), place)]

    def _is_open(self, number: Number, place: Place) -> bool:
        if place in self._configured:
            return True
        final = _final(number)
        if final.is_link_local or final.is_multicast or final.is_unspecified:
            return False
        return final.is_global or place in self._linked


def _final(number: Number) -> Number:
    """The IPv4 number inside an IPv6 one, where there is one."""
    if isinstance(number, ipaddress.IPv4Address):
        return number
    if number in NAT64:
        return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
    return number.ipv4_mapped or number.sixtofour or (number.teredo[1] if number.teredo else number)


def _refusal(host: str) -> FetchError:
    return FetchError(
        f"{host} has an address of the inner network and no configured index names it; not asked. "
        "If it is your own index, name it in the package manager's settings"
    )
