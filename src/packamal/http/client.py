"""One careful GET: retries what may pass, follows few redirects, stops at a size, says in one line what failed."""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from packamal.errors import FetchError, NotFoundError
from packamal.http import USER_AGENT
from packamal.http.access import Access
from packamal.http.addresses import joined, origin, shown, without_credentials
from packamal.http.body import read_body
from packamal.http.credentials import Credentials
from packamal.http.ending import Ending
from packamal.http.guard import Guard
from packamal.http.proxies import proxy_for

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger(__name__)

ATTEMPTS = 3
BACK_OFF_S = 0.5
"""Doubles with each attempt."""
MAX_WAIT_S = 10.0
"""Longest wait that a server may ask for; past it the error is the better answer."""
MAX_REDIRECTS = 5
CONNECT_TIMEOUT_S = 10.0
PAGE_BYTES = 32_000_000
"""Largest index page, unpacked; most are below 1 MB, and as Python values they take several times that memory."""
PASSING = frozenset({429, 500, 502, 503, 504})
"""Answers that may be better a second later."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Peer:
    """What a package manager's settings say about its indexes, and how to name those settings to the user."""

    indexes: tuple[str, ...]
    """Addresses that the user configured; they may be inside."""
    credentials: Credentials = field(default_factory=Credentials)
    certificates: str = ""
    """File or folder that stands instead of the system's."""
    further_certificates: str = ""
    client_certificate: str = ""
    proxy: str = field(default="", repr=False)
    """Stands before the environment's; may hold a password."""
    where_credentials: str = ""
    """`pip's index-url or ~/.netrc`"""
    where_certificates: str = ""
    where_address: str = ""


class Answer(NamedTuple):
    """What came back with status 200."""

    url: str
    """The last one, without credentials."""
    content_type: str
    """Lower case, without parameters."""
    body: bytes


