"""Where packages come from. One module for each registry, one entry for each here: `ECOSYSTEMS[purl.type](access)`.

The modules are imported when their entry is called, since most of what they need is slow to import and a scan of a
local file needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packamal.ecosystems.base import Ecosystem
    from packamal.http.access import Access


def _npm(access: Access) -> Ecosystem:
    from packamal.ecosystems.npm import Npm

    return Npm(access)


def _pypi(access: Access) -> Ecosystem:
    from packamal.ecosystems.pypi import PyPI

    return PyPI(access)


ECOSYSTEMS: dict[str, Callable[[Access], Ecosystem]] = {
    "npm": _npm,
    "pypi": _pypi,
}
"""By purl type. An ecosystem reads the user's settings at its first request; use one in one thread only."""
