"""Whatever an archive calls a file, its path stays inside and on one line."""

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.archive.names import clean

PIECES = st.sampled_from(
    ["..", ".", "", "a", "b.py", "C:", "\0", "\n", "\u202e", "\ud800", "\ufffd", "é", "x" * 50, " "]
)
NAMES = st.one_of(
    st.text(st.characters(exclude_categories=())), st.lists(PIECES).map("/".join), st.lists(PIECES).map("\\".join)
)


@given(NAMES)
def test_a_path_is_relative_printable_and_without_parents(name):
    path = clean(name, 200).path
    assert path
    assert path.isprintable()
    assert len(path) <= 200
    assert "\\" not in path
    assert not posixpath.isabs(path)
    assert not {"..", ".", ""} & set(path.split("/"))


@given(NAMES)
def test_cleaning_a_clean_path_changes_nothing(name):
    path = clean(name, 200).path
    assert clean(path, 200).path == path


@given(
    st.lists(
        st.text("abcdefghijk._-+ é", min_size=1, max_size=9).filter(lambda part: part not in (".", "..")), min_size=1
    )
)
def test_an_ordinary_path_is_left_alone(parts):
    name = "/".join(parts)
    assert clean(name, 4096) == (name, "")


@pytest.mark.parametrize(
    ("name", "oddity"),
    [
        ("../x", "parent path"),
        ("/x", "absolute path"),
        ("C:\\x", "backslash, absolute path, drive letter"),
        ("x\0.txt", "NUL in the name"),
        ("x\ufffd", "invalid UTF-8"),
        ("x\ud800", "invalid UTF-8"),
        ("x\u202e", "control character"),
        ("y" * 300, "name of 300 characters"),
    ],
)
def test_each_oddity_is_named(name, oddity):
    assert clean(name, 200).oddity == oddity
