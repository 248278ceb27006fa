"""What a package writes is data on every page."""

from __future__ import annotations

import pytest

from packamal.server.pages import hostile


def test_markup_is_escaped():
    assert hostile.shown("<img src=x onerror=alert(1)>") == "&lt;img src=x onerror=alert(1)&gt;"


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("react-\u202eslitu-tnev", "U+202E"), ("len\u200bs", "U+200B"), ("boot\x07\x1b[31m", "U+0007"),
        ("caf\udce9.js", "0xE9"), ("active_\u0456nflector", "U+0456"), ("a\x00b", "U+0000"), ("x\ue000y", "U+E000"),
        ("a\U000e0041b", "U+E0041"), ("line\rline", "U+000D"), ("\ud800", "U+D800"), ("a\u2028b", "U+2028"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_stands_in_a_box(text, box):
    html = hostile.shown(text)
    assert f'<span class="odd">{box}</span>' in html
    assert html.encode()
    assert not any(char in html for char in text if not char.isprintable())


def test_a_word_of_another_script_alone_is_no_look_alike():
    assert hostile.shown("привет мир, café") == "привет мир, café"


def test_a_package_cannot_forge_a_box():
    assert hostile.shown("\ue001\ue000").count('class="odd"') == 2


def test_a_long_name_is_cut_in_its_middle_and_says_by_how_much():
    html = hostile.shown("a" * 150 + "\u202e" + "b" * 149, "name")
    assert html.startswith("a" * 14)
    assert html.endswith("b" * 14)
    assert '<span class="cut">272 characters cut</span>' in html


def test_a_text_of_odd_characters_makes_no_endless_page():
    html = hostile.shown("\u202e" * 300)
    assert html.count("<span") == hostile.MAX_BOXES
    assert html.count(hostile.REPLACEMENT) == 300 - hostile.MAX_BOXES


def test_marks_on_top_of_each_other_end():
    html = hostile.shown("a" + "\u0301" * 20)
    assert html.count("\u0301") == hostile.MAX_MARKS


def test_addresses_lose_their_link():
    html = hostile.defanged("see https://c2.exfil.example/x?a=1&b=2 or 203.0.113.9 or ops@exfil.example")
    assert html == "see hxxps://c2[.]exfil[.]example/x?a=1&amp;b=2 or 203[.]0[.]113[.]9 or ops[@]exfil[.]example"


def test_a_cut_address_stays_without_its_link():
    html = hostile.defanged("x" * 40 + " https://" + "a." * 100 + "exfil.example/run.sh " + "y" * 40, "path")
    assert "exfil.example" not in html
    assert len(hostile.defanged("https://exfil.example/ " * 100_000)) < 1000


def test_an_attribute_gets_no_markup():
    assert hostile.plain('a\u202e"<b> https://exfil.example') == 'a\ufffd"<b> hxxps://exfil[.]example'


def test_code_is_coloured_capped_and_harmless():
    source = 'x = "</code><script>\u202e"  # https://exfil.example\n' + "y = 1\n" * 50
    lines = hostile.code(source, "setup.py").rstrip("\n").split("\n")
    assert len(lines) == hostile.CODE_LINES
    assert "<script" not in lines[0]
    assert "&lt;script&gt;" in lines[0]
    assert '<span class="odd">U+202E</span>' in lines[0]
    assert "hxxps://exfil[.]example" in lines[0]
    assert 'class="k-' in lines[0]
    assert all(line.count("<span") == line.count("</span>") for line in lines)


def test_a_long_line_of_code_is_cut():
    assert "characters cut" in hostile.code("a" * 5000, "x.js")
