"""Which version of an npm package is meant: npm's own order of exact version, dist-tag and range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packamal.ecosystems.text import as_text
from packamal.errors import NotFoundError

LATEST = "latest"
MAX_VERSION_CHARS = 256
"""node-semver's own limit."""


def wanted(name: str, asked: str, versions: Sequence[str], tags: Mapping[str, object]) -> str:
    """The exact version among `versions`; an empty `asked` is the newest. Raises NotFoundError."""
    if asked in versions:
        return asked
    tagged = as_text(tags.get(asked or LATEST))
    if tagged in versions:
        return tagged
    latest = as_text(tags.get(LATEST))
    found = _best(asked or "*", versions, latest)
    if found:
        return found
    newest = latest if latest in versions else versions[-1]
    raise NotFoundError(f"{name} has no version or tag {asked or LATEST}; the newest is {newest[:80]}")


def _best(asked: str, versions: Sequence[str], latest: str) -> str:
    """The best match of a range, npm's `latest` before others; empty where nothing matches."""
    import nodesemver  # type: ignore[import-untyped]

    if len(asked) > MAX_VERSION_CHARS or not nodesemver.valid_range(asked, True):
        return ""
    known = [version for version in versions if len(version) <= MAX_VERSION_CHARS and nodesemver.valid(version, True)]
    if latest in known and nodesemver.satisfies(latest, asked, True):
        return latest
    return str(nodesemver.max_satisfying(known, asked, True) or (known[-1] if asked == "*" and known else ""))
