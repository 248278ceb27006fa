"""Checks an ID token (OpenID Connect Core, 3.1.3.7) and reads out of it who came."""

from __future__ import annotations

import hmac
from typing import NamedTuple

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from packamal.server.accounts.oidc.client import ProviderClient
from packamal.server.accounts.oidc.refusals import Refusal, SignInRefusedError

ALGORITHMS = ("RS256", "ES256")
"""No secret of ours signs, and nothing goes unsigned."""
LEEWAY_S = 60
"""How far two clocks may be apart."""
MAX_ROLES = 1000
MAX_SUBJECT_CHARS = 255
"""OpenID Connect Core, 2."""


class Visitor(NamedTuple):
    """Whom the provider vouches for."""

    issuer: str
    subject: str
    """With the issuer, who it is; the rest may change."""
    name: str
    roles: frozenset[str]
    has_more_roles: bool
    """Some are left out for their number and would have to be asked for elsewhere."""
    tenant: str
    domain: str
    """That the provider vouches for; empty where it does not."""


def read(token: str, client: ProviderClient, nonce: str) -> Visitor:
    """Who came. Raises SignInRefusedError."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        key_id = header.get("kid")
        key = client.key(key_id if isinstance(key_id, str) else None)
        claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
        _check(claims, client, nonce)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise SignInRefusedError(Refusal.TOKEN, f"{type(error).__name__}: {error}"[:200]) from error
    return _visitor(claims, client.provider.role_claim)


def _check(claims: dict[str, object], client: ProviderClient, nonce: str) -> None:
    """Raises JoseError, ValueError."""
    provider = client.provider
    JWTClaimsRegistry(
        leeway=LEEWAY_S,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    ).validate(claims)
    said, party, audience = claims.get("nonce"), claims.get("azp"), claims["aud"]
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise ValueError("nonce")
    if party not in (None, provider.client_id) or (party is None and isinstance(audience, list) and len(audience) > 1):
        raise ValueError("azp")
    if len(str(claims["sub"])) > MAX_SUBJECT_CHARS or "\0" in str(claims["sub"]):
        raise ValueError("sub")


def _visitor(claims: dict[str, object], role_claim: str) -> Visitor:
    elsewhere = claims.get("_claim_names")
    return Visitor(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        name=_text(claims, "preferred_username") or _text(claims, "name"),
        roles=_values(claims.get(role_claim)),
        has_more_roles=isinstance(elsewhere, dict) and role_claim in elsewhere,
        tenant=_text(claims, "tid"),
        domain=_domain(claims),
    )


def _domain(claims: dict[str, object]) -> str:
    """The hosted one, else that of an e-mail address of which the provider says that it is theirs."""
    if hosted := _text(claims, "hd"):
        return hosted.lower()
    if claims.get("email_verified") is not True:
        return ""
    return _text(claims, "email").rpartition("@")[2].lower()


def _values(given: object) -> frozenset[str]:
    if isinstance(given, str):
        return frozenset({given})
    return (
        frozenset(one for one in given[:MAX_ROLES] if isinstance(one, str)) if isinstance(given, list) else frozenset()
    )


def _text(claims: dict[str, object], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
