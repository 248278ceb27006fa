"""What people type, and what hostile lists hold."""

import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from packamal.errors import TargetError
from packamal.targets import Target, TargetKind, parse_purl, parse_target, read_list

TYPES = (
    "pkg:alpm/arch/pacman@6.0.1-1?arch=x86_64",
    "pkg:apk/alpine/curl@7.83.0-r0?arch=x86",
    "pkg:bitbucket/birkenfeld/pygments-main@244fd47e07d1014f0aed9c",
    "pkg:bitnami/wordpress@6.2.0?arch=arm64",
    "pkg:cargo/rand@0.7.2",
    "pkg:cocoapods/GoogleUtilities@7.5.2#NSData+zlib",
    "pkg:composer/laravel/laravel@5.5.0",
    "pkg:conan/openssl.org/openssl@3.0.3?user=bincrafters&channel=stable",
    "pkg:conda/absl-py@0.4.1?build=py36h06a4308_0&channel=main&subdir=linux-64&type=tar.bz2",
    "pkg:cpan/GDT/URI-PackageURL@2.23",
    "pkg:cran/A3@1.0.0",
    "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
    "pkg:docker/customer/dockerimage@sha256:244fd47e07d1004f0aed9c",
    "pkg:gem/ruby-advisory-db-check@0.12.4",
    "pkg:generic/openssl@1.1.10g?checksum=sha256:de4d501267da",
    "pkg:github/package-url/purl-spec@244fd47e07d1004f0aed9c#everybody/loves/dogs",
    "pkg:golang/google.golang.org/genproto@abcdedf#googleapis/api/annotations",
    "pkg:hackage/3d-graphics-examples@0.0.0.2",
    "pkg:hex/acme/foo@2.3.",
    "pkg:huggingface/distilbert-base-uncased@043235d6088ecd3dd5fb5ca3592b6913fd516027",
    "pkg:julia/AWS@1.2.3?uuid=fbe9abb3-538b-5e4e-ba9e-bc94f4f92ebc",
    "pkg:luarocks/hisham/luafilesystem@1.8.0-1",
    "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?packaging=sources",
    "pkg:mlflow/trafficsigns@10",
    "pkg:npm/%40angular/animation@12.3.1",
    "pkg:nuget/EnterpriseLibrary.Common@6.0.1304",
    "pkg:oci/debian@sha256:244fd47e07d1004f0aed9c?arch=amd64&tag=latest",
    "pkg:otp/elixir@1.18.4",
    "pkg:pub/characters@1.2.0",
    "pkg:pypi/django@1.11.1",
    "pkg:qpkg/blackberry/com.qnx.sdp@7.0.0",
    "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25",
    "pkg:swid/Acme/example.com/Enterprise+Server@1.0.0?tag_id=75b8c285-fa7b-485b-b199-4745e3004d0d",
    "pkg:swift/github.com/Alamofire/Alamofire@5.4.3",
    "pkg:yocto/core/glibc@2.35",
    "pkg:vscode-extension/acme/tool@1.0.0",
)
SUPPORTED = ("npm", "pypi")


@pytest.mark.parametrize("text", TYPES)
def test_every_type_of_the_purl_spec_parses(text):
    assert parse_purl(text).type == text[4:].partition("/")[0]


