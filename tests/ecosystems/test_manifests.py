"""What an archive says about itself, honest or hostile."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.ecosystems import ECOSYSTEMS
from packamal.ecosystems.base import Metadata, merged
from packamal.ecosystems.core_metadata import requirements
from packamal.http.access import Access

METADATA = """Metadata-Version: 2.4
Name: tool
Version: 1.0
Summary: Does it.
Author-email: Ann <ann@x.example>, Bob <bob@x.example>
Maintainer: Cat
Project-URL: Source, https://git.example/tool
Project-URL: Home Page, https://tool.example
License-Expression: MIT
Keywords: one two
Requires-Dist: requests[socks]>=2,<3; python_version > "3"
Requires-Dist: fork @ https://files.example/fork.zip ; extra == "x"
Requires-Dist: old (>=1.0)

# Tool

Long text.
"""


@pytest.fixture(scope="module")
def pypi():
    return ECOSYSTEMS["pypi"](Access({}))


@pytest.fixture(scope="module")
def npm():
    return ECOSYSTEMS["npm"](Access({}))


@pytest.mark.parametrize("path", ["tool-1.0.dist-info/METADATA", "tool-1.0/PKG-INFO", "PKG-INFO", "EGG-INFO/PKG-INFO"])
def test_core_metadata_is_read_where_it_lies(pypi, path):
    found = pypi.manifest({path: METADATA.encode(), "tool/data/METADATA": b"Name: other", "tool/__init__.py": b""})
    assert (found.name, found.version, found.summary, found.licence) == ("tool", "1.0", "Does it.", "MIT")
    assert found.description == "# Tool\n\nLong text."
    assert (found.homepage, found.repository) == ("https://tool.example", "https://git.example/tool")
    assert found.maintainers == ("Ann <ann@x.example>", "Bob <bob@x.example>", "Cat")
    assert found.keywords == ("one", "two")
    assert found.dependencies == (("requests", ">=2,<3"), ("fork", "https://files.example/fork.zip"), ("old", ">=1.0"))


def test_the_outer_of_two_manifests_counts(pypi, npm):
    inner = {"tool-1.0/vendor/x/PKG-INFO": b"Name: inner", "tool-1.0/PKG-INFO": b"Name: outer"}
    assert pypi.manifest(inner).name == "outer"
    tables = {"package/a/package.json": b'{"name": "inner"}', "other/package.json": b'{"name": "x"}'}
    assert npm.manifest({**tables, "package/package.json": b'{"name": "outer"}'}).name == "outer"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("six", ("six", "")),
        ("six>=1.0", ("six", ">=1.0")),
        ("six ~= 1.0 ; extra == 'a'", ("six", "~= 1.0")),
        ("a.b_c[x,y]==1.*", ("a.b_c", "==1.*")),
        ("six @ git+https://git.example/six@main", ("six", "git+https://git.example/six@main")),
        ("!!!", ("!!!", "")),
        ("", ("", "")),
    ],
)
def test_a_requirement_gives_name_and_constraint(line, found):
    assert requirements([line]) == (found,)


PACKAGE = {
    "name": "@scope/it",
    "version": "1.0.0",
    "description": "Does it.",
    "homepage": "https://it.example",
    "repository": "github:scope/it",
    "author": {"name": "Ann", "email": "ann@x.example"},
    "maintainers": ["Bob <bob@x.example>", {"name": "Cat"}, 7],
    "licenses": [{"type": "MIT"}],
    "keywords": "one, two",
    "scripts": {"postinstall": "node x.js", "preinstall": "true", "test": "y", "install": 3},
    "dependencies": {"a": "^1"},
    "optionalDependencies": {"b": "*", "a": "2"},
}


def test_package_json_is_read(npm):
    found = npm.manifest({"package/package.json": b"\xef\xbb\xbf" + json.dumps(PACKAGE).encode(), "package/x.js": b""})
    assert (found.name, found.version, found.repository) == ("@scope/it", "1.0.0", "github:scope/it")
    assert (found.author, found.licence) == ("Ann <ann@x.example>", "MIT")
    assert found.maintainers == ("Bob <bob@x.example>", "Cat", "7")
    assert found.keywords == ("one", "two")
    assert dict(found.scripts) == {"preinstall": "true", "postinstall": "node x.js", "install": "3"}
    assert found.dependencies == (("a", "^1"), ("b", "*"))


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"\x00\xff", b"{" * 100_000, b'{"a":' * 100_000, b"9" * 10_000, b'{"name": NaN}',
     b'{"name": "\\ud800"}', b'{"name": {"a": 1}, "author": 3, "scripts": "x", "keywords": [[]], "dependencies": [1]}',
     b"{" + b" " * 9_000_000 + b"}"],
)  # fmt: skip
def test_a_package_json_that_is_none_gives_empty_fields(npm, content):
    found = npm.manifest({"package/package.json": content})
    assert isinstance(found, Metadata) and found.version == ""
    repr(found).encode()
    found.name.encode()


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 1000, b"Name" * 100_000, b"Name:" + b" x\n" * 100_000, b"\xff\xfeN\x00", b"Name: =?utf-8?q?a?=\n",
     b":\n\n:", b"Content-Type: multipart/mixed; boundary=x\n\n--x\n--x--",
     b"Content-Type: message/rfc822\n\nName: inner\n", b"Name: a\nName: b\n",
     b"Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=nope\n\n\xff"],
)  # fmt: skip
def test_core_metadata_that_is_none_gives_empty_fields(pypi, content):
    found = pypi.manifest({"PKG-INFO": content})
    assert isinstance(found, Metadata) and found.version == ""
    (found.name + found.description).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PACKAGE, "type", "url"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*PACKAGE]), JSON, max_size=8))
def test_a_package_json_of_any_shape_is_read_or_empty(table):
    found = ECOSYSTEMS["npm"](Access({})).manifest({"package/package.json": json.dumps(table).encode()})
    for value in (
        found.name,
        found.version,
        found.author,
        found.licence,
        found.repository,
        *found.maintainers,
        *found.keywords,
    ):
        value.encode()


@given(st.binary(max_size=300) | st.text(alphabet='NameVrsio:\n -=?utf8qQ;\t"', max_size=120).map(str.encode))
def test_core_metadata_of_any_bytes_is_read_or_empty(content):
    found = ECOSYSTEMS["pypi"](Access({})).manifest({"PKG-INFO": content})
    assert isinstance(found, Metadata)
    (found.name + found.description + found.author).encode()


@given(st.dictionaries(st.text(max_size=20), st.binary(max_size=20), max_size=4))
def test_any_members_are_read_or_empty(files):
    for make in ECOSYSTEMS.values():
        assert isinstance(make(Access({})).manifest(files), Metadata)


def test_two_sources_are_merged_field_by_field():
    first = Metadata(name="a", release_count=3, keywords=("x",))
    both = merged(first, Metadata(name="b", version="1", release_count=9, is_yanked=True))
    assert (both.name, both.version, both.release_count, both.keywords, both.is_yanked) == ("a", "1", 3, ("x",), True)
