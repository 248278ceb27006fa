"""The locks hold what pyproject.toml asks for, by hash, and no index address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>\S+?)(?: ; (?P<marker>.*?))? \\$", re.M)
FULL = ("base", "server", "cluster", "dev")
LOCKS = (*FULL, "uv", "build")


def pins(root: Path, lock: str) -> dict[str, set[str]]:
    """Name -> pinned versions (several where the marker decides)."""
    found: dict[str, set[str]] = {}
    for match in PIN.finditer((root / f"requirements/{lock}.txt").read_text()):
        found.setdefault(canonicalize_name(match["name"]), set()).add(match["version"])
    return found


def asked(root: Path, lock: str) -> list[Requirement]:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    texts = list(project["project"]["dependencies"])
    if lock in ("server", "cluster"):
        texts += project["project"]["optional-dependencies"]["server"]
        texts += project["project"]["optional-dependencies"]["telemetry"]
    if lock == "cluster":
        texts += project["project"]["optional-dependencies"]["kubernetes"]
    if lock == "dev":
        texts += [text for extra in project["project"]["optional-dependencies"].values() for text in extra]
        texts += project["dependency-groups"]["dev"]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("lock", FULL)
def test_every_requirement_is_pinned_to_a_version_that_it_allows(root: Path, lock: str) -> None:
    held = pins(root, lock)
    wrong = [
        str(requirement)
        for requirement in asked(root, lock)
        if not any(requirement.specifier.contains(v) for v in held.get(canonicalize_name(requirement.name), ()))
    ]
    assert wrong == [], "run `make lock`"


@pytest.mark.parametrize("lock", FULL)
def test_nothing_is_pinned_that_is_no_longer_asked_for(root: Path, lock: str) -> None:
    text = (root / f"requirements/{lock}.txt").read_text()
    wanted = {canonicalize_name(requirement.name) for requirement in asked(root, lock)}
    direct = {
        canonicalize_name(match["name"])
        for match, block in zip(PIN.finditer(text), re.split(r"^(?=[\w.-]+==)", text, flags=re.M)[1:], strict=True)
        if "packamal (pyproject.toml)" in block or "packamal:dev" in block
    }
    assert direct - wanted == set(), "run `make lock`"


def test_developers_test_with_the_versions_that_users_get(root: Path) -> None:
    dev = pins(root, "dev")
    for lock in ("base", "server", "cluster"):
        assert {name: versions for name, versions in pins(root, lock).items() if dev.get(name) != versions} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_and_no_address(root: Path, lock: str) -> None:
    text = (root / f"requirements/{lock}.txt").read_text()
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.M)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert re.search(r"://|--index|--find-links|--extra-index", text) is None