@pytest.mark.parametrize("text", [text for text in TYPES if not text.startswith(("pkg:npm", "pkg:pypi"))])
def test_a_type_that_is_not_supported_is_an_error_that_names_those_that_are(text):
    with pytest.raises(TargetError, match="not supported yet; supported are npm, pypi"):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "ecosystem", "purl"),
    [
        ("pkg:pypi/requests@2.32.3", "", "pkg:pypi/requests@2.32.3"),
        ("pkg:pypi/Zope_Interface", "", "pkg:pypi/zope-interface"),
        ("PKG:pypi/six", "", "pkg:pypi/six"),
        ("pkg://pypi/six@1", "", "pkg:pypi/six@1"),
        ("pkg:npm/is-odd@3.0.1", "", "pkg:npm/is-odd@3.0.1"),
        ("pkg:npm/%40Babel/core@7.0.0-rc.1", "", "pkg:npm/%40babel/core@7.0.0-rc.1"),
        ("pkg:npm/@babel/core", "", "pkg:npm/%40babel/core"),
        ("pkg:npm/@babel/core@latest", "", "pkg:npm/%40babel/core@latest"),
        ("requests==2.32.3", "pypi", "pkg:pypi/requests@2.32.3"),
        ("requests @ 2.32.3", "pypi", "pkg:pypi/requests@2.32.3"),
        ("requests[socks, security]==2.32.3", "pypi", "pkg:pypi/requests@2.32.3"),
        ("requests", "pypi", "pkg:pypi/requests"),
        ("torch==2.1.0+cpu", "pypi", "pkg:pypi/torch@2.1.0%2Bcpu"),
        ("is-odd@3.0.1", "npm", "pkg:npm/is-odd@3.0.1"),
        ("@babel/core", "npm", "pkg:npm/%40babel/core"),
        ("@babel/core@^7.0.0", "npm", "pkg:npm/%40babel/core@%5E7.0.0"),
        ("left-pad@>=1.0.0 <2 || 3.x", "npm", "pkg:npm/left-pad@%3E%3D1.0.0%20%3C2%20%7C%7C%203.x"),
        ("socket.io", "npm", "pkg:npm/socket.io"),
        ("typescript@next", "npm", "pkg:npm/typescript@next"),
    ],
)
def test_a_package_is_understood_in_every_usual_form(text, ecosystem, purl):
    target = parse_target(text, ecosystem)
    assert (target.kind, str(target.purl), target.path) == (TargetKind.PACKAGE, purl, None)
    assert target.raw == text


def test_an_old_npm_name_keeps_its_capitals():
    assert parse_target("pkg:npm/JSONStream@1.3.5").purl.name == "JSONStream"
    assert parse_target("JSONStream@1.3.5", "npm").purl.name == "JSONStream"


@pytest.mark.parametrize("text", ["requests==2.32.3", "requests@2.32.3", "@babel/core@7", "requests"])
def test_a_name_without_an_ecosystem_asks_for_one(text):
    with pytest.raises(TargetError, match="--ecosystem"):
        parse_target(text)


@pytest.mark.parametrize(
    "text",
    [
        "pkg:npm/..%2F..%2Fetc", "pkg:npm/a%00b", "pkg:pypi/a@..%2f..%2fx", "pkg:npm/a@../../x", "pkg:npm/a%5C..%5Cb",
        "pkg:npm/a%0Ab", "pkg:npm/a@1%0d%0aHost:x", "pkg:pypi/a%2Fb", "pkg:pypi/ns/a", "pkg:npm/ns/a", "pkg:npm/@/a",
        "pkg:npm/%40a%2Fb%2Fc", "pkg:npm/.", "pkg:npm/..", "pkg:npm/.hidden", "pkg:pypi/-a", "pkg:pypi/a-",
        "pkg:pypi/", "pkg:pypi/@1", "pkg:1x/a", "pkg:npm/a?b", "pkg:npm/a?%zz=1", "pkg:npm/a@%E2%80%AE1",
        "pkg:pypi/a@1.0;rm", "pkg:pypi/a@file:///etc", "pkg:npm/a@npm:b@1", "pkg:npm/" + "a" * 600, "pkg:pypi/\ud800",
        "pkg:pypi/a?x=..", "pkg:npm/а", "pkg:npm/a b", "pkg:", "pkg:pypi", "pkg:npm/\u202ea",
    ],
)  # fmt: skip
def test_a_purl_with_a_hostile_part_is_refused(text):
    with pytest.raises(TargetError):
        parse_target(text)


@pytest.mark.parametrize(
    "text", ["", "   ", "\0", "a\0b", "x" * 5000, "git+https://x.example/a", "https://x.example/a.whl"]
)
def test_what_is_no_target_is_refused(text):
    for ecosystem in ("", *SUPPORTED):
        with pytest.raises(TargetError):
            parse_target(text, ecosystem)


@pytest.mark.parametrize("text", ["a==", "==1", "a@1@2", "a[", "@a", "@a/", "a b", "a@file:x", "a@git+ssh://x", "a\nb"])
def test_a_name_that_is_none_is_refused(text):
    for ecosystem in SUPPORTED:
        with pytest.raises(TargetError):
            parse_target(text, ecosystem)


def test_an_unknown_ecosystem_is_refused():
    with pytest.raises(TargetError, match="supported are npm, pypi"):
        parse_target("rails", "gem")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "six-1.0.tar.gz").write_bytes(b"x")
    (tmp_path / "odd \u202ename").write_bytes(b"x")
    (tmp_path / "six").mkdir()
    os.mkfifo(tmp_path / "pipe.zip")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("text", ["six-1.0.tar.gz", "./six-1.0.tar.gz", "odd \u202ename"])
