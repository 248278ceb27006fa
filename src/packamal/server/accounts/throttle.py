"""How often a sign-in may be tried, by account and by address, in the database: one count for all processes.

A try is taken before the password is looked at, so that many at once gain nothing, and given back when it was right:
only failures count. Names that nobody has are counted like others, so the answer tells nothing about them.
"""

from __future__ import annotations

import datetime
import ipaddress
import unicodedata
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from packamal.server.accounts.models import SignInBucket

WINDOW = datetime.timedelta(minutes=15)
"""After so long without a try all of them are there again."""
ACCOUNT_TRIES = 10
"""In WINDOW: a thousand a day find no password of twelve characters, and people who mistype are not kept out."""
ADDRESS_TRIES = 50
"""In WINDOW: many people may share one."""
KNOWN = datetime.timedelta(days=30)
"""For so long an address that an account signed in from has tries of its own: guessing elsewhere keeps nobody out."""
IPV6_PREFIX = 64
"""One network of one customer; its addresses cost nothing."""


class Tries(NamedTuple):
    """What came of asking for a try."""

    wait_s: float
    """0: go on; else nothing is tried before that."""
    is_last: bool = False
    """Whether the next one will have to wait."""


class _Limit(NamedTuple):
    key: str
    step: datetime.timedelta
    """What one try costs of WINDOW."""


def take(name: str, address: str) -> Tries:
    """Take one try of an account and of an address, or of neither."""
    now = timezone.now()
    limits = _limits(name, address, now)
    with transaction.atomic():
        full_at = _locked(limits, now)
        used = [full_at[limit.key] + limit.step - now for limit in limits]
        over = max(used) - WINDOW
        if over > datetime.timedelta():
            return Tries(over.total_seconds())
        for limit, taken in zip(limits, used, strict=True):
            SignInBucket.objects.filter(pk=limit.key).update(full_at=now + taken)
    return Tries(0.0, any(taken + limit.step > WINDOW for limit, taken in zip(limits, used, strict=True)))


def give_back(name: str, address: str) -> None:
    """The try was right: all of the account's are there again, and that one of the address, which is known now."""
    now = timezone.now()
    limits = _limits(name, address, now)
    with transaction.atomic():
        full_at = _locked(limits, now)
        account, place = limits
        SignInBucket.objects.filter(pk=account.key).update(full_at=now)
        SignInBucket.objects.filter(pk=place.key).update(full_at=full_at[place.key] - place.step)
    SignInBucket.objects.update_or_create(
        pk=_known(_person(name), _network(address)), defaults={"full_at": now + KNOWN}
    )


def _limits(name: str, address: str, now: datetime.datetime) -> tuple[_Limit, _Limit]:
    """Of the account, or of the account at an address that is known, and of the address."""
    person, network = _person(name), _network(address)
    is_known = SignInBucket.objects.filter(pk=_known(person, network), full_at__gt=now).exists()
    return (
        _Limit(_digest("account", person, network if is_known else ""), WINDOW / ACCOUNT_TRIES),
        _Limit(_digest("address", network), WINDOW / ADDRESS_TRIES),
    )


def _known(person: str, network: str) -> str:
    """The row that says until when the account is known there."""
    return _digest("known", person, network)


def _person(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _digest(kind: str, *texts: str) -> str:
    return salted_hmac(f"packamal.sign-in.{kind}", "\n".join(texts), algorithm="sha256").hexdigest()


def _network(address: str) -> str:
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(number, ipaddress.IPv4Address):
        return str(number)
    if number.ipv4_mapped:
        return str(number.ipv4_mapped)
    return str(ipaddress.ip_network((number, IPV6_PREFIX), strict=False))


def _locked(limits: tuple[_Limit, ...], now: datetime.datetime) -> dict[str, datetime.datetime]:
    """When each is full, no earlier than now; rows are made and locked in one order, so two never wait for another."""
    keys = sorted(limit.key for limit in limits)
    SignInBucket.objects.bulk_create([SignInBucket(key=key, full_at=now) for key in keys], ignore_conflicts=True)
    rows = SignInBucket.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    return {**dict.fromkeys(keys, now), **{row.key: max(row.full_at, now) for row in rows}}
