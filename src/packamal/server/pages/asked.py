"""Understands the one field: a purl, `name==1.2`, `npm name@1.2`, a digest, an indicator, or a plain name."""

from __future__ import annotations

import enum
import re
from typing import NamedTuple
from urllib.parse import quote

from packamal.ecosystems import ECOSYSTEMS
from packamal.errors import TargetError
from packamal.targets import parse_purl

SCHEME = "pkg:"
MAX_CHARS = 600
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_PREFIXED = re.compile(r"(?i)(pypi|npm)[\s:/]+(.+)")
_PINNED = re.compile(r"(?P<name>[^@=\s]+)\s*==\s*(?P<version>[^@=\s]+)")
_NAMED = re.compile(r"(?P<name>@?[^@=\s]+)(?:@(?P<version>[^@=\s]+))?")
_HOST = re.compile(r"(?i)(?:h(?:tt|xx)ps?://\S+|(?:[a-z0-9-]+(?:\.|\[\.\]))+[a-z]{2,24}(?:[:/]\S*)?|[\d.\[\]]{7,21})")
_RULE = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+)+")


class Kind(enum.StrEnum):
    """What was meant."""

    PURL = "purl"
    DIGEST = "digest"
    NAME = "name"
    """Of a package in any ecosystem; may be a rule or an indicator, too."""


class Asked(NamedTuple):
    """What was meant, canonical."""

    kind: Kind
    value: str
    version: str = ""


def understand(text: str) -> Asked:
    """Read the field. Raises TargetError with what is wrong and what would be right."""
    text = text.strip()
    if not text:
        raise TargetError("Write the name of a package, a purl or a sha256.")
    if len(text) > MAX_CHARS:
        raise TargetError(f"That is longer than {MAX_CHARS} characters.")
    if text.lower().startswith(SCHEME):
        return Asked(Kind.PURL, parse_purl(text).to_string())
    if match := _DIGEST.fullmatch(text):
        return Asked(Kind.DIGEST, match[1].lower())
    if match := _PREFIXED.fullmatch(text):
        return Asked(Kind.PURL, purl_of(match[1].lower(), match[2]))
    if match := _PINNED.fullmatch(text):
        return Asked(Kind.PURL, purl_of("pypi", text))
    match = _NAMED.fullmatch(text)
    if match is None or match["name"] in ("@", ".", ".."):
        raise TargetError("That is no name of a package. A purl looks like pkg:npm/name@1.2.3.")
    asked = Asked(Kind.NAME, match["name"], match["version"] or "")
    if not (candidates(asked) or is_indicator(text) or is_rule(text)):
        raise TargetError("No registry has such a name. A purl looks like pkg:npm/name@1.2.3.")
    return asked


def purl_of(ecosystem: str, text: str) -> str:
    """The purl of `name`, `name@version` or `name==version`. Raises TargetError."""
    match = _PINNED.fullmatch(text.strip()) or _NAMED.fullmatch(text.strip())
    if match is None or ecosystem not in ECOSYSTEMS:
        raise TargetError(f"That is no {ecosystem} package. Write name, name@version or name==version.")
    version = f"@{quote(match['version'], safe='')}" if match["version"] else ""
    return parse_purl(f"pkg:{ecosystem}/{quote(match['name'], safe='/')}{version}").to_string()


def candidates(asked: Asked) -> list[tuple[str, str]]:
    """Each ecosystem that takes the name, with the purl it would be there."""
    found = []
    for ecosystem in ECOSYSTEMS:
        try:
            text = f"{asked.value}@{asked.version}" if asked.version else asked.value
            found.append((ecosystem, purl_of(ecosystem, text)))
        except TargetError:
            continue
    return found


def is_indicator(text: str) -> bool:
    """Whether it reads like a host or an address."""
    return _HOST.fullmatch(text.strip()) is not None


def is_rule(text: str) -> bool:
    """Whether it reads like a rule's id."""
    return _RULE.fullmatch(text.strip()) is not None
