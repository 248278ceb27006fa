"""Names that are easily taken for the name of a popular package.

What counts is chosen by how rarely it happens by chance: of 15,000 names drawn from an index that are not popular
themselves, distance one alone would hit 13 in a thousand, what stands here 4 (`evals/squat_rate.py`, 2026-11-24).
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterator
from typing import NamedTuple

from packamal.capability import Capability
from packamal.detectors.base import Observed, Package
from packamal.detectors.dossier import open_dossier
from packamal.detectors.popular import Popular, bare, normalised, popular, seen

MIN_NAME = 5
"""Characters; below that every name is close to some popular one."""
LONG_NAME = 8
"""Characters from which on any single slip of the finger counts."""
COMMON = 6_000
"""Rank up to which one letter or a delimiter counts; swapped and doubled letters count for every target."""
FAMOUS = 1_000
"""Rank up to which any slip counts for names of MIN_NAME + 1 characters, but for the first letter."""
HOUSEHOLD = 500
"""Rank up to which a language's name before or behind counts."""
MAX_NAME = 100
"""Characters of a name that is looked at; the longest popular one has 90."""
ESTABLISHED = 15
"""Releases after which a name is its own; imitations are taken down long before."""
_AFFIXES = {
    "pypi": (("python-", "py-", "python"), ("-python", "-py", "-python3", "-lib")),
    "npm": (("node-", "js-", "npm-"), ("-js", ".js", "-node", "-npm", "-javascript")),
}


class Slip(enum.StrEnum):
    """How a name differs from another by one slip; the value is what people read."""

    DELIMITER = "only delimiters differ"
    LOOK = "looks the same"
    SWAP = "two letters swapped"
    DOUBLE = "a letter doubled or halved"
    LETTER = "one letter differs"
    AFFIX = "the language's name added"
    SCOPE = "the scope imitated"


class Squat(NamedTuple):
    """The popular name that is imitated, and how."""

    name: str
    slip: Slip


@functools.lru_cache(maxsize=4096)
def squat_of(name: str, ecosystem: str) -> Squat | None:
    """The popular package that a name is easily taken for; None for a popular name itself."""
    known = popular(ecosystem)
    own = normalised(name, ecosystem)
    if known is None or own in known.names or not MIN_NAME <= len(own) <= MAX_NAME:
        return None
    if own.startswith("@"):
        return _scoped(own, known)
    return next(_squats(own, ecosystem, known), None)


def one_slip(name: str, target: str) -> tuple[Slip, int] | None:
    """The slip that makes `target` of `name`, and where; None when one slip is not enough."""
    if abs(len(name) - len(target)) > 1 or name == target:
        return None
    at = next((at for at, (one, other) in enumerate(zip(name, target, strict=False)) if one != other), -1)
    if at < 0:
        at = min(len(name), len(target))
    longer, shorter = (name, target) if len(name) >= len(target) else (target, name)
    if len(longer) > len(shorter):
        if longer[at + 1 :] != shorter[at:]:
            return None
        return (Slip.DOUBLE if at and longer[at] == longer[at - 1] else Slip.LETTER), at
    if name[at + 1 :] == target[at + 1 :]:
        return Slip.LETTER, at
    if name[at : at + 2] == target[at : at + 2][::-1] and name[at + 2 :] == target[at + 2 :]:
        return Slip.SWAP, at
    return None


def _squats(own: str, ecosystem: str, known: Popular) -> Iterator[Squat]:
    """Every reading, the surest first."""
    plain, look = bare(own), seen(own)
    if len(plain) < MIN_NAME:
        return
    if plain in known.bare and known.bare.index(plain) < COMMON:
        yield Squat(known.targets[known.bare.index(plain)], Slip.DELIMITER)
    if look in known.seen:
        yield Squat(known.targets[known.seen.index(look)], Slip.LOOK)
    yield from _slips(plain, known)
    prefixes, suffixes = _AFFIXES[ecosystem]
    for rest in (*(own.removeprefix(word) for word in prefixes), *(own.removesuffix(word) for word in suffixes)):
        if rest != own and len(rest) >= MIN_NAME and rest in known.targets[:HOUSEHOLD]:
            yield Squat(rest, Slip.AFFIX)


def _slips(plain: str, known: Popular) -> Iterator[Squat]:
    half = len(plain) // 2
    front, back, size = plain[:half], plain[half + 1 :], len(plain)
    for rank, target in enumerate(known.bare):
        if -2 < len(target) - size < 2 and (target.startswith(front) or target.endswith(back)):
            slip = one_slip(plain, target)
            if slip and _counts(*slip, min(size, len(target)), rank):
                yield Squat(known.targets[rank], slip[0])


def _counts(slip: Slip, at: int, size: int, rank: int) -> bool:
    if slip is not Slip.LETTER:
        return size >= MIN_NAME
    return (size >= LONG_NAME and rank < COMMON) or (size > MIN_NAME and at > 0 and rank < FAMOUS)


def _scoped(own: str, known: Popular) -> Squat | None:
    """A scope belongs to somebody, so only a scope that imitates a popular one is odd."""
    scope, _, name = own.partition("/")
    if scope in known.scopes or len(scope) <= MIN_NAME:
        return None
    for other in known.scopes:
        slip = one_slip(scope[1:], other[1:])
        if slip and f"{other}/{name}" in known.names:
            return Squat(f"{other}/{name}", Slip.SCOPE)
    return None


def detect(package: Package) -> Observed:
    """Compare the package's own name with the popular ones."""
    dossier = open_dossier(package)
    if dossier is None or (dossier.index and dossier.index.release_count >= ESTABLISHED):
        return Observed()
    name = dossier.own.name
    squat = squat_of(name, dossier.ecosystem)
    if squat is None:
        return Observed()
    return Observed((dossier.signal(Capability.META_TYPOSQUAT, f"{squat.name}: {squat.slip}", name),))
