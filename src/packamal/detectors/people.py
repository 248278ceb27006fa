"""Mail addresses that nobody answers: placeholders, reserved domains, throw-away boxes."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[\w.+-]{1,64}@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8})")
_RESERVED = frozenset({"example", "test", "invalid", "localhost", "local", "tld", "fake", "none"})
"""Top-level domains that cannot exist (RFC 2606 and what people make up)."""
_PLACEHOLDER_NAMES = """
    example.com example.org example.net example.edu test.com email.com mail.com domain.com yourdomain.com fake.com
    mydomain.com company.com nowhere.com none.com null.com abc.com foo.com bar.com xyz.com asd.com
"""
_PLACEHOLDERS = frozenset(_PLACEHOLDER_NAMES.split())
_THROW_AWAY_NAMES = """
    10minutemail.com 10minutemail.net 20minutemail.com 33mail.com anonaddy.me burnermail.io discard.email
    dispostable.com emailondeck.com fakeinbox.com getairmail.com getnada.com grr.la guerrillamail.com
    guerrillamail.info guerrillamail.net guerrillamail.org guerrillamailblock.com harakirimail.com inboxkitten.com
    incognitomail.org jetable.org mail-temp.com mail.tm maildrop.cc mailcatch.com mailinator.com mailinator.net
    mailnesia.com mailnull.com mailsac.com mintemail.com moakt.com mohmal.com mytemp.email nada.email sharklasers.com
    spam4.me spamgourmet.com temp-mail.io temp-mail.org tempail.com tempinbox.com tempmail.com tempmail.dev
    tempmail.net tempmailo.com tempr.email throwawaymail.com trashmail.com trashmail.de trashmail.net trbvm.com
    yopmail.com yopmail.fr yopmail.net
"""
_THROW_AWAY = frozenset(_THROW_AWAY_NAMES.split())


def odd_address(person: str) -> str:
    """The address in `name <address>` when nobody can be reached there; empty when somebody might."""
    for found in _ADDRESS.finditer(person[:500]):
        domain = found[1].lower()
        if domain in _PLACEHOLDERS or domain in _THROW_AWAY or domain.rpartition(".")[2] in _RESERVED:
            return found[0]
        if "." not in domain:
            return found[0]
    return ""
