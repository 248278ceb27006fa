"""Whether a package holds anything besides its own packaging."""

from __future__ import annotations

import posixpath
import re

from packamal.detectors.base import Package

EMPTY_BYTES = 100
"""What all files besides packaging may weigh together in an empty package; the smallest real ones have some 200."""
_PACKAGING = re.compile(
    r"package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|setup\.(?:py|cfg)|pyproject\.toml|manifest\.in|"
    r"pkg-info|metadata|record|wheel|installer|top_level\.txt|requires\.txt|sources\.txt|dependency_links\.txt|"
    r"entry_points\.txt|(?:not-)?zip-safe|requirements.*\.txt|tox\.ini|\.(?:gitignore|npmignore|editorconfig|npmrc)|"
    r"(?:readme|licen[cs]e|copying|notice|changelog|changes|history|authors|contributing)(?:[._-].*)?",
    re.IGNORECASE,
)


def is_empty(package: Package) -> bool:
    """True when what is left without packaging files is next to nothing."""
    weight = 0
    for unit in package.units:
        if not unit.parent and not _PACKAGING.fullmatch(posixpath.basename(unit.path)):
            weight += len(unit.data.strip())
            if weight > EMPTY_BYTES:
                return False
    return True
