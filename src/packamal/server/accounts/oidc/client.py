"""Speaks to the provider: what it says of itself, its keys, a token for a code. The first two are kept for an hour."""

from __future__ import annotations

import functools
import threading
import time
from typing import NamedTuple

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from packamal.errors import FetchError
from packamal.http.exchange import Exchange
from packamal.server.accounts.oidc.refusals import Refusal, SignInRefusedError
from packamal.server.provider import Provider, is_safe

KEPT_S = 3600
"""Providers say days; an hour is soon enough for what changes, and rare enough to cost nothing."""
AGAIN_S = 30
"""Between two looks for a key that is not there: tokens with invented ids must not make us ask."""
PAUSE_S = 5.0
"""After a provider that did not answer; whoever comes meanwhile is told at once."""
MAX_KEYS = 100
MIN_RSA_BITS = 2048
MAX_TOKEN_CHARS = 100_000
Key = RSAKey | ECKey


class Metadata(NamedTuple):
    """What of its document is used."""

    authorization_url: str
    token_url: str
    keys_url: str
    takes_secret_in_form: bool
    names_itself: bool
    """Whether it names itself when it sends people back (RFC 9207)."""


class _Kept(NamedTuple):
    metadata: Metadata
    keys: dict[str, Key]
    at_s: float
    """Of time.monotonic()."""


class ProviderClient:
    """One provider; for all threads."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._kept: _Kept | None = None
        self._silent_until = 0.0
        self._lock = threading.Lock()

    def metadata(self) -> Metadata:
        """Where to send people. Raises SignInRefusedError."""
        return self._current(KEPT_S).metadata

    def key(self, key_id: str | None) -> Key:
        """The key with this id; an unknown one is looked for anew. Raises SignInRefusedError."""
        for age_s in (KEPT_S, AGAIN_S):
            keys = self._current(age_s).keys
            if key_id is None and len(keys) == 1:
                return next(iter(keys.values()))
            if key_id is not None and key_id in keys:
                return keys[key_id]
        raise SignInRefusedError(Refusal.TOKEN, "a key that the provider does not have")

    def redeem(self, code: str, verifier: str, redirect_url: str) -> str:
        """The ID token for a code. Raises SignInRefusedError."""
        metadata, provider = self.metadata(), self.provider
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_url,
            "code_verifier": verifier,
            "client_id": provider.client_id,
        }
        if metadata.takes_secret_in_form:
            form["client_secret"] = provider.client_secret
        credentials = None if metadata.takes_secret_in_form else (provider.client_id, provider.client_secret)
        try:
            with Exchange(provider.issuer) as exchange:
                exchange.allow(metadata.token_url)
                answer = exchange.post(metadata.token_url, form, credentials)
        except FetchError as error:
            raise SignInRefusedError(Refusal.PROVIDER, str(error)) from error
        token = answer.document.get("id_token")
        if answer.status != 200 or not isinstance(token, str) or len(token) > MAX_TOKEN_CHARS:
            raise SignInRefusedError(Refusal.TOKEN, f"no token for a code, status {answer.status}")
        return token

    def _current(self, age_s: float) -> _Kept:
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept.at_s > age_s:
                self._kept = self._asked()
            return self._kept

    def _asked(self) -> _Kept:
        """What the provider says now; while it is silent, one visitor waits for it and not all of them in turn."""
        if time.monotonic() < self._silent_until:
            raise SignInRefusedError(Refusal.PROVIDER, "it did not answer a moment ago")
        try:
            return self._fetched()
        except SignInRefusedError:
            self._silent_until = time.monotonic() + PAUSE_S
            raise

    def _fetched(self) -> _Kept:
        try:
            with Exchange(self.provider.issuer) as exchange:
                metadata = _metadata(self.provider, exchange.get(self.provider.discovery_url))
                exchange.allow(metadata.keys_url)
                return _Kept(metadata, _keys(exchange.get(metadata.keys_url)), time.monotonic())
        except FetchError as error:
            raise SignInRefusedError(Refusal.PROVIDER, str(error)) from error


@functools.cache
def client_of(provider: Provider) -> ProviderClient:
    """The one of this process."""
    return ProviderClient(provider)


def _metadata(provider: Provider, document: dict[str, object]) -> Metadata:
    """Raises FetchError: it is another issuer's, or lacks something."""
    if document.get("issuer") != provider.issuer:
        raise FetchError("the provider's document is of another issuer; set it as the provider writes it")
    methods = document.get("token_endpoint_auth_methods_supported")
    in_form = isinstance(methods, list) and "client_secret_post" in methods
    return Metadata(
        authorization_url=_address(document, "authorization_endpoint"),
        token_url=_address(document, "token_endpoint"),
        keys_url=_address(document, "jwks_uri"),
        takes_secret_in_form=in_form,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(document: dict[str, object], name: str) -> str:
    url = document.get(name)
    if not isinstance(url, str) or not is_safe(url):
        raise FetchError(f"the provider's document has no {name}, or one without TLS")
    return url


def _keys(document: dict[str, object]) -> dict[str, Key]:
    """Those that may sign; others are for something else."""
    listed = document.get("keys")
    found: dict[str, Key] = {}
    for number, one in enumerate(listed[:MAX_KEYS] if isinstance(listed, list) else []):
        if isinstance(one, dict) and one.get("use", "sig") == "sig" and (key := _key(one)):
            found.setdefault(str(one.get("kid", f"nameless {number}")), key)
    return found


def _key(one: dict[str, object]) -> Key | None:
    public: dict[str, str | list[str]] = {name: value for name, value in one.items() if isinstance(value, str)}
    try:
        if one.get("kty") == "EC":
            return ECKey.import_key(public)
        if one.get("kty") == "RSA" and _bits(one.get("n")) >= MIN_RSA_BITS:
            return RSAKey.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return None


def _bits(modulus: object) -> int:
    """Raises ValueError."""
    return int.from_bytes(urlsafe_b64decode(modulus.encode()), "big").bit_length() if isinstance(modulus, str) else 0
