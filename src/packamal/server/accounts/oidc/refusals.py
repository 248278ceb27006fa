"""Why somebody was not let in. The trail keeps the reason; the page says no more than who it is about may know."""

from __future__ import annotations

import enum

from packamal.errors import PackamalError


class Refusal(enum.StrEnum):
    """A kind of reason."""

    STATE = "state"
    """Not begun in this browser, or too long ago."""
    PROVIDER = "provider"
    """The provider cannot be used."""
    DENIED = "denied"
    """The provider let them not in."""
    TOKEN = "token"  # noqa: S105  no secret
    """What it sent does not hold."""
    PLACE = "place"
    """Of another tenant or domain."""
    ROLE = "role"
    """Known, and may do nothing here."""
    DISABLED = "disabled"
    """Shut out by an administrator."""


TEXTS = {
    Refusal.STATE: "This sign-in was begun elsewhere or too long ago. Try again.",
    Refusal.PROVIDER: "The sign-in service does not answer as it should. Try again later.",
    Refusal.DENIED: "The sign-in service did not let you in.",
    Refusal.TOKEN: "What the sign-in service sent could not be believed. Try again, or tell an administrator.",
    Refusal.PLACE: "Your account is of an organisation that is not let in here.",
    Refusal.ROLE: "Your account has no role here. Ask an administrator for one.",
    Refusal.DISABLED: "Your account has no role here. Ask an administrator for one.",
}


class SignInRefusedError(PackamalError):
    """Somebody was not let in."""

    def __init__(self, refusal: Refusal, detail: str, account: str = "") -> None:
        super().__init__(detail)
        self.refusal = refusal
        self.account = account
        """Of an account that is known here; for the trail."""
