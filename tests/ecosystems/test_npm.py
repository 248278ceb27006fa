"""npm's protocol against recorded answers."""

import base64
import contextlib
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from packamal.ecosystems import ECOSYSTEMS
from packamal.ecosystems.npm_versions import wanted
from packamal.errors import FetchError, NotFoundError

REGISTRY = "https://registry.example/"


@pytest.fixture
def npm(make_access):
    return ECOSYSTEMS["npm"](make_access(npm_config_registry=REGISTRY))


@pytest.fixture
def publish(recorded):
    """A package document in the registry's shape, and its tarballs."""

    def put(name, *versions, registry=REGISTRY, tags=None, **changes):
        content = f"tarball of {name}".encode()
        tarball = f"{registry}{name}/-/{name.rpartition('/')[2]}"
        manifests = {}
        for version in versions:
            recorded.put(f"{tarball}-{version}.tgz", content, "application/octet-stream")
            manifests[version] = {
                "name": name,
                "version": version,
                "description": "Does it.",
                "repository": {"type": "git", "url": "git+https://git.example/it.git"},
                "scripts": {"test": "x", "postinstall": "node setup.js"},
                "dependencies": {"is-number": "^6.0.0"},
                "dist": {
                    "tarball": f"{tarball}-{version}.tgz",
                    "integrity": "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode(),
                    "shasum": hashlib.sha1(content).hexdigest(),
                },
            }
        document = {
            "name": name,
            "dist-tags": tags or {"latest": versions[-1]},
            "versions": manifests,
            "readme": "# It",
            "time": {version: f"2026-01-0{index + 1}T00:00:00.000Z" for index, version in enumerate(versions)},
        }
        document.update(changes)
        recorded.put(registry + name.replace("/", "%2F"), document)
        return document

    return put


def purl(name, version=None, **qualifiers):
    scope, _, plain = name.rpartition("/")
    return PackageURL("npm", scope or None, plain, version, qualifiers, normalize_purl=False)


def test_the_latest_version_is_found_fetched_and_said(npm, publish):
    publish("is-it", "1.0.0", "1.1.0", tags={"latest": "1.0.0", "next": "1.1.0"})
    release = npm.resolve(purl("is-it"))
    assert str(release.purl) == "pkg:npm/is-it@1.0.0"
    assert release.notes == ("newest version is 1.0.0",)
    assert [(file.filename, file.kind) for file in release.files] == [("is-it-1.0.0.tgz", "npm")]
    assert npm.fetch(release.files[0]) == b"tarball of is-it"


def test_what_the_registry_says_is_kept(npm, publish):
    publish("is-it", "1.0.0", "1.1.0")
    metadata = npm.resolve(purl("is-it", "1.1.0")).metadata
    assert (metadata.name, metadata.version, metadata.summary) == ("is-it", "1.1.0", "Does it.")
    assert (metadata.description, metadata.repository) == ("# It", "git+https://git.example/it.git")
    assert (metadata.scripts, metadata.dependencies) == (
        (("postinstall", "node setup.js"),),
        (("is-number", "^6.0.0"),),
    )
    assert (metadata.published_at, metadata.release_count) == ("2026-01-02T00:00:00.000Z", 2)


def test_a_scoped_package_is_one_path_segment(npm, publish, recorded):
    publish("@scope/it", "1.0.0")
    release = npm.resolve(purl("@scope/it"))
    assert (str(release.purl), release.files[0].filename) == ("pkg:npm/%40scope/it@1.0.0", "it-1.0.0.tgz")
    assert recorded.asked == [REGISTRY + "@scope%2Fit"]


def test_an_old_name_with_capitals_is_another_package(npm, publish):
    publish("JSONStream", "1.3.5")
    publish("jsonstream", "0.0.1")
    release = npm.resolve(purl("JSONStream"))
    assert release.purl.version == "1.3.5"
    assert "the registry spells the name JSONStream" in release.notes
    assert npm.resolve(purl("jsonstream")).purl.version == "0.0.1"


def test_capitals_that_the_registry_does_not_know_are_made_small(npm, publish):
    publish("left-pad", "1.0.0")
    assert str(npm.resolve(purl("Left-Pad")).purl) == "pkg:npm/left-pad@1.0.0"


