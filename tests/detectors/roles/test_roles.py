"""Tiny packages and the roles their files must get."""

import pytest

from packamal.archive.members import Member, Unpacked
from packamal.detectors.roles import assign


def roles_of(kind, ecosystem, files):
    members = tuple(Member(path, data.encode()) for path, data in files.items())
    return {unit.name: (unit.role.value, unit.reason) for unit in assign(Unpacked("zip", members), kind, ecosystem)}


CASES = [
    (
        "sdist",
        "pypi",
        {
            "a-1/setup.py": "from helper import x\n",
            "a-1/helper.py": "x = 1\n",
            "a-1/a/__init__.py": "",
            "a-1/a/b.py": "",
        },
        {"a-1/setup.py": "install", "a-1/helper.py": "install", "a-1/a/__init__.py": "import", "a-1/a/b.py": "call"},
    ),
    (
        "wheel",
        "pypi",
        {"a/__init__.py": "from . import b", "a/b.py": "", "setup.py": "", "x.pth": "import os\n", "a/tests/t.py": ""},
        {"a/b.py": "import", "x.pth": "startup", "x.pth!import": "startup", "a/tests/t.py": "never"},
    ),
    (
        "npm",
        "npm",
        {
            "package/package.json": '{"scripts": {"postinstall": "node lib/setup"}, "main": "./lib"}',
            "package/lib/setup.js": "require('./deep')",
            "package/lib/deep.js": "",
            "package/lib/index.js": "require('./used')",
            "package/lib/used.js": "",
            "package/lib/other.js": "",
        },
        {
            "package/package.json!postinstall": "install",
            "package/lib/setup.js": "install",
            "package/lib/deep.js": "install",
            "package/lib/index.js": "import",
            "package/lib/used.js": "import",
            "package/lib/other.js": "call",
        },
    ),
]


@pytest.mark.parametrize(("kind", "ecosystem", "files", "expected"), CASES)
def test_files_get_the_role_of_the_strongest_way_they_are_reached(kind, ecosystem, files, expected):
    found = roles_of(kind, ecosystem, files)
    assert {name: found[name][0] for name in expected} == expected


def test_a_reason_names_the_chain_from_the_manifest_to_the_file():
    files = {"package/package.json": '{"scripts": {"postinstall": "node a.js"}}', "package/a.js": ""}
    assert roles_of("npm", "npm", files)["package/a.js"][1] == "package.json scripts.postinstall -> package/a.js"


def test_a_lone_script_without_a_manifest_is_taken_as_loaded():
    assert roles_of("zip", "", {"x/payload.js": "1"})["x/payload.js"][0] == "import"
