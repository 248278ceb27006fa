"""Digests that are known to be bad, and lists that are fresher than the shipped ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from packamal import lists
from packamal.capability import Capability
from packamal.detectors import known_bad
from packamal.detectors.base import Package
from packamal.detectors.language import Language
from packamal.detectors.popular import popular
from packamal.detectors.units import Unit
from packamal.model import Artifact
from packamal.rules_version import rules_version

BODY = b"print('coyote')\n"
DIGEST = hashlib.sha256(BODY).hexdigest()


@pytest.fixture(autouse=True)
def shipped_afterwards():
    yield
    lists.use_lists(None)


@pytest.fixture
def package() -> Package:
    unit = Unit("a/b.py", "a/b.py", BODY, Language.PYTHON)
    return Package(Artifact("pkg:pypi/acme@1.0", "acme-1.0.tar.gz", "a" * 64, 10, "sdist"), (unit,))


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name.replace('_', '-')}.txt").write_text(text)
    return tmp_path


def test_nothing_is_said_about_what_is_not_listed(package):
    assert known_bad.detect(package).signals == ()


@pytest.mark.parametrize(("digest", "path"), [(DIGEST, "a/b.py"), ("a" * 64, "")])
def test_a_member_or_the_artifact_that_is_listed_is_said(package, tmp_path, digest, path):
    lists.use_lists(folder(tmp_path, known_bad=f"# one\nnonsense\n{digest}  a thief of credentials\n"))
    (signal,) = known_bad.detect(package).signals
    assert (signal.id, signal.target, signal.evidence.path) == (
        Capability.META_KNOWN_BAD,
        "a thief of credentials",
        path,
    )


def test_a_fresher_list_of_names_is_used_and_the_others_stay(tmp_path):
    before = popular("npm")
    lists.use_lists(folder(tmp_path, popular_pypi="acme-billing\ncoyote\n"))
    assert popular("pypi").targets == ["acme-billing", "coyote"]
    assert popular("npm") is before


def test_the_version_of_the_rules_follows_the_lists(tmp_path):
    shipped = rules_version()
    lists.use_lists(folder(tmp_path))
    assert rules_version() == shipped
    (tmp_path / "b").mkdir()
    lists.use_lists(folder(tmp_path / "b", known_bad=DIGEST))
    assert rules_version() != shipped


def test_the_current_one_of_several_folders_counts(tmp_path):
    name = "0" * 64
    (tmp_path / name).mkdir()
    folder(tmp_path / name, known_bad=DIGEST)
    lists.use_lists(tmp_path, is_followed=True)
    assert lists.lists_folder() == tmp_path
    (tmp_path / "current").write_text(name)
    assert lists.lists_folder() == tmp_path / name
    (tmp_path / "current").write_text("../../etc")
    assert lists.lists_folder() == tmp_path
