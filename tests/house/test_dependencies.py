"""Every dependency has its reason written down."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PAGES = ("0002-dependencies", "0003-development-tools", "0009-service-libraries")
ROW = re.compile(r"^\| ([\w.-]+) \| [^|]+ \| [^|]+ \|", re.M)


def reasons(root: Path) -> set[str]:
    texts = ((root / f"docs/decisions/{page}.md").read_text() for page in PAGES)
    return {canonicalize_name(row) for text in texts for row in ROW.findall(text)}


def required(root: Path) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    texts = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    texts += [text for extra in project["project"]["optional-dependencies"].values() for text in extra]
    return {canonicalize_name(Requirement(text).name) for text in texts}


def test_every_dependency_has_a_licence_and_a_reason(root: Path) -> None:
    assert required(root) - reasons(root) == set()


def test_no_reason_outlives_its_dependency(root: Path) -> None:
    assert reasons(root) - required(root) - {"uv", "library", "tool"} == set()


@pytest.mark.parametrize("extra", ["server", "kubernetes", "telemetry", "azure"])
def test_the_base_install_is_the_scanner_alone(root: Path, extra: str) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    base = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    assert base.isdisjoint(
        canonicalize_name(Requirement(text).name) for text in project["optional-dependencies"][extra]
    )
