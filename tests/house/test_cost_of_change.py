"""The table in CONTRIBUTING.md is true: a rule, an output and an ecosystem are added by touching only what it names."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from packageurl import PackageURL

from packamal.cli import run
from packamal.ecosystems import ECOSYSTEMS
from packamal.ecosystems.base import Metadata, Release, RemoteFile
from packamal.http.access import Access
from packamal.model import Report
from packamal.render.formats import RENDERERS
from packamal.render.view import View

RULE = r"""
id: toy/greets
title: Greets before anything else
severity: low
when:
  all: [{signal: proc.exec | proc.shell, target: hello}]
  within: file
says: "Says hello {when}."
hit:
  setup.py: |
    import os
    os.system("echo hello")
lookalike:
  setup.py: |
    import os
    os.system("true")
"""
SETUP = b'import os\nfrom setuptools import setup\n\nos.system("echo hello")\nsetup(name="toy", version="1.0")\n'


def sdist() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in {"toy-1.0/setup.py": SETUP, "toy-1.0/PKG-INFO": b"Name: toy\nVersion: 1.0\n"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def package(tmp_path: Path) -> str:
    path = tmp_path / "toy-1.0.tar.gz"
    path.write_bytes(sdist())
    return str(path)


@pytest.fixture(autouse=True)
def quiet_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKAMAL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def test_a_rule_is_one_file(package: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "rules" / "toy"
    folder.mkdir(parents=True)
    (folder / "greets.yaml").write_text(RULE)
    assert run(["scan", package, "--rules", str(folder.parent), "--format", "json", "--fail-on", "never"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert "toy/greets" in {finding["rule"] for finding in report["findings"]}
    assert "toy/greets" in {reason["rule"] for reason in report["verdict"]["reasons"]}


def test_an_output_is_one_function_and_one_line(
    package: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def levels(reports: Sequence[Report], view: View) -> str:
        return "".join(f"{report.artifacts[0].filename} {report.verdict.level}\n" for report in reports)

    monkeypatch.setitem(RENDERERS, "levels", levels)
    assert run(["scan", package, "--format", "levels", "--fail-on", "never"]) == 0
    assert capfd.readouterr().out.startswith("toy-1.0.tar.gz ")


class Toys:
    """A registry with one package."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def resolve(self, purl: PackageURL) -> Release:
        content = sdist()
        hashes = {"sha256": hashlib.sha256(content).hexdigest()}
        file = RemoteFile("toy-1.0.tar.gz", "https://registry.example/toy-1.0.tar.gz", "sdist", hashes, len(content))
        exact = PackageURL("toys", None, purl.name, "1.0")
        return Release(exact, (file,), Metadata(name="toy", version="1.0"), ("newest version is 1.0",))

    def fetch(self, file: RemoteFile) -> bytes:
        return sdist()

    def manifest(self, files: Mapping[str, bytes]) -> Metadata:
        return Metadata(name="toy", version="1.0")


def test_an_ecosystem_is_one_module_and_one_entry(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(ECOSYSTEMS, "toys", Toys)
    assert run(["scan", "pkg:toys/toy", "--format", "json", "--fail-on", "never"]) == 0, capfd.readouterr().err
    report = json.loads(capfd.readouterr().out)
    assert report["purl"] == "pkg:toys/toy@1.0"
    assert report["artifacts"][0]["purl"] == "pkg:toys/toy@1.0"


def test_the_table_names_only_what_is_there(root: Path) -> None:
    text = (root / "CONTRIBUTING.md").read_text()
    named = {word for word in text.split("`") if word.startswith(("src/", "docs/", "tests/")) and "<" not in word}
    assert len(named) >= 8
    assert [word for word in sorted(named) if not (root / word).exists()] == []
