"""What stands on every page: who you are, where you can go, what the queue does, and which theme you chose."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from packamal.server.accounts.models import Role, User
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.review.deciding import count_waiting

THEME = "theme"
KEYS = "keys"
THEMES = frozenset({"light", "dark"})
TOLD = {
    "cancelled": "The analysis was cancelled.",
    "not-cancelled": "The analysis had ended already.",
    "confirmed": "Your decision is recorded.",
    "overridden": "Your verdict is recorded beside the machine's.",
    "noted": "Your note is recorded.",
    "suppressed": "The suppression is recorded. It holds from the next analysis on.",
    "undone": "The decision was taken back; the audit trail keeps it.",
    "feed-paused": "The feed is paused.",
    "feed-resumed": "The feed goes on where it was.",
    "feed-polled": "The feed has its turn within seconds.",
    "feed-unchanged": "Nothing changed: somebody was faster.",
    "revoked": "The key is revoked.",
    "watching": "You will be told.",
    "removed": "The entry is removed.",
    "hook-changed": "The webhook is changed.",
    "pinged": "A ping is on its way.",
}
"""What a page may be asked to say after a change; nothing else of `?told=` is shown."""


class Item(NamedTuple):
    """One place of the main navigation."""

    name: str
    word: str
    path: str
    waiting: int = 0


class Person(NamedTuple):
    """Who looks."""

    name: str
    initials: str
    role: str
    is_admin: bool
    can_decide: bool
    can_sign_out: bool


OPEN_KEPT_S = 30


def shell(request: HttpRequest) -> dict[str, object]:
    """The context of the frame."""
    person = person_of(request)
    theme = request.COOKIES.get(THEME, "")
    return {
        "theme": theme if theme in THEMES else "",
        "keys": "off" if request.COOKIES.get(KEYS) == "off" else "on",
        "here": request.get_full_path(),
        "link": f"{settings.PACKAMAL.public_url}{request.path}",
        "person": person,
        "sections": _sections(person),
        "pulse": _pulse() if person else "",
        "told": TOLD.get(request.GET.get("told", ""), ""),
    }


def person_of(request: HttpRequest) -> Person | None:
    """None when nobody is signed in."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_authenticated:
        return None
    name = user.get_username()
    parts = [part for part in name.replace("@", ".").replace("-", ".").split(".") if part]
    initials = "".join(part[0] for part in parts[:2]) if len(parts) > 1 else name[:2]
    can_decide = user.role in (Role.ANALYST, Role.ADMIN)
    return Person(
        name, initials.upper(), user.role, user.role == Role.ADMIN, can_decide, not settings.PACKAMAL.is_embedded
    )


def _sections(person: Person | None) -> list[Item]:
    found = [Item("analyses", "Analyses", "/analyses")]
    if person and person.can_decide:
        found.append(Item("review", "Review", "/review", _open()))
    return [
        *found,
        Item("dashboard", "Dashboard", "/dashboard"),
        Item("watches", "Watch lists", "/watches"),
        Item("rules", "Rules", "/rules"),
        Item("feeds", "Feeds", "/feeds"),
    ]


def _open() -> int:
    kept: int | None = cache.get("pages.open")
    if kept is None:
        kept = count_waiting()
        cache.set("pages.open", kept, OPEN_KEPT_S)
    return kept


def _pulse() -> str:
    running = Analysis.objects.filter(state=State.RUNNING).count()
    queued = Analysis.objects.filter(state=State.QUEUED).count()
    return f"{running:,} running, {queued:,} queued" if running or queued else "idle"
