"""What is cut out of source too large to parse."""

from packamal.detectors.excerpts import EXCERPT_BYTES, LARGE_BYTES, MAX_EXCERPT_BYTES, excerpts, excerpts_of
from packamal.detectors.gate import select
from packamal.detectors.units import Language, Unit
from packamal.model import Role

LINE = b"value = value + 1\n"
HIT = b"import base64\nexec(base64.b64decode(blob))\n"


def large(middle=b""):
    half = LINE * (LARGE_BYTES // len(LINE) // 2 + 1)
    return Unit("big.py", "big.py", half + middle + half, Language.PYTHON, Role.IMPORT, "import big")


def test_the_start_the_end_and_the_surroundings_of_a_hit_are_cut_out():
    unit = large(HIT)
    first, around, last = excerpts_of([unit])
    assert unit.data.startswith(first.data)
    assert HIT in around.data
    assert unit.data.endswith(last.data)
    assert {part.reason for part in (first, around, last)} == {"import big"}


def test_an_excerpt_knows_its_member_and_line_and_starts_at_a_statement():
    unit = large(HIT)
    around = list(excerpts_of([unit]))[1]
    lines = unit.data.split(b"\n")
    assert (around.path, around.parent) == ("big.py", "big.py")
    assert around.data.split(b"\n")[:3] == lines[around.line - 1 : around.line + 2]


def test_one_endless_line_is_cut_at_statements():
    unit = Unit("a.js", "a.js", b"f(1);" * 1_000_000, Language.JAVASCRIPT, Role.IMPORT)
    parts = list(excerpts(unit, [2_000_003]))
    assert all(part.data.startswith(b"f(1)") for part in parts)
    assert sum(len(part.data) for part in parts) <= 5 * EXCERPT_BYTES


def test_many_hits_do_not_bring_the_whole_unit_back():
    unit = large()
    parts = excerpts(unit, range(0, len(unit.data), 40_000))
    assert sum(len(part.data) for part in parts) <= MAX_EXCERPT_BYTES


def test_excerpts_are_parsed_instead_of_the_large_unit():
    unit = large(HIT)
    chosen = select([unit, *excerpts_of([unit])]).units
    assert {found.parent for found in chosen} == {"big.py"}


def test_small_units_and_data_have_no_excerpts():
    units = [Unit("a.py", "a.py", HIT, Language.PYTHON), Unit("b", "b", b"x" * (LARGE_BYTES + 1), Language.BINARY)]
    assert list(excerpts_of(units)) == []
