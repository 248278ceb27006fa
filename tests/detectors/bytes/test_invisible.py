"""Characters nobody sees are told where they hide something, and left alone where they belong."""

import pytest

from packamal.detectors import invisible

TAGS = "".join(chr(0xE0000 + ord(char)) for char in "harmless")
SELECTORS = "".join(chr(0xFE00 + number % 16) for number in range(20))
MORE_SELECTORS = "".join(chr(0xE0100 + number) for number in range(200))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"const a = decode('{TAGS}')", "8 tag characters"),
        (f"eval(decode(`{SELECTORS}`))", "20 variation selectors"),
        (f"eval(decode(`{MORE_SELECTORS}`))", "200 variation selectors"),
        ("x = '" + "\u200b\u200c" * 30 + "'", "60 zero-width characters"),
        ("const { a,\u3164} = req.query;", "cannot be seen"),
        ("im\u200bport = 1", "inside a name"),
        ("if admin: #\u202e \u2066 return\u2069 \u2066 check", "direction"),
    ],
)
def test_hidden_text_is_told(seen, text, words):
    (found,) = seen(invisible.detect, {"a.js": text.encode()})
    assert found[0] == "obf.unicode"
    assert words in found[1]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffimport os",
        "family = '👨\u200d👩\u200d👧\u200d👦'",
        "flag = '🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f'",
        "BIDI = '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'",
        "persian = 'می\u200cخواهم'",
        "hyphen = 'super\u200bcalifragilistic'",
        "naïve = 'café — “quoted” … ❤\ufe0f'",
    ],
)
def test_emoji_scripts_and_tables_are_left_alone(seen, text):
    assert seen(invisible.detect, {"a.py": text.encode()}) == []


def test_names_matter_in_code_only(seen):
    assert seen(invisible.detect, {"a.md": "word\u200bbreak".encode()}) == []
    assert seen(invisible.detect, {"a.md": f"hidden {TAGS}".encode()}) != []


def test_the_line_is_where_the_characters_are(package_of):
    (signal,) = invisible.detect(package_of({"a.js": f"\n\nlet a = `{TAGS}`\n".encode()})).signals
    assert signal.evidence.line == 3
