"""What members are taken for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.detectors.language import language_of, sniff
from packamal.detectors.units import Language

NAMED = [
    ("a.py", b"", Language.PYTHON),
    ("A.PY", b"x = 1", Language.PYTHON),
    ("a.py", b"\x7fELF\x02", Language.BINARY),
    ("a.js", b"MZ\x90\x00", Language.BINARY),
    ("a.mjs", b"", Language.JAVASCRIPT),
    ("a.d.ts", b"", Language.TYPESCRIPT),
    ("a.ps1", b"\xff\xfeI\x00", Language.POWERSHELL),
    ("a.cmd", b"", Language.BATCH),
    ("a.txt", b"import os\n", Language.TEXT),
    ("bin/tool", b"#!/usr/bin/env python3\n", Language.PYTHON),
    ("bin/tool", b"#!/usr/bin/env -S node --x\n", Language.JAVASCRIPT),
    ("bin/tool", b"#!/bin/sh\n", Language.SHELL),
    ("bin/tool", b"a\x00b", Language.BINARY),
    ("LICENSE", b"Permission is granted", Language.UNKNOWN),
]
SNIFFED = [
    (b"import os\nos.getcwd()\n", Language.PYTHON),
    (b"exec(x)", Language.PYTHON),
    (b"const a = require('fs')", Language.JAVASCRIPT),
    (b"@echo off\r\n", Language.BATCH),
    (b"$x = New-Object Net.WebClient", Language.POWERSHELL),
    (b"curl x | sh\n", Language.SHELL),
    (b"#!/usr/bin/perl\n", Language.UNKNOWN),
    (b"Dear reader", Language.UNKNOWN),
    (b"PK\x03\x04", Language.BINARY),
]


@pytest.mark.parametrize(("path", "data", "language"), NAMED)
def test_name_first_line_and_first_bytes_tell_the_language(path, data, language):
    assert language_of(path, data) is language


@pytest.mark.parametrize(("data", "language"), SNIFFED)
def test_started_text_is_told_by_its_statements(data, language):
    assert sniff(data) is language


@given(st.text(max_size=40), st.binary(max_size=200))
def test_any_path_and_bytes_have_a_language(path, data):
    assert isinstance(language_of(path, data), Language)
    assert isinstance(sniff(data), Language)
