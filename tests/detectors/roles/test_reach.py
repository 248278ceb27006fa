"""Spreading roles along edges: strongest way, shortest reason, any order."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.archive.members import Member, Unpacked
from packamal.detectors.facts import Edge, Place
from packamal.detectors.quick import quick_edges
from packamal.detectors.reach import spread
from packamal.detectors.roles import assign
from packamal.detectors.tree import FileTree
from packamal.detectors.units import Language, Unit
from packamal.model import Role


def unit(name, role=Role.NEVER, language=Language.PYTHON, data=b"", **more):
    return Unit(name, more.pop("path", name), data, language, role, **more)


def edge(source, kind, target, is_called=True):
    return Edge(kind, target, Place(source, 1, is_called=is_called))


def spread_roles(units, edges):
    return {found.name: (found.role.value, found.reason) for found in spread(units, edges, FileTree.of(units))}


def test_an_import_from_a_function_nobody_calls_gives_call_at_most():
    units = [unit("setup.py", Role.INSTALL), unit("x.py")]
    assert spread_roles(units, [edge("setup.py", "import", "x", is_called=False)])["x.py"] == (
        "call",
        "setup.py -> x.py",
    )


def test_the_stronger_of_two_ways_wins_and_a_role_is_never_lowered():
    units = [unit("a.py", Role.CALL), unit("setup.py", Role.INSTALL), unit("x.py"), unit("y.py", Role.STARTUP)]
    edges = [edge("a.py", "import", "x"), edge("setup.py", "import", "x"), edge("a.py", "import", "y")]
    found = spread_roles(units, edges)
    assert found["x.py"][0] == "install"
    assert found["y.py"] == ("startup", "")


def test_the_shortest_chain_is_told_and_long_ones_lose_their_middle():
    names = [f"m{number}" for number in range(12)]
    units = [unit(f"{name}.py", Role.IMPORT if name == "m0" else Role.NEVER, reason="") for name in names]
    edges = [edge(f"{a}.py", "import", b) for a, b in itertools.pairwise(names)]
    found = spread_roles(units, [*edges, edge("m0.py", "import", "m3")])
    assert found["m3.py"][1] == "m0.py -> m3.py"
    assert found["m11.py"][1] == "m0.py -> m3.py -> m4.py -> ... -> m10.py -> m11.py"


def test_a_chain_of_thousands_is_followed_to_its_end():
    names = [f"m{number}" for number in range(5000)]
    units = [unit(f"{name}.py", Role.IMPORT if name == "m0" else Role.NEVER) for name in names]
    edges = [edge(f"{a}.py", "import", b) for a, b in itertools.pairwise(names)]
    assert spread_roles(units, edges)["m4999.py"][0] == "import"


def test_text_that_is_only_read_keeps_its_language():
    units = [unit("setup.py", Role.INSTALL), unit("a.dat", language=Language.UNKNOWN, data=b"import os\n")]
    read, started = (
        spread(units, [edge("setup.py", kind, "a.dat")], FileTree.of(units))[1] for kind in ("read", "start")
    )
    assert (read.role, read.language) == (Role.INSTALL, Language.UNKNOWN)
    assert (started.role, started.language) == (Role.INSTALL, Language.PYTHON)


def test_circles_end():
    units = [unit("a.py", Role.IMPORT), unit("b.py"), unit("c.py")]
    edges = [edge("a.py", "import", "b"), edge("b.py", "import", "c"), edge("c.py", "import", "a")]
    assert {role for role, _ in spread_roles(units, edges).values()} == {"import"}


@pytest.mark.parametrize(
    ("kind", "target", "language", "expected"),
    [
        ("read", "data.bin", Language.BINARY, "install"),
        ("read", "notes.txt", Language.TEXT, "install"),
        ("read", "README.rst", Language.TEXT, "never"),
        ("read", "docs.md", Language.MARKDOWN, "never"),
        ("read", "code.py", Language.PYTHON, "never"),
        ("exec", "code.py", Language.PYTHON, "install"),
        ("exec", "docs.md", Language.MARKDOWN, "install"),
        ("start", "README.rst", Language.TEXT, "install"),
    ],
)
def test_reading_gives_data_a_role_but_neither_source_nor_prose(kind, target, language, expected):
    units = [unit("setup.py", Role.INSTALL), unit(target, language=language)]
    assert spread_roles(units, [edge("setup.py", kind, target)])[target][0] == expected


@pytest.mark.parametrize(
    "target",
    ["lib/run.sh", "./run.sh", "{here}/lib/run.sh", "{os.path.dirname(__file__)}\\run.sh", "run.sh"],
)
def test_paths_are_found_from_the_file_from_above_and_by_their_end(target):
    units = [unit("p/lib/a.py", Role.IMPORT), unit("p/lib/run.sh", language=Language.SHELL)]
    assert spread_roles(units, [edge("p/lib/a.py", "start", target)])["p/lib/run.sh"][0] == "import"


def test_a_layer_runs_with_the_unit_that_holds_it():
    units = [unit("a.py"), unit("a.py!1", path="a.py", parent="a.py"), unit("setup.py", Role.INSTALL)]
    assert spread_roles(units, [edge("setup.py", "import", "a")])["a.py!1"][0] == "install"


def test_a_layer_imports_from_the_place_of_its_member():
    units = [unit("p/a.py!1", Role.INSTALL, path="p/a.py", parent="p/a.py"), unit("p/b.py")]
    assert spread_roles(units, [edge("p/a.py!1", "import", ".b")])["p/b.py"][0] == "install"


NAMES = ["p/__init__.py", "p/a.py", "p/b.py", "p/c/__init__.py", "p/c/d.py", "q.py"]
MODULES = ["p", "p.a", ".b", "p.c.d", "q", "..q", "p.c"]


@given(
    st.lists(st.sampled_from(Role), min_size=6, max_size=6),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(MODULES), st.booleans()), max_size=12),
    st.randoms(use_true_random=False),
)
def test_neither_the_order_of_units_nor_of_edges_matters_and_no_role_falls(roles, links, order):
    units = [unit(name, role) for name, role in zip(NAMES, roles, strict=True)]
    edges = [edge(source, "import", target, is_called) for source, target, is_called in links]
    expected = spread_roles(units, edges)
    assert all(Role(expected[one.name][0]).strength >= one.role.strength for one in units)
    order.shuffle(units)
    order.shuffle(edges)
    assert spread_roles(units, edges) == expected


PATHS = st.lists(
    st.sampled_from(
        [
            "setup.py",
            "package.json",
            "a",
            "b.js",
            "x.pth",
            "..",
            "",
            "node_modules",
            "binding.gyp",
            "é",
            "pyproject.toml",
        ]
    ),
    min_size=1,
    max_size=4,
).map("/".join)
CONTENT = st.binary(max_size=120) | st.sampled_from(
    [
        b'{"scripts": {"install": "node b && npm run install"}, "main": {"a": [1, null]}, "exports": [[["./b.js"]]]}',
        b'{"name": "a", "exports": {"./*": "./*.js", ".": null}, "imports": {"#a": 7}, "directories": {"bin": "."}}',
        b"require('a/b'); import('#a'); from '.../../..'; fork('')",
        b"from ... import a; import " + b"b." * 50 + b"; __import__('')\n    from . import (a",
        b"[build-system]\nbackend-path = 1\nbuild-backend = []\n[tool]\nhatch = 3\n",
        b"[a]\nb = attr: .\ncmdclass = \n  = x.y.z\n",
        b"\xff\xfe\x00",
    ]
)


@given(
    st.lists(st.tuples(PATHS, CONTENT), max_size=6),
    st.sampled_from(["wheel", "sdist", "npm", "directory", "zip", ""]),
    st.sampled_from(["pypi", "npm", ""]),
)
def test_any_members_get_roles_in_their_order(files, kind, ecosystem):
    members = tuple(Member(path, data, copy=copy) for copy, (path, data) in enumerate(files))
    units = assign(Unpacked("zip", members), kind, ecosystem)
    assert [found.path for found in units[: len(members)]] == [member.path for member in members]
    assert len({found.name for found in units}) == len(units)


@pytest.mark.parametrize(
    "data",
    [
        b"import " * 300_000,
        b"    import a\n" * 100_000,
        b"def " * 500_000 + b"\n    import x",
        b"from './" * 300_000,
        b"x.py'" * 100_000,
        b"require(" + b" " * 1_000_000,
    ],
)
@pytest.mark.parametrize("language", [Language.PYTHON, Language.JAVASCRIPT, Language.SHELL])
def test_hostile_text_is_scanned_in_bounded_time(data, language):
    assert len(quick_edges(unit("x", data=data, language=language))) <= 2000


def test_a_tree_of_thousands_of_folders_is_indexed():
    deep = "/".join(["d"] * 2000)
    members = tuple(Member(f"{n}/{deep}/x.py", b"from . import y") for n in range(random.Random(1).randint(20, 21)))
    assert len(assign(Unpacked("zip", members), "sdist", "pypi")) == len(members)
