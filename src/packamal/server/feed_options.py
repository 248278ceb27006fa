"""Settings of the feeds: one address for each, none of them known to the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from packamal.server.options import ServerOption, a_folder, a_whole_number

MAX_PERIOD_S = 24 * 3600
MAX_WAITING = 10_000
"""Beyond, overdue releases of feeds would come before people."""
FEEDS = {
    "pypi": "PyPI (change log and newest releases)",
    "npm": "npm (log of changes)",
    "crates": "the registry of crates",
    "rubygems": "RubyGems",
    "packagist": "Packagist",
    "go": "the index of Go modules",
}
"""Name of the feed -> what its setting is the address of."""


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """What is watched, and how much of it."""

    addresses: Mapping[str, str] = field(default_factory=dict)
    """Name -> address; a feed without one is off."""
    period_s: int = 60
    waiting: int = 200
    """Releases that may wait to be analysed."""
    lists: str = ""
    """Address or folder that lists are refreshed from; empty: the shipped ones stay."""


def _address(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username):
        raise ValueError("an address like https://registry.example expected, without user, password and query")
    return text.rstrip("/")


def _place(text: str) -> str:
    if "://" in text:
        return _address(text)
    return str(a_folder(text)) if text else ""


FEED_OPTIONS: tuple[ServerOption, ...] = (
    *(
        ServerOption(f"feed_{name}", _address, "", f"Where {what} is watched; empty: off.")
        for name, what in FEEDS.items()
    ),
    ServerOption("feed_period_s", a_whole_number(MAX_PERIOD_S), "60", "Seconds between two looks at a feed."),
    ServerOption("feed_waiting", a_whole_number(MAX_WAITING), "200", "Releases of feeds that may wait to be analysed."),
    ServerOption(
        "lists", _place, "", "Address or folder with lists.json: names, bad digests, rules; empty: as shipped."
    ),
)


def feed_settings(values: Mapping[str, Any]) -> FeedSettings:
    """Out of what was given."""
    addresses = {name: values[f"feed_{name}"] for name in FEEDS if values[f"feed_{name}"]}
    return FeedSettings(addresses, values["feed_period_s"], values["feed_waiting"], values["lists"])
