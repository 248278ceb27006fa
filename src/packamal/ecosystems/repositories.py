"""A package address that names its own registry: honoured where the user's settings name that registry too."""

from __future__ import annotations

from collections.abc import Sequence

from packageurl import PackageURL

from packamal.errors import NotFoundError
from packamal.http.addresses import origin, shown


def check_repository(purl: PackageURL, configured: Sequence[str], where: str) -> tuple[str, ...]:
    """The configured indexes that `repository_url` allows; all where there is none. Raises NotFoundError.

    Never another index than the one named: that would judge a package that was not asked for.
    """
    named = purl.qualifiers.get("repository_url", "")
    if not named:
        return tuple(configured)
    place = origin(named if "://" in named else f"https://{named}")[1:]
    found = tuple(index for index in configured if origin(index)[1:] == place)
    if not found:
        raise NotFoundError(f"the package address names the registry {shown(named)}; add it to {where} first")
    return found
