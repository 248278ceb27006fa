"""The table of defects that must not come back names tests that there are, for every one of them."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|([^|]*)\|$", re.M)
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
NOT_YET = re.compile(r"not in this part yet: (sandbox|kubernetes)")
DEFECTS = 48


@pytest.fixture(scope="module")
def rows(root: Path) -> list[tuple[str, str, str, str]]:
    return ROW.findall((root / "docs/threats.md").read_text())


@functools.cache
def names_in(path: Path) -> frozenset[str]:
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def test_every_defect_has_its_row(rows: list[tuple[str, str, str, str]]) -> None:
    assert [int(number) for number, *_ in rows] == list(range(1, DEFECTS + 1))


def test_every_row_names_a_test_or_says_what_is_missing(rows: list[tuple[str, str, str, str]]) -> None:
    without = [number for number, _, how, tests in rows if not TEST.search(tests) and not NOT_YET.search(how)]
    assert without == []


def test_every_test_that_is_named_is_there(root: Path, rows: list[tuple[str, str, str, str]]) -> None:
    named = [(number, file, name) for number, _, _, tests in rows for file, name in TEST.findall(tests)]
    assert len(named) > 100
    gone = [
        f"{number}: {file}::{name}"
        for number, file, name in named
        if not (root / "tests" / file).is_file() or name not in names_in(root / "tests" / file)
    ]
    assert gone == []


def test_nothing_but_tests_stands_in_the_last_column(rows: list[tuple[str, str, str, str]]) -> None:
    rest = {number: TEST.sub("", tests).replace(",", "").strip() for number, _, _, tests in rows}
    assert {number: text for number, text in rest.items() if text} == {}
