"""Tiny packages and the roles their files must get."""

from pathlib import Path

import pytest
import yaml

from packamal.archive.members import Member, Unpacked
from packamal.detectors.roles import assign

CASES = yaml.safe_load(Path(__file__).with_name("packages.yaml").read_text("utf-8"))


def assigned(case):
    members = tuple(Member(path, data.encode()) for path, data in case["files"].items())
    ecosystem = case.get("ecosystem", {"sdist": "pypi", "wheel": "pypi", "npm": "npm"}.get(case["kind"], ""))
    return {unit.name: unit for unit in assign(Unpacked("zip", members), case["kind"], ecosystem)}


@pytest.mark.parametrize("case", CASES, ids=[case["name"].replace(" ", "_") for case in CASES])
def test_files_get_the_strongest_role_and_the_reason_for_it(case):
    units = assigned(case)
    for name, expected in case["roles"].items():
        role, reason = next(iter(expected.items())) if isinstance(expected, dict) else (expected, "")
        assert (name, units[name].role.value) == (name, role)
        assert units[name].reason.endswith(reason)
    for name, language in case.get("languages", {}).items():
        assert (name, units[name].language.value) == (name, language)


def test_each_copy_of_a_path_is_a_unit_and_all_are_reached():
    members = (Member("p/setup.py", b"import x"), Member("p/x.py", b"1"), Member("p/x.py", b"2", copy=1))
    units = assign(Unpacked("tar", members), "sdist", "pypi")
    assert [(unit.name, unit.role.value) for unit in units[1:]] == [("p/x.py", "install"), ("p/x.py#2", "install")]


def test_a_script_unit_points_to_its_line_in_the_manifest():
    manifest = b'{\n "name": "p",\n "scripts": {\n  "install": "node a"\n }\n}'
    units = assign(Unpacked("tar.gz", (Member("package/package.json", manifest),)), "npm", "npm")
    script = next(unit for unit in units if unit.parent)
    assert (script.path, script.line, script.data) == ("package/package.json", 4, b"node a")


def test_a_member_keeps_its_place_in_the_order_given():
    members = tuple(Member(f"p/{name}.py", b"") for name in "zcab")
    units = assign(Unpacked("zip", members), "wheel", "pypi")
    assert [unit.path for unit in units] == [member.path for member in members]