class _PassingError(FetchError):
    """May be gone at the next attempt."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Client:
    """Asks the indexes of one package manager; not for use by several threads."""

    def __init__(self, access: Access, peer: Peer, ends_at: float | None = None) -> None:
        """`ends_at`, of time.monotonic(), is the end of all its connections."""
        self._access = access
        self._ends_at = ends_at
        self._peer = peer
        self._clients: dict[str, tuple[httpx2.Client, Guard | None]] = {}
        """By proxy; the empty one is direct."""
        weakref.finalize(self, _close, self._clients)
        self._linked: list[str] = []
        self._sleep: Callable[[float], None] = time.sleep

    def allow(self, url: str) -> None:
        """Let a host be asked because a configured index links to it."""
        self._linked.append(url)
        for _, guard in self._clients.values():
            if guard is not None:
                guard.allow_linked(origin(url)[1:])

    def close(self) -> None:
        """Give the connections back; a later request opens new ones."""
        _close(self._clients)

    def page(self, url: str, accept: str, attempts: int = ATTEMPTS) -> Answer:
        """Fetch an index page, unpacked. Raises NotFoundError for 404 and 410, FetchError for all else."""
        headers = {"accept": accept, "accept-encoding": "gzip"}
        return self._get(url, headers, attempts, lambda response, end: read_body(response, PAGE_BYTES, end))

    def post(self, url: str, content: bytes, kind: str) -> Answer:
        """Ask with a document of this media type, once; it is sent nowhere else. Raises as `page`."""
        end = time.monotonic() + self._access.deadline_s
        headers = {"accept": kind, "accept-encoding": "gzip", "content-type": kind}
        answer = self._once(url, headers, lambda response, end: read_body(response, PAGE_BYTES, end), end, content)
        if isinstance(answer, str):
            raise FetchError(f"{shown(url)} redirects; {self._check_address()}")
        return answer

    def file(self, url: str) -> bytes:
        """Fetch a file byte by byte as it lies on the server. Raises as `page`."""
        access = self._access
        headers = {"accept": "*/*", "accept-encoding": "identity"}

        def read(response: httpx2.Response, end: float) -> bytes:
            return read_body(response, access.max_bytes, end, is_raw=True, progress=access.progress)

        return self._get(url, headers, ATTEMPTS, read).body

    def _get(self, url: str, headers: dict[str, str], attempts: int, read: _Read) -> Answer:
        end = time.monotonic() + self._access.deadline_s
        for attempt in range(attempts):
            try:
                return self._follow(url, headers, read, end)
            except _PassingError as error:
                wait_s = max(error.wait_s, BACK_OFF_S * 2**attempt)
                if attempt + 1 == attempts or wait_s > MAX_WAIT_S or time.monotonic() + wait_s > end:
                    raise FetchError(str(error)) from error
                log.info("trying again url=%s wait_s=%.1f", shown(url), wait_s)
                self._sleep(wait_s)
        raise FetchError(f"{shown(url)} was not asked")

    def _follow(self, url: str, headers: dict[str, str], read: _Read, end: float) -> Answer:
        first = origin(url)
        for _ in range(MAX_REDIRECTS + 1):
            secret = self._peer.credentials.header(url) if origin(url) == first else ""
            sent = {**headers, "authorization": secret} if secret else headers
            url = without_credentials(url)
            answer = self._once(url, sent, read, end)
            if isinstance(answer, Answer):
                return answer
            url = self._next(url, answer)
        raise FetchError(f"{shown(url)} redirects more than {MAX_REDIRECTS} times; {self._check_address()}")

    def _next(self, url: str, location: str) -> str:
        target = joined(url, location)
        if not target:
            raise FetchError(f"{shown(url)} redirects to what is no web address; {self._check_address()}")
        if url.startswith("https:") and target.startswith("http:"):
            raise FetchError(f"{shown(url)} redirects to an unencrypted address; not followed, {self._check_address()}")
        return target

    def _once(
        self, url: str, headers: dict[str, str], read: _Read, end: float, content: bytes | None = None
    ) -> Answer | str:
        """One request, a POST where there is content: the answer, or where it redirects to."""
        import httpx2

        from packamal.http.trouble import translated

        client = self.connection(url)
        try:
            sent, method = {"user-agent": USER_AGENT, **headers}, "GET" if content is None else "POST"
            with client.stream(method, url, headers=sent, content=content) as response:
                if response.status_code in REDIRECTS and response.headers.get("location"):
                    return str(response.headers["location"])
                self._check_status(url, response)
                kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
                return Answer(url, kind, read(response, end))
        except httpx2.TransportError as error:
            is_passing, message = translated(error, shown(url), self._peer.where_certificates)
            raise (_PassingError if is_passing else FetchError)(message) from error
        except (httpx2.InvalidURL, httpx2.DecodingError) as error:
            raise FetchError(f"{shown(url)} cannot be asked; {self._check_address()}") from error

    def _check_status(self, url: str, response: httpx2.Response) -> None:
        status = response.status_code
        if status == 200:
            return
        if status in GONE:
            raise NotFoundError(f"{shown(url)} does not exist ({status}); {self._check_address()}")
        if status in (401, 403):
            where = self._peer.where_credentials
            raise FetchError(f"{shown(url)} wants credentials or refuses them ({status}); put them into {where}")
        if status == 407:
            raise FetchError("the proxy wants credentials (407); put them into the proxy's address in HTTPS_PROXY")
        message = f"{shown(url)} answered {status}"
        if status in PASSING:
            raise _PassingError(f"{message}; the index has trouble, try again later", _wait_s(response))
        raise FetchError(f"{message}; {self._check_address()}")

    def _check_address(self) -> str:
        return f"check {self._peer.where_address}" if self._peer.where_address else "check the index's address"

    def connection(self, url: str) -> httpx2.Client:
        """What asks for this address: guarded, over its proxy. Raises FetchError."""
        proxy = "" if self._access.transport else self._peer.proxy or proxy_for(url, self._access.environ)
        if proxy not in self._clients:
            self._clients[proxy] = self._connected(proxy)
        client, guard = self._clients[proxy]
        if guard is not None and proxy:
            guard.check_literal(*origin(url)[1:])
        return client

    def _connected(self, proxy: str) -> tuple[httpx2.Client, Guard | None]:
        import httpcore2
        import httpx2

        from packamal.http import trust

        for library in ("httpx2", "httpcore2"):
            logging.getLogger(library).setLevel(logging.WARNING)  # below, they log queries and headers
        timeout = httpx2.Timeout(self._access.timeout_s, connect=min(CONNECT_TIMEOUT_S, self._access.timeout_s))
        if self._access.transport is not None:
            return httpx2.Client(transport=self._access.transport, timeout=timeout, trust_env=False), None
        peer = self._peer
        tls = trust.context(peer.certificates, peer.further_certificates, peer.client_certificate, self._access.environ)
        try:
            transport = httpx2.HTTPTransport(verify=tls, trust_env=False, proxy=proxy or None)
        except (ValueError, ImportError, httpx2.InvalidURL) as error:
            raise FetchError(
                f"the proxy {shown(proxy)} cannot be used; set HTTPS_PROXY to an http:// address"
            ) from error
        guard = self._guard(proxy)
        # The pool takes its backend in its constructor only, and HTTPTransport passes none on; tests hold this name.
        transport._pool._network_backend = cast(httpcore2.NetworkBackend, guard)
        return httpx2.Client(transport=transport, timeout=timeout, trust_env=False), guard

    def _guard(self, proxy: str) -> Guard:
        import httpcore2

        network = httpcore2.SyncBackend()
        ending = None if self._ends_at is None else cast(httpcore2.NetworkBackend, Ending(network, self._ends_at))
        guard = Guard(ending or network)
        for url in (*self._peer.indexes, *([proxy] if proxy else [])):
            guard.allow_configured(origin(url)[1:])
        for url in self._linked:
            guard.allow_linked(origin(url)[1:])
        return guard


def _close(clients: dict[str, tuple[httpx2.Client, Guard | None]]) -> None:
    for client, _ in clients.values():
        client.close()
    clients.clear()


_Read = Callable[["httpx2.Response", float], bytes]


def _wait_s(response: httpx2.Response) -> float:
    """Seconds that the server asks to wait; dates are not read."""
    asked = response.headers.get("retry-after", "")
    return float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0.0
