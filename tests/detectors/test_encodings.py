"""Source is decoded as its language would; what hides code from byte searches comes out as text."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.detectors.encodings import decode_python, decode_text

CODE = "import os\nprint('héllo')\n"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (CODE.encode(), "utf-8"),
        (codecs.BOM_UTF8 + CODE.encode(), "utf-8"),
        (codecs.BOM_UTF16_LE + CODE.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF32_BE + CODE.encode("utf-32-be"), "utf-32-be"),
    ],
)
def test_marks_at_the_start_decide(raw, encoding):
    assert decode_python(raw) == (CODE, encoding)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso-8859-15", "utf-7"])
def test_the_cookie_decides(encoding):
    raw = f"# coding: {encoding}\n".encode() + CODE.encode(encoding)
    text, name = decode_python(raw)
    assert name == encoding
    assert text.endswith(CODE)


def test_the_cookie_may_stand_in_the_second_line_only():
    assert decode_python(b"#!/usr/bin/python\n# -*- coding: cp1252 -*-\n\x80")[0].endswith("€")
    assert decode_python(b"x = 1\n# coding: cp1252\n")[1] == "utf-8"
    assert decode_python(b"#\n#\n# coding: cp1252\n")[1] == "utf-8"


def test_codecs_that_hide_code_are_taken_off():
    assert decode_python(b"# coding: utf7\n+AGkAbQBwAG8AcgB0- os")[0].endswith("import os")
    assert decode_python(b"# coding: unicode_escape\n\\x69\\x6d\\x70ort os")[0].endswith("import os")
    assert decode_python(b"# coding: rot13\nvzcbeg bf")[0].endswith("import os")
    assert decode_python(b"# coding: hex\n696d706f7274206f73") == ("import os", "hex")


def test_an_unknown_encoding_is_named_and_read_as_utf8():
    assert decode_python(b"# coding: klingon\nimport os") == ("# coding: klingon\nimport os", "klingon")


def test_other_text_is_read_by_mark_by_nuls_and_at_last_as_latin():
    assert decode_text("héllo".encode()) == "héllo"
    assert decode_text("curl x | sh".encode("utf-16-le")) == "curl x | sh"
    assert decode_text("curl x | sh".encode("utf-16-be")) == "curl x | sh"
    assert decode_text(codecs.BOM_UTF16_BE + "hé".encode("utf-16-be")) == "hé"
    assert decode_text(b"caf\xe9 au lait") == "café au lait"
    assert decode_text("日本語".encode() + b"\xff tail").startswith("日本語")


@given(st.binary(max_size=200))
def test_no_bytes_make_decoding_raise(raw):
    assert isinstance(decode_text(raw), str)
    assert isinstance(decode_python(b"# coding: " + raw[:12] + b"\n" + raw)[0], str)