def test_a_file_is_an_archive_of_any_kind(folder, text):
    target = parse_target(text)
    assert (target.kind, target.path, target.purl) == (TargetKind.ARCHIVE, Path(text), None)
    assert target.raw.isprintable()


@pytest.mark.parametrize("text", ["six", "./six", ".", "six/"])
def test_a_folder_is_a_directory(folder, text):
    assert parse_target(text).kind is TargetKind.DIRECTORY


def test_with_an_ecosystem_a_word_is_a_package_and_a_path_stays_a_path(folder):
    assert parse_target("six", "pypi").kind is TargetKind.PACKAGE
    assert parse_target("./six", "pypi").kind is TargetKind.DIRECTORY
    assert parse_target("six-1.0.tar.gz", "pypi").kind is TargetKind.ARCHIVE
    assert parse_target("~/", "pypi").kind is TargetKind.DIRECTORY


@pytest.mark.parametrize(
    "text", ["missing.whl", "./missing", "~nobody-here/x", "pipe.zip", "/dev/null", "six-1.0.tar.gz/x.zip"]
)
def test_a_path_that_cannot_be_read_says_why(folder, text):
    with pytest.raises(TargetError, match=r"cannot be read|neither a file nor a folder") as caught:
        parse_target(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "pkg:npm/x@1?repository_url=https://fred:s3cret@index.example/npm",
        "pkg:npm/x@1?repository_url=https%3A%2F%2Ffred%3As3cret%40index.example%2Fnpm",
        "pkg:npm/x@1?repository_url=https%3a%2f%2fs3cret%40index.example&vcs_url=git+https://s3cret@git.example/x@1",
    ],
)
def test_credentials_in_a_purl_are_gone_from_all_that_is_kept(text):
    target = parse_target(text)
    assert "s3cret" not in repr(target) + str(target.purl)
    assert "index.example" in target.raw


@pytest.mark.parametrize(
    "text", ["https://fred:s3cret@index.example/a", "pkg:gem/a?u=https://fred:s3cret@x/", "pkg:npm/a?u://fred:s3cret@x"]
)
def test_credentials_are_in_no_error(text):
    with pytest.raises(TargetError) as caught:
        parse_target(text)
    assert "s3cret" not in str(caught.value)


def test_a_list_is_read_line_by_line_without_comments_and_blanks():
    lines = ["\ufeffpkg:npm/a\r\n", "\n", "# all of it\n", "  pkg:pypi/b@1#sub   # why\n", "\t\n", "c.whl"]
    assert list(read_list(lines)) == ["pkg:npm/a", "pkg:pypi/b@1#sub", "c.whl"]


NAME = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?", fullmatch=True)
VERSION = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?(\+[a-z0-9]{1,5})?", fullmatch=True)


@given(st.sampled_from(SUPPORTED), NAME, st.none() | VERSION, st.booleans())
def test_a_sound_package_comes_back_as_it_went_in(kind, name, version, is_scoped):
    purl = PackageURL(kind, "@scope" if is_scoped and kind == "npm" else None, name, version)
    assert parse_target(str(purl)).purl == purl
    spelled = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
    assert parse_target(f"{spelled}@{version}" if version else spelled, kind).purl == purl


PIECES = ("pkg:", "npm", "pypi", "/", "@", "%40", "..", "%2F", "?", "#", "=", "&", "%00", "://", "a", "1")
HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=string.printable + "\0\u202e\ud800", max_size=40),
    st.builds("pkg:{}/{}".format, st.sampled_from(["npm", "pypi", "gem", "maven", "mlflow"]), st.text(max_size=40)),
    st.lists(st.sampled_from(PIECES)).map("".join),
)


@given(HOSTILE, st.sampled_from(["", "npm", "pypi", "gem"]))
def test_hostile_text_is_a_target_or_a_target_error(text, ecosystem):
    try:
        target = parse_target(text, ecosystem)
    except TargetError as error:
        assert "\n" not in str(error) and len(str(error)) < 1000
        str(error).encode()
    else:
        assert isinstance(target, Target)
        if target.purl is not None:
            parts = [part for part in (target.purl.namespace, target.purl.name) if part]
            assert all("/" not in part and part != ".." and "\\" not in part and part.isprintable() for part in parts)


@given(st.lists(st.text(max_size=50), max_size=10))
def test_any_list_can_be_read(lines):
    assert all(target and target == target.strip() for target in read_list(lines))
