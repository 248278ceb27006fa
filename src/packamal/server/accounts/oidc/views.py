"""To the provider and back. What was begun is kept in the session of the browser that began it."""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
import time
from typing import NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from packamal.server.accounts import audit
from packamal.server.accounts.oidc.client import Metadata, client_of
from packamal.server.accounts.oidc.people import admit
from packamal.server.accounts.oidc.refusals import TEXTS, Refusal, SignInRefusedError
from packamal.server.accounts.oidc.tokens import read
from packamal.server.accounts.sessions import client_address, sign_in_page, start_session
from packamal.server.provider import Provider

log = logging.getLogger(__name__)
BACK = "/sign-in/provider/back"
KEPT_AS = "provider"
"""Where the session keeps what was begun."""
MAX_BEGUN = 5
"""Tabs of one browser in which somebody signs in at a time."""
BEGUN_S = 600
MAX_CODE_CHARS = 8_000
RANDOM_BYTES = 32


class Begun(NamedTuple):
    """A sign-in on its way; by its state."""

    nonce: str
    verifier: str
    next_path: str
    at_s: int


@never_cache
@require_GET
def go(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider."""
    provider = _provider()
    try:
        metadata = client_of(provider).metadata()
    except SignInRefusedError as error:
        return _refused(request, error)
    state, nonce, verifier = (secrets.token_urlsafe(RANDOM_BYTES) for _ in range(3))
    begun = {**_begun(request), state: Begun(nonce, verifier, _local(request.GET.get("next", "")), int(time.time()))}
    request.session[KEPT_AS] = dict(list(begun.items())[-MAX_BEGUN:])
    if not request.user.is_authenticated:
        request.session.set_expiry(BEGUN_S)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": _redirect_url(),
        "scope": provider.scopes,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    mark = "&" if "?" in metadata.authorization_url else "?"
    return HttpResponseRedirect(f"{metadata.authorization_url}{mark}{urlencode(asked)}")


@never_cache
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """The browser comes back with a code, or with a refusal."""
    provider = _provider()
    begun = _begun(request)
    ours = begun.pop(request.GET.get("state", ""), None)
    try:
        if ours is None or time.time() - ours.at_s > BEGUN_S:
            raise SignInRefusedError(Refusal.STATE, "begun elsewhere or too long ago")
        request.session[KEPT_AS] = begun  # good once
        client = client_of(provider)
        code = _code(request, provider, client.metadata())
        visitor = read(client.redeem(code, ours.verifier, _redirect_url()), client, ours.nonce)
        user = admit(visitor, provider)
    except SignInRefusedError as error:
        return _refused(request, error)
    start_session(request, user, "provider")
    return HttpResponseRedirect(ours.next_path or "/")


def _provider() -> Provider:
    """Raises Http404."""
    provider: Provider | None = settings.PACKAMAL.provider
    if provider is None:
        raise Http404
    return provider


def _redirect_url() -> str:
    """From the settings: the Host header is the caller's."""
    return f"{settings.PACKAMAL.public_url}{BACK}"


def _begun(request: HttpRequest) -> dict[str, Begun]:
    return {state: Begun(*values) for state, values in request.session.get(KEPT_AS, {}).items()}


def _local(given: str) -> str:
    return given if given.startswith("/") and url_has_allowed_host_and_scheme(given, allowed_hosts=None) else ""


def _code(request: HttpRequest, provider: Provider, metadata: Metadata) -> str:
    """Raises SignInRefusedError."""
    named = request.GET.get("iss")
    if named != provider.issuer and (named is not None or metadata.names_itself):
        raise SignInRefusedError(Refusal.TOKEN, "sent back by another issuer")
    if "error" in request.GET:
        raise SignInRefusedError(Refusal.DENIED, "the provider refused")
    code = request.GET.get("code", "")
    if not 0 < len(code) <= MAX_CODE_CHARS:
        raise SignInRefusedError(Refusal.TOKEN, "sent back without a code")
    return code


def _refused(request: HttpRequest, error: SignInRefusedError) -> HttpResponse:
    """The page says which kind it was. What anybody can send without beginning is logged alone."""
    log.warning("sign-in refused refusal=%s detail=%s", error.refusal.value, error)
    if error.refusal not in (Refusal.STATE, Refusal.PROVIDER):
        detail = {"how": "provider", "reason": error.refusal.value, "address": client_address(request)}
        audit.record("system", "session.refuse", error.account, **detail)
    status = 503 if error.refusal is Refusal.PROVIDER else 403
    return sign_in_page(request, status, refused=TEXTS[error.refusal])
