"""The literal file's form, and that the shipped one keeps it."""

import pytest

from packamal.detectors.literals import compile_families, hits, places, read_families, shipped
from packamal.detectors.units import Language, Unit
from packamal.errors import RuleError

TEXT = "# words\nnear a b\nlone b\n\n[a]\nfoo\n\\sbar(\n[b]\nbaz\\s\n[strong]\nvery bad\n"


def kinds(*contents):
    units = [Unit(f"{n}", f"{n}", data, Language.PYTHON) for n, data in enumerate(contents)]
    return [(hit.kind, hit.positions) for hit in hits(units, compile_families(TEXT))]


def test_families_and_pairs_are_read_with_escaped_blanks():
    assert read_families(TEXT) == (
        {"a": [b"foo", b" bar("], "b": [b"baz "], "strong": [b"very bad"]},
        [["near", "a", "b"], ["lone", "b"]],
    )


def test_near_families_and_strong_words_hit_without_regard_to_case():
    assert kinds(b"FOO then Baz ", b"foo", b"x VERY BAD", b"xbar( baz ") == [
        ("near", (9,)),
        ("", ()),
        ("strong", (2,)),
        ("", ()),
    ]


def test_far_families_do_not_hit_but_are_counted():
    text = b"foo foo" + b" " * 2000 + b"baz "
    assert kinds(text) == [("", ())]
    assert hits([Unit("a", "a", text, Language.PYTHON)], compile_families(TEXT))[0].lone == 1


def test_a_pair_may_count_only_where_code_is_loaded():
    unit = Unit("a", "a", b"foo baz ", Language.PYTHON)
    assert hits([unit], compile_families(TEXT.replace("near a b", "loaded a b")))[0].kind == "loaded"


def test_two_different_weak_pairs_count_as_near():
    families = "loaded a b\nloaded a c\n[a]\nfoo\n[b]\nbar\n[c]\nbaz\n"
    units = [Unit("a", "a", data, Language.PYTHON) for data in (b"foo bar foo bar", b"foo bar baz")]
    assert [hit.kind for hit in hits(units, compile_families(families))] == ["loaded", "near"]


def test_a_strong_word_counts_behind_any_number_of_weak_pairs():
    unit = Unit("a", "a", b"foo baz " * 1000 + b"very bad", Language.PYTHON)
    assert hits([unit], compile_families(TEXT))[0].kind == "strong"


@pytest.mark.parametrize("text", ["near a c\n[a]\nx\n", "neither a pair nor a family\n[a]\nx\n"])
def test_a_broken_file_is_refused(text):
    with pytest.raises(RuleError):
        compile_families(text)


def test_the_shipped_families_compile_and_each_has_a_partner_or_is_strong():
    literals = shipped()
    lonely = [number for number, partners in enumerate(literals.partners) if not partners]
    assert lonely == [literals.strong]


def test_the_places_are_both_ends_of_a_pair_and_what_is_strong():
    text = b"foo baz " + b" " * 2000 + b"baz very bad"
    assert places(text, compile_families(TEXT)) == [0, 4, text.index(b"very")]
