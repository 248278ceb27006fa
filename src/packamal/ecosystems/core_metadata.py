"""Python's core metadata (PKG-INFO, METADATA, an index's JSON) in the shape all ecosystems share.

Source: https://packaging.python.org/en/latest/specifications/core-metadata/. Hostile content gives empty fields.
"""

from __future__ import annotations

import email.errors
import email.message
import email.parser
import re
from collections.abc import Iterable, Mapping

from packamal.ecosystems.base import Metadata
from packamal.ecosystems.text import as_list, as_table, as_text

MAX_BYTES = 2_000_000
"""Longest metadata file read; descriptions of real packages end below 1 MB."""
REPOSITORY_LABELS = ("repository", "source", "sourcecode", "code", "github", "gitlab", "sourcerepository", "git")
HOMEPAGE_LABELS = ("homepage", "home")
REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?")
UNKNOWN = "UNKNOWN"
"""What old setuptools wrote for an empty field."""


def from_members(files: Mapping[str, bytes]) -> Metadata:
    """The metadata a wheel or sdist carries; the file nearest to the root counts."""
    paths = [path for path in files if _is_manifest(path)]
    if not paths:
        return Metadata()
    return from_bytes(files[min(paths, key=lambda path: (path.count("/"), len(path), path))])


def _is_manifest(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return (name == "METADATA" and folder.endswith(".dist-info")) or name == "PKG-INFO"


def from_bytes(content: bytes) -> Metadata:
    """Read one metadata file; what cannot be read stays empty."""
    text = content[:MAX_BYTES].decode("utf-8", "replace").replace("\0", "")
    try:
        message = email.parser.Parser().parsestr(text)
        return _from_message(message)
    except (email.errors.MessageError, ValueError, TypeError, LookupError, RecursionError, IndexError):
        return Metadata()


def _from_message(message: email.message.Message) -> Metadata:
    def one(name: str) -> str:
        value = as_text(message.get(name))
        return "" if value == UNKNOWN else value

    def many(name: str) -> list[str]:
        return [as_text(value) for value in message.get_all(name, [])]

    payload = message.get_payload()
    links = [tuple(part.strip() for part in value.partition(",")[::2]) for value in many("Project-URL")]
    return Metadata(
        name=one("Name"),
        version=one("Version"),
        summary=one("Summary"),
        description=as_text(payload if isinstance(payload, str) and payload.strip() else message.get("Description")),
        homepage=one("Home-page") or _linked(links, HOMEPAGE_LABELS),
        repository=_linked(links, REPOSITORY_LABELS),
        author=one("Author") or one("Author-email"),
        maintainers=_people(one("Author-email"), one("Maintainer"), one("Maintainer-email")),
        licence=one("License-Expression") or one("License"),
        keywords=_words(one("Keywords")),
        dependencies=requirements(many("Requires-Dist")),
    )


def from_json(document: object) -> Metadata:
    """The `info` of an index's JSON document, or empty fields."""
    info = as_table(as_table(document).get("info"))
    links = [(as_text(label), as_text(url)) for label, url in as_table(info.get("project_urls")).items()]

    def one(name: str) -> str:
        value = as_text(info.get(name))
        return "" if value == UNKNOWN else value

    return Metadata(
        name=one("name"),
        version=one("version"),
        summary=one("summary"),
        description=one("description"),
        homepage=one("home_page") or _linked(links, HOMEPAGE_LABELS),
        repository=_linked(links, REPOSITORY_LABELS),
        author=one("author") or one("author_email"),
        maintainers=_people(one("author_email"), one("maintainer"), one("maintainer_email")),
        licence=one("license_expression") or one("license"),
        keywords=_words(one("keywords")),
        dependencies=requirements(as_text(item) for item in as_list(info.get("requires_dist"))),
    )


def requirements(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """(name, constraint or address) of each requirement; markers are left out, unreadable lines keep their text."""
    found = []
    for line in lines:
        name, at, address = line.partition("@")
        if at:
            found.append((name.partition("[")[0].strip(), address.partition(" ;")[0].strip()))
            continue
        match = REQUIREMENT.match(line)
        found.append((match[1], match[2].strip()) if match else (line.strip(), ""))
    return tuple(found)


def _linked(links: Iterable[tuple[str, ...]], labels: tuple[str, ...]) -> str:
    by_label = {re.sub(r"[^a-z]", "", label.lower()): url for label, url in links}
    return next((by_label[label] for label in labels if by_label.get(label)), "")


def _people(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(person.strip() for text in texts for person in text.split(",") if person.strip()))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in re.split(r"[,\n]" if "," in text else r"\s", text) if word.strip())