VERSIONS = ("1.0.0", "1.2.0", "1.3.0-beta.1", "2.0.0", "3.0.0-rc.1")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", "2.0.0"), ("latest", "2.0.0"), ("next", "3.0.0-rc.1"), ("1.2.0", "1.2.0"), ("v1.2.0", "1.2.0"),
        ("=1.2.0", "1.2.0"), ("^1.0.0", "1.2.0"), ("~1.0.0", "1.0.0"), ("1", "1.2.0"), ("1.x", "1.2.0"), ("*", "2.0.0"),
        (">= 1.0.0 < 2", "1.2.0"), ("1.0.0 - 1.2.0", "1.2.0"), ("^1.3.0-beta", "1.3.0-beta.1"), ("<1 || >=2", "2.0.0"),
        (">2", ""), ("canary", ""), ("9.9.9", ""), ("../x", ""), ("x" * 300, ""), ("|| ||", "2.0.0"),
    ],
)  # fmt: skip
def test_versions_tags_and_ranges_mean_what_npm_means(asked, found):
    tags = {"latest": "2.0.0", "next": "3.0.0-rc.1", "gone": "7.0.0"}
    if found:
        assert wanted("it", asked, VERSIONS, tags) == found
    else:
        with pytest.raises(NotFoundError, match=r"the newest is 2\.0\.0"):
            wanted("it", asked, VERSIONS, tags)


@given(
    st.text(max_size=40) | st.text(alphabet="0123456789.x*^~<>=|- v", max_size=40),
    st.lists(
        st.text(max_size=12) | st.from_regex(r"[0-9]{1,2}\.[0-9]\.[0-9](-[a-z0-9.]{1,4})?", fullmatch=True), min_size=1
    ),
    st.dictionaries(st.sampled_from(["latest", "next"]), st.text(max_size=8) | st.none()),
)
def test_any_version_text_finds_a_known_version_or_nothing(asked, versions, tags):
    with contextlib.suppress(NotFoundError):
        assert wanted("it", asked, versions, tags) in versions


def test_a_tag_wins_over_a_range_and_a_version_over_a_tag():
    tags = {"latest": "1.0.0", "1.x": "0.9.0", "1.0.0": "0.9.0"}
    assert wanted("it", "1.x", ["0.9.0", "1.0.0"], tags) == "0.9.0"
    assert wanted("it", "1.0.0", ["0.9.0", "1.0.0"], tags) == "1.0.0"


def test_prereleases_alone_have_a_newest_too():
    assert wanted("it", "", ["1.0.0-a", "1.0.0-b"], {}) == "1.0.0-b"


def test_a_range_that_was_resolved_is_said(npm, publish):
    publish("is-it", "1.0.0", "1.1.0")
    assert npm.resolve(purl("is-it", "^1.0.0")).notes == ("^1.0.0 is version 1.1.0",)


def test_a_deprecated_version_is_said_in_one_line(npm, publish):
    document = publish("is-it", "1.0.0")
    document["versions"]["1.0.0"]["deprecated"] = "Use\nthat. " + "x" * 1000
    publish("is-it", "1.0.0", versions=document["versions"])
    note = npm.resolve(purl("is-it", "1.0.0")).notes[0]
    assert note.startswith("version 1.0.0 is deprecated: Use that.") and len(note) < 300


def test_a_placeholder_of_the_registry_is_said(npm, publish):
    publish("is-it", "0.0.1-security")
    assert any("the registry's own placeholder" in note for note in npm.resolve(purl("is-it")).notes)


@pytest.mark.parametrize("version", ["../1.0.0", "1.0.0\n", "1" * 300, "", "1.0.0 \u202e"])
def test_a_version_that_is_no_name_is_left_out(npm, publish, version):
    publish("is-it", version, "1.0.0", tags={"latest": version})
    assert npm.resolve(purl("is-it")).purl.version == "1.0.0"


def test_a_forged_tarball_is_refused(npm, publish, recorded):
    publish("is-it", "1.0.0")
    file = npm.resolve(purl("is-it")).files[0]
    recorded.put(file.url, b"forged")
    with pytest.raises(FetchError, match=r"not what the index promised \(sha512 differs\)"):
        npm.fetch(file)


@pytest.mark.parametrize(
    ("integrity", "note"),
    [
        (None, "only sha1"),
        ("sha512-!!!", "only sha1"),
        ("nonsense", "only sha1"),
        (7, "only sha1"),
        ("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= sha512-" + "A" * 86 + "==?x", ""),
    ],
)
def test_integrity_is_read_and_its_absence_said(npm, publish, integrity, note):
    document = publish("is-it", "1.0.0")
    document["versions"]["1.0.0"]["dist"]["integrity"] = integrity
    publish("is-it", "1.0.0", versions=document["versions"])
    release = npm.resolve(purl("is-it", "1.0.0"))
    assert (note in release.notes[0]) if note else release.notes == ()


def test_without_any_digest_that_is_said(npm, publish):
    document = publish("is-it", "1.0.0")
    del document["versions"]["1.0.0"]["dist"]["integrity"], document["versions"]["1.0.0"]["dist"]["shasum"]
    publish("is-it", "1.0.0", versions=document["versions"])
    assert npm.resolve(purl("is-it", "1.0.0")).notes == (
        "the index gives no digest for is-it-1.0.0.tgz: it could not be checked",
    )


