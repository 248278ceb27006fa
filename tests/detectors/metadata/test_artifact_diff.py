"""A wheel may hold less than its sdist, and what the build makes; a file put in by somebody is told."""

import pytest

from packamal.capability import Capability
from packamal.detectors.artifact_diff import Kind, compare, signals_of
from packamal.detectors.units import Language, Unit
from packamal.model import Origin, Role

SOURCE = b"import json\n\ndef load(text):\n    return json.loads(text)\n"


def unit(path, data=SOURCE, role=Role.IMPORT):
    return Unit(path, path, data, Language.PYTHON, role)


def differences(sdist, wheel):
    return [(found.unit.path, found.kind, found.line) for found in compare(sdist, wheel)]


@pytest.mark.parametrize("prefix", ["pkg-1.0/", "pkg-1.0/src/", "pkg-1.0/python/lib/", ""])
def test_the_folder_that_the_source_stands_in_does_not_matter(prefix):
    sdist = [
        unit(f"{prefix}pkg/__init__.py"),
        unit("pkg-1.0/setup.py", b"setup()"),
        unit("pkg-1.0/tests/test_a.py", b"t = 1"),
    ]
    assert differences(sdist, [unit("pkg/__init__.py")]) == []


def test_a_file_that_only_the_wheel_holds_is_told():
    wheel = [unit("pkg/__init__.py"), unit("pkg/_loader.py", b"import os\n")]
    assert differences([unit("pkg-1.0/pkg/__init__.py")], wheel) == [("pkg/_loader.py", Kind.ONLY_IN_WHEEL, 1)]


def test_a_changed_file_is_told_with_its_first_line():
    changed = SOURCE.replace(b"    return", b"    print(text)\n    return")
    assert differences([unit("p-1/pkg/a.py")], [unit("pkg/a.py", changed)]) == [("pkg/a.py", Kind.DIFFERS, 4)]


def test_line_ends_and_blanks_are_no_change():
    changed = b"\xef\xbb\xbf" + SOURCE.replace(b"\n", b"  \r\n") + b"\n\n"
    assert differences([unit("p-1/pkg/a.py")], [unit("pkg/a.py", changed)]) == []


def test_a_moved_file_is_known_by_its_content():
    assert differences([unit("p-1/lib/a.py")], [unit("renamed/a.py")]) == []


@pytest.mark.parametrize("path", ["pkg/_version.py", "pkg/version.py", "pkg/x_pb2.py", "pkg/__config__.py"])
def test_a_generated_file_is_ordinary_as_long_as_it_only_states(path):
    sdist = [unit("p-1/pkg/__init__.py")]
    assert differences(sdist, [unit(path, b"__version__ = '1.0'\n")]) == []
    assert len(differences(sdist, [unit(path, b"import os\nos.system('id')\n")])) == 1


def test_papers_data_and_inner_archives_are_not_compared():
    wheel = [
        unit("p-1.dist-info/METADATA"),
        unit("p-1.data/scripts/run.py"),
        unit("pkg/x.zip!/a.py"),
        unit("pkg/empty.py", b"\n"),
    ]
    assert differences([], wheel) == []


def test_a_start_up_file_of_the_wheel_is_told():
    assert differences([unit("p-1/pkg/a.py")], [unit("hook.pth", b"import pkg.hook\n")])[0][0] == "hook.pth"


def test_a_purelib_file_is_compared_where_it_gets_installed():
    assert differences([unit("p-1/pkg/a.py")], [unit("p-1.data/purelib/pkg/a.py")]) == []


def test_signals_point_at_the_line_in_the_wheel_and_carry_its_role():
    changed = SOURCE.replace(b"    return", b"    print(text)\n    return")
    [signal] = signals_of([unit("p-1/pkg/a.py")], [unit("pkg/a.py", changed, Role.STARTUP)], "pkg.whl").signals
    assert signal.id is Capability.META_ARTIFACT_DIFF
    assert (signal.role, signal.origin) == (Role.STARTUP, Origin.DIFF)
    assert (signal.evidence.artifact, signal.evidence.line, signal.evidence.snippet) == ("pkg.whl", 4, "print(text)")


def test_many_differences_are_shown_by_some():
    wheel = [unit(f"pkg/m{number}.py", b"x = %d" % number) for number in range(100)]
    assert len(signals_of([], wheel, "pkg.whl").signals) == 20
