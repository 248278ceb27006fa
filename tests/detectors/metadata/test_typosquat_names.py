"""A name that is easily taken for a popular one is told; popular and merely similar names are left in peace."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.detectors.popular import Popular, popular
from packamal.detectors.typosquat import Slip, one_slip, squat_of


@pytest.mark.parametrize(
    ("name", "ecosystem", "target", "slip"),
    [
        ("requetss", "pypi", "requests", Slip.SWAP),
        ("Reqeusts", "pypi", "requests", Slip.SWAP),
        ("requestss", "pypi", "requests", Slip.DOUBLE),
        ("requsts", "pypi", "requests", Slip.LETTER),
        ("nurnpy", "pypi", "numpy", Slip.LOOK),
        ("d1ango", "pypi", "django", Slip.LETTER),
        ("cryptographie", "pypi", None, None),
        ("python-requests", "pypi", "requests", Slip.AFFIX),
        ("scikitlearn", "pypi", "scikit-learn", Slip.DELIMITER),
        ("loadsh", "npm", "lodash", Slip.SWAP),
        ("expresss", "npm", "express", Slip.DOUBLE),
        ("crossenv", "npm", "cross-env", Slip.DELIMITER),
        ("commander-js", "npm", "commander", Slip.AFFIX),
        ("@bable/core", "npm", "@babel/core", Slip.SCOPE),
    ],
)
def test_a_slip_of_the_finger_is_told(name, ecosystem, target, slip):
    found = squat_of(name, ecosystem)
    if target is None:
        assert found is None
    else:
        assert found is not None
        assert (found.name, found.slip) == (target, slip)


@pytest.mark.parametrize("ecosystem", ["pypi", "npm"])
def test_no_popular_name_is_a_squat_of_another(ecosystem):
    known = popular(ecosystem)
    assert known is not None
    assert len(known.names) > 10_000
    assert not [name for name in sorted(known.names)[::7] if squat_of(name, ecosystem)]


@pytest.mark.parametrize(
    "name", ["six2", "yaml", "ab", "", "a" * 500, "acme-billing", "my-own-thing", "@acme/core", "@types/qss"]
)
def test_short_own_and_scoped_names_are_left_alone(name):
    assert squat_of(name, "pypi") is None
    assert squat_of(name, "npm") is None


def test_an_ecosystem_without_a_list_has_no_squats():
    assert squat_of("requetss", "cargo") is None


@pytest.mark.parametrize("ecosystem", ["pypi", "npm"])
def test_a_list_says_where_it_comes_from_and_loads_quickly(ecosystem):
    from packamal.detectors import popular as module

    path = module.Path(module.__file__).resolve().parent.parent / "rules" / f"popular-{ecosystem}.txt"
    text = path.read_text("utf-8")
    head = [line for line in text.split("\n")[:5] if line.startswith("#")]
    assert any("Source:" in line and "licence" in line for line in head)
    assert any("Date:" in line for line in head)
    start = time.process_time()
    Popular(text)
    assert time.process_time() - start < 0.1


WORDS = st.text(string.ascii_lowercase, min_size=2, max_size=12)


@given(WORDS, st.data())
def test_every_single_edit_is_one_slip_both_ways(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from(string.ascii_lowercase))
    edits = [word[:at] + letter + word[at:], word[:at] + word[at + 1 :], word[:at] + letter + word[at + 1 :]]
    edits.append(word[:at] + word[at : at + 2][::-1] + word[at + 2 :])
    for edited in edits:
        if edited != word:
            assert one_slip(edited, word) is not None
            assert one_slip(word, edited) is not None


@given(WORDS, WORDS)
def test_one_slip_is_symmetric_and_never_for_the_same_word(one, other):
    assert (one_slip(one, other) is None) == (one_slip(other, one) is None)
    assert one_slip(one, one) is None