def test_an_unknown_package_names_the_registry_and_the_setting(npm):
    with pytest.raises(NotFoundError, match=r"no package is-it on https://registry.example/; check the spelling"):
        npm.resolve(purl("is-it"))


def test_an_unpublished_package_says_so(npm, recorded):
    recorded.put(REGISTRY + "is-it", {"name": "is-it", "time": {"unpublished": {"time": "2026-01-01T00:00:00.000Z"}}})
    with pytest.raises(NotFoundError, match="all were unpublished at 2026-01-01"):
        npm.resolve(purl("is-it"))


@pytest.mark.parametrize(
    "body",
    [
        b"<html>log in</html>",
        b"",
        b"[]",
        b"null",
        b'{"versions": []}',
        b'{"versions"',
        b"[" * 100_000,
        b"\xff",
        b"1" * 10_000,
    ],
)
def test_an_answer_that_is_no_package_document_is_an_error_of_one_line(npm, recorded, body):
    recorded.put(REGISTRY + "is-it", body, "text/html")
    with pytest.raises(FetchError, match="is no package document but text/html; check the registry") as caught:
        npm.resolve(purl("is-it"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "dist", [None, [], {}, {"tarball": [7]}, {"tarball": "file:///etc/passwd"}, {"tarball": "http://["}]
)
def test_a_version_without_a_file_is_an_error(npm, publish, dist):
    document = publish("is-it", "1.0.0")
    document["versions"]["1.0.0"]["dist"] = dist
    publish("is-it", "1.0.0", versions=document["versions"])
    with pytest.raises(FetchError, match=r"names no file for is-it 1\.0\.0"):
        npm.resolve(purl("is-it"))


@pytest.mark.parametrize(
    "manifest", [None, [], "x", {"dist": {"tarball": "x.tgz"}, "scripts": [], "author": [[]], "keywords": {}}]
)
def test_odd_values_of_a_registry_do_no_harm(npm, publish, manifest):
    publish("is-it", "1.0.0", versions={"1.0.0": manifest}, time=[], readme={})
    try:
        assert npm.resolve(purl("is-it")).files[0].url == REGISTRY + "x.tgz"
    except FetchError as error:
        assert "names no file" in str(error)


def test_a_document_that_is_too_large_is_asked_for_in_its_short_form(npm, publish, recorded, monkeypatch):
    document = publish("is-it", "1.0.0")
    monkeypatch.setattr("packamal.http.client.PAGE_BYTES", 2000)
    plain = recorded.answer

    def answer(request):
        large = "install-v1" not in request.headers["accept"]
        recorded.put(REGISTRY + "is-it", {**document, "readme": "x" * (5000 if large else 1)})
        return plain(request)

    recorded.transport.handler = answer
    assert npm.resolve(purl("is-it")).purl.version == "1.0.0"
    assert [request.headers["accept"] for request in recorded.requests][1] == "application/vnd.npm.install-v1+json"


def test_a_purl_that_names_another_registry_is_not_looked_up_here(npm, publish, recorded):
    publish("is-it", "1.0.0")
    assert npm.resolve(purl("is-it", repository_url=REGISTRY)).purl.version == "1.0.0"
    with pytest.raises(NotFoundError, match=r"add it to the registry in \.npmrc"):
        npm.resolve(purl("is-it", repository_url="https://other.example/"))


def test_a_mirror_that_repeats_the_public_addresses_is_used_for_the_files_too(npm, publish, recorded):
    from packamal.ecosystems.npmrc import default_registry

    document = publish("is-it", "1.0.0")
    dist = document["versions"]["1.0.0"]["dist"]
    dist["tarball"] = dist["tarball"].replace(REGISTRY, default_registry())
    publish("is-it", "1.0.0", versions=document["versions"])
    assert npm.fetch(npm.resolve(purl("is-it")).files[0]) == b"tarball of is-it"
    assert all(url.startswith(REGISTRY) for url in recorded.asked)


def test_provenance_is_seen(npm, publish):
    document = publish("is-it", "1.0.0")
    document["versions"]["1.0.0"]["dist"]["attestations"] = {"url": "x", "provenance": {"predicateType": "y"}}
    publish("is-it", "1.0.0", versions=document["versions"])
    assert npm.resolve(purl("is-it")).metadata.has_provenance


def test_a_release_is_plain_data(npm, publish):
    publish("is-it", "1.0.0")
    release = npm.resolve(purl("is-it"))
    json.dumps([release.purl, dict(release.files[0].hashes), release.notes, release.metadata.keywords])
