"""Which account a visitor has here, and what they may do. An account is found by issuer and subject alone.

Never by name or e-mail: at some providers people choose these themselves, and addresses are given to somebody else.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from django.db import IntegrityError, transaction

from packamal.server.accounts import audit
from packamal.server.accounts.models import RANK, ExternalIdentity, Role, User
from packamal.server.accounts.oidc.refusals import Refusal, SignInRefusedError
from packamal.server.accounts.oidc.tokens import Visitor
from packamal.server.accounts.sessions import end_sessions
from packamal.server.provider import Provider

ACTOR = "system"
MAX_NAME_CHARS = 100
MARK_CHARS = 12
UNFIT = re.compile(r"[^\w.@+-]", re.ASCII)
"""In a name: what could make it look like another."""


def admit(visitor: Visitor, provider: Provider) -> User:
    """Their account, made at the first visit, with the role that the provider says now. Raises SignInRefusedError."""
    _check_place(visitor, provider)
    role = _role(visitor, provider)
    try:
        with transaction.atomic():
            user = _account(visitor, role)
    except IntegrityError:  # two first visits at once: one of them made it
        with transaction.atomic():
            user = _account(visitor, role)
    if user is None:
        detail = "roles left out for their number" if visitor.has_more_roles else "no known role"
        raise SignInRefusedError(Refusal.ROLE, detail, _known_name(visitor))
    if not user.is_active:
        raise SignInRefusedError(Refusal.DISABLED, "disabled", user.username)
    return user


def _check_place(visitor: Visitor, provider: Provider) -> None:
    if provider.tenants and visitor.tenant not in provider.tenants:
        raise SignInRefusedError(Refusal.PLACE, "another tenant")
    if provider.domains and visitor.domain not in provider.domains:
        raise SignInRefusedError(Refusal.PLACE, "another domain, or none that is vouched for")


def _role(visitor: Visitor, provider: Provider) -> Role | None:
    """The highest of those they have."""
    given = [one.role for one in provider.roles if one.value in visitor.roles]
    found = max(given, key=lambda role: RANK[Role(role)], default=provider.unknown_role)
    return Role(found) if found else None


def _account(visitor: Visitor, role: Role | None) -> User | None:
    """None: they have no role. Who had one loses it here, too."""
    known = ExternalIdentity.objects.filter(issuer=visitor.issuer, subject=visitor.subject).first()
    if known is None:
        return _made(visitor, role) if role else None
    user = User.objects.select_for_update().get(pk=known.user_id)
    wanted = role or Role.VIEWER
    if user.role != wanted:
        user.role = wanted
        user.save(update_fields=["role"])
        audit.record(ACTOR, "user.role", user.username, role=wanted.value)
    if role is None:
        end_sessions(ACTOR, user)
    return user if role else None


def _made(visitor: Visitor, role: Role) -> User:
    user = User(username=_free_name(visitor), role=role)
    user.set_unusable_password()
    user.save()
    ExternalIdentity.objects.create(user=user, issuer=visitor.issuer, subject=visitor.subject)
    audit.record(ACTOR, "user.add", user.username, role=role.value, how="provider")
    return user


def _free_name(visitor: Visitor) -> str:
    """A name that nobody has, also not in other letters."""
    plain = UNFIT.sub("", unicodedata.normalize("NFKC", visitor.name))[:MAX_NAME_CHARS] or "person"
    if not User.objects.filter(username__iexact=plain).exists():
        return plain
    mark = hashlib.sha256(f"{visitor.issuer} {visitor.subject}".encode()).hexdigest()
    return f"{plain}-{mark[:MARK_CHARS]}"


def _known_name(visitor: Visitor) -> str:
    known = ExternalIdentity.objects.select_related("user").filter(issuer=visitor.issuer, subject=visitor.subject)
    return next((identity.user.username for identity in known), "")
