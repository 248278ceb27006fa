"""The feeds: one module each, and a line in `FEEDS`. No address stands here: each comes from the settings alone."""

from __future__ import annotations

from typing import NamedTuple

from packamal.ecosystems import ECOSYSTEMS
from packamal.server.feeds.base import Feed
from packamal.server.feeds.sources import crates, golang, npm, packagist, pypi, rubygems


class Kind(NamedTuple):
    """One feed."""

    ecosystem: str
    """Type of its package addresses."""
    since: Feed

    @property
    def is_analysed(self) -> bool:
        """Whether its releases can be submitted; else they are written down as seen."""
        return self.ecosystem in ECOSYSTEMS


FEEDS: dict[str, Kind] = {
    "pypi": Kind("pypi", pypi.since),
    "npm": Kind("npm", npm.since),
    "crates": Kind("cargo", crates.since),
    "rubygems": Kind("gem", rubygems.since),
    "packagist": Kind("composer", packagist.since),
    "go": Kind("golang", golang.since),
}
"""Name, as in `PACKAMAL_SERVER_FEED_PYPI`, -> feed."""
