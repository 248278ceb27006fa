"""Filters of the list, as they stand in the address: `verdict=malicious&ecosystem=npm&since=7d&rule=...`."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from packamal.ecosystems import ECOSYSTEMS
from packamal.model import Level
from packamal.render.safe import defang
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State

MAX_TOKENS = 20
MAX_CHARS = 300
SINCE = {"24h": datetime.timedelta(days=1), "7d": datetime.timedelta(days=7), "30d": datetime.timedelta(days=30)}
VERDICTS = {level.value for level in Level}
STATES = {state.value for state in State} - {State.DONE.value}
KEYS = ("verdict", "ecosystem", "since", "name", "rule", "indicator", "sha256")
"""What can be filtered by."""
MANY = frozenset({"verdict", "ecosystem"})
"""Several values mean any of them; of the others the last one holds."""


class Token(NamedTuple):
    """One filter."""

    key: str
    value: str
    wrong: str = ""
    """Why it filters nothing."""


@dataclass(frozen=True, slots=True)
class Filters:
    """All of them."""

    tokens: tuple[Token, ...]

    @property
    def key(self) -> str:
        """Names a kept count."""
        return hashlib.sha256(repr(sorted(self.tokens)).encode("utf-8", "replace")).hexdigest()[:32]

    def values(self, key: str) -> list[str]:
        """Those of one key that can be used."""
        return [token.value for token in self.tokens if token.key == key and not token.wrong]

    def drop(self, key: str, value: str | None = None) -> Filters:
        """Without a key, or without one value of it."""
        return Filters(
            tuple(one for one in self.tokens if one.key != key or (value is not None and one.value != value))
        )

    def link(self, **more: str) -> str:
        """The address with these filters; a cursor may follow."""
        pairs = [(token.key, token.value) for token in self.tokens] + list(more.items())
        return f"/analyses?{urlencode(pairs, errors='replace')}" if pairs else "/analyses"

    def toggle(self, key: str, value: str) -> str:
        """The address with this value added or taken away."""
        if value in self.values(key):
            return self.drop(key, value).link()
        kept = self if key in MANY else self.drop(key)
        return Filters((*kept.tokens, Token(key, value))).link()

    @property
    def removals(self) -> list[tuple[Token, str]]:
        """Each filter with the address without it."""
        return [(token, self.drop(token.key, token.value).link()) for token in self.tokens]


def read(query: QueryDict) -> Filters:
    """The filters of an address; what is unknown stays, marked as wrong."""
    found: list[Token] = []
    for key, values in query.lists():
        if key in ("before", "after", "add", "told"):
            continue
        for value in values if key in MANY else values[-1:]:
            if value and len(found) < MAX_TOKENS:
                found.append(_token(key[:MAX_CHARS], value[:MAX_CHARS]))
    return Filters(tuple(dict.fromkeys(found)))


def added(query: QueryDict, typed: str) -> str:
    """The query with what was typed into the bar: `rule exfil/x`, `rule:exfil/x`, or a name."""
    key, _, value = typed.replace(":", " ", 1).partition(" ")
    is_named = key in KEYS and bool(value.strip())
    changed = query.copy()
    for name in ("add", "before", "after"):
        changed.pop(name, None)
    changed.appendlist(key if is_named else "name", value.strip() if is_named else typed[:MAX_CHARS])
    return changed.urlencode()


def matching(filters: Filters, now: datetime.datetime) -> QuerySet[Analysis]:
    """The rows that all filters let through."""
    rows = Analysis.objects.all()
    if verdicts := filters.values("verdict"):
        judged = Q(level__in=[value for value in verdicts if value in VERDICTS], state=State.DONE)
        rows = rows.filter(judged | Q(state__in=[value for value in verdicts if value in STATES]))
    if ecosystems := filters.values("ecosystem"):
        rows = rows.filter(ecosystem__in=ecosystems)
    for value in filters.values("since"):
        rows = rows.filter(created_at__gte=now - SINCE[value])
    for value in filters.values("name"):
        rows = rows.filter(name=value, **({} if ecosystems else {"ecosystem__in": list(ECOSYSTEMS)}))
    for value in filters.values("rule"):
        rows = rows.filter(rules__rule=value)
    for value in filters.values("indicator"):
        rows = rows.filter(indicators__value__in=_spellings(value)).distinct()
    for value in filters.values("sha256"):
        rows = rows.filter(artifacts__sha256=value.lower())
    return rows


def _spellings(value: str) -> list[str]:
    """How an indicator may be kept: hosts with every dot defanged, addresses as `defang` writes them."""
    plain = value.replace("[.]", ".").replace("hxxp", "http")
    return list(dict.fromkeys([value, defang(plain), plain.replace(".", "[.]")]))


def _token(key: str, value: str) -> Token:
    if key not in KEYS:
        return Token(key, value, "no such filter")
    if key == "verdict" and value not in VERDICTS | STATES:
        return Token(key, value, "no such verdict")
    if key == "since" and value not in SINCE:
        return Token(key, value, "24h, 7d or 30d")
    return Token(key, value)
