"""Lock files: exact versions of an index in, everything else told apart, hostile ones refused in time."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.ecosystems.lockfiles import MAX_PACKAGES, READERS, read_lock_file
from packamal.errors import UsageError
from packamal.targets import parse_target

REQUIREMENTS = """
# made by a tool
requests[socks]==2.32.3 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
idna==3.7 ; python_version >= "3.8"  # via requests
flask>=2
-r other.txt
-e ./mine
local @ https://host.example/x.whl
torch==2.0.0+cpu
"""
POETRY = """
[[package]]
name = "idna"
version = "3.7"

[[package]]
name = "mine"
version = "1.0"
[package.source]
type = "git"
url = "https://host.example/mine"
"""
UV = """
version = 1
[[package]]
name = "idna"
version = "3.7"
source = { registry = "https://index.example/simple" }
[[package]]
name = "mine"
version = "0.1.0"
source = { editable = "." }
"""
PACKAGE_LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "mine", "version": "1.0.0"},
        "packages/own": {"version": "1.0.0"},
        "node_modules/own": {"resolved": "packages/own", "link": True},
        "node_modules/@scope/part": {"version": "1.2.3", "resolved": "https://registry.example/part.tgz"},
        "node_modules/@scope/part/node_modules/inner": {"version": "2.0.0"},
        "node_modules/alias": {"name": "real", "version": "3.0.0"},
        "node_modules/forked": {"version": "1.0.0", "resolved": "git+ssh://git@host.example/forked.git#abc"},
    },
}
OLD_LOCK = {
    "lockfileVersion": 1,
    "dependencies": {
        "outer": {"version": "1.0.0", "dependencies": {"inner": {"version": "2.0.0"}}},
        "alias": {"version": "npm:@scope/real@3.0.0"},
        "near": {"version": "file:near"},
    },
}
PNPM = """
lockfileVersion: '9.0'
importers:
  .:
    dependencies: {}
packages:
  '@scope/part@1.2.3':
    resolution: {integrity: sha512-x}
  inner@2.0.0(react@18.0.0):
    resolution: {integrity: sha512-x}
  /older@1.0.0:
    resolution: {integrity: sha512-x}
  far@https://host.example/far.tgz:
    resolution: {tarball: x}
snapshots:
  later@9.0.0: {}
"""
YARN = """
# yarn lockfile v1
"@scope/part@^1.0.0", "@scope/part@^1.2.0":
  version "1.2.3"
  resolved "https://registry.example/part.tgz#abc"
inner@2:
  version "2.0.0"
alias@npm:real@^3.0.0:
  version "3.0.0"
"""
BERRY = """
__metadata:
  version: 8

"@scope/part@npm:^1.0.0":
  version: 1.2.3
  resolution: "@scope/part@npm:1.2.3"
"alias@npm:real@^3.0.0":
  version: 3.0.0
"mine@workspace:.":
  version: 0.0.0-use.local
"""
REQUESTS, TORCH = "pkg:pypi/requests@2.32.3", "pkg:pypi/torch@2.0.0%2Bcpu"
REAL = "pkg:npm/%40scope/real@3.0.0"
SCOPED = "pkg:npm/%40scope/part@1.2.3"


@pytest.mark.parametrize(
    ("name", "text", "purls", "skipped"),
    [
        ("requirements.txt", REQUIREMENTS, [REQUESTS, "pkg:pypi/idna@3.7", TORCH], 4),
        ("poetry.lock", POETRY, ["pkg:pypi/idna@3.7"], 1),
        ("uv.lock", UV, ["pkg:pypi/idna@3.7"], 1),
        ("package-lock.json", json.dumps(PACKAGE_LOCK), [SCOPED, "pkg:npm/inner@2.0.0", "pkg:npm/real@3.0.0"], 2),
        ("package-lock.json", json.dumps(OLD_LOCK), ["pkg:npm/outer@1.0.0", "pkg:npm/inner@2.0.0", REAL], 1),
        ("pnpm-lock.yaml", PNPM, [SCOPED, "pkg:npm/inner@2.0.0", "pkg:npm/older@1.0.0"], 1),
        ("yarn.lock", YARN, [SCOPED, "pkg:npm/inner@2.0.0", "pkg:npm/real@3.0.0"], 0),
        ("yarn.lock", BERRY, [SCOPED, "pkg:npm/real@3.0.0"], 1),
    ],
)  # fmt: skip
def test_what_comes_from_an_index_is_named_and_the_rest_told(name, text, purls, skipped):
    found = read_lock_file(name, text.encode())
    assert [one.purl for one in found.packages] == purls
    assert len(found.skipped) == skipped, found.skipped
    for purl in purls:
        assert str(parse_target(purl).purl) == purl


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("package-lock.json", b"["), ("package-lock.json", b"[" * 100_000), ("package-lock.json", b"[]"),
        ("package-lock.json", b'{"dependencies": {"a": 1}}'), ("package-lock.json", b"null"),
        ("package-lock.json", b'{"dependencies":' + b'{"a":{"dependencies":' * 100 + b"{}" + b"}}" * 100 + b"}"),
        ("poetry.lock", b"package = 1"), ("uv.lock", b"= "), ("uv.lock", b"a = " + b"[" * 100_000),
        ("requirements.txt", b"\xff\xfe"), ("yarn.lock", b"\xff"), ("other.lock", b""), ("", b""),
        ("requirements.txt", b"a==1\n" * 2_000_000),
        ("requirements.txt", b"".join(b"a==%d\n" % number for number in range(MAX_PACKAGES + 1))),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_in_one_line(name, content):
    with pytest.raises(UsageError) as caught:
        read_lock_file(name, content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "piece",
    [b"a.", b"'a'.", b"a . ", b"(", b"a@", b'"a@', b" a" * 300 + b"\n", b"  version \n", b"[[package]]\n", b"'"],
)
def test_none_takes_long(name, piece):
    started = time.process_time()
    with contextlib.suppress(UsageError):
        read_lock_file(name, piece * (200_000 // len(piece)))
    assert time.process_time() - started < 5


@given(st.sampled_from(sorted(READERS)), st.text(max_size=300))
def test_any_text_is_read_or_refused(name, text):
    with contextlib.suppress(UsageError):
        read_lock_file(name, text.encode("utf-8", "surrogatepass"))
