"""Every codec takes back what its encoder made, and nothing that is thrown at it raises or grows without bound."""

import base64
import bz2
import codecs
import gzip
import lzma
import urllib.parse
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from packamal.detectors.decode import decode, guess, peel
from packamal.detectors.decode.codec_table import ALIASES, CODECS
from packamal.detectors.decode.limits import MAX_INPUT, MAX_OUTPUT

TEXT = b"import os\nos.system('id')  # a harmless line\n" * 3

ENCODED = {
    "base64": base64.b64encode(TEXT),
    "b64": base64.encodebytes(TEXT),
    "urlsafe_base64": base64.urlsafe_b64encode(TEXT + b"\xff\xfe?>"),
    "base32": base64.b32encode(TEXT),
    "base16": base64.b16encode(TEXT),
    "hex": TEXT.hex(" ").encode(),
    "base85": base64.b85encode(TEXT),
    "ascii85": base64.a85encode(TEXT, adobe=True),
    "zlib": zlib.compress(TEXT),
    "deflate": zlib.compress(TEXT)[2:-4],
    "gzip": gzip.compress(TEXT),
    "bz2": bz2.compress(TEXT),
    "lzma": lzma.compress(TEXT),
    "xz": lzma.compress(TEXT, format=lzma.FORMAT_ALONE),
    "zstd": zstandard.ZstdCompressor().compress(TEXT),
    "rot_13": codecs.encode(TEXT.decode(), "rot13").encode(),
    "reverse": TEXT[::-1],
    "uu": codecs.encode(TEXT, "uu"),
    "quopri": codecs.encode(TEXT, "quopri"),
    "url-percent": urllib.parse.quote(TEXT.decode(), safe="").encode(),
    "unicode_escape": b"".join(b"\\x%02x" % char for char in TEXT),
    "html": b"".join(b"&#%d;" % char for char in TEXT),
    "utf_16": TEXT.decode().encode("utf-16"),
    "utf-16-le": TEXT.decode().encode("utf-16-le"),
    "utf-7": TEXT.decode().encode("utf-7"),
    "cp037": TEXT.decode().encode("cp037"),
}


@pytest.mark.parametrize("codec", ENCODED)
def test_a_codec_takes_back_what_its_encoder_made(codec):
    expected = TEXT + b"\xff\xfe?>" if codec == "urlsafe_base64" else TEXT
    assert decode(codec, ENCODED[codec]) == expected


def test_base64_needs_neither_padding_nor_clean_text():
    assert decode("base64", b"aW1w b3J0!\nIG9z") == b"import os"
    assert decode("base64", b"aW1wb3J0IA") == b"import "


def test_base64_takes_other_alphabets():
    assert decode("base64", b"$$$$", altchars=b"$#") == b"\xfb\xef\xbe"


def test_positional_bases_read_what_a_plain_loop_wrote():
    number = int.from_bytes(b"harmless", "big")
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    assert decode("base36", digits.upper().encode()) == b"harmless"
    assert decode("base58", b"StV1DL6CwTryKyV") == b"hello world"
    assert decode("base45", b"%69 VD92EX0") == b"Hello!!"


@pytest.mark.parametrize("key", ["k3y", b"k3y", [107, 51, 121], (107, 51, 121)])
def test_xor_takes_keys_of_every_shape(key):
    pad = b"k3y" * len(TEXT)
    assert decode("xor", bytes(a ^ b for a, b in zip(TEXT, pad, strict=False)), key=key) == TEXT


def test_xor_without_a_usable_key_is_none():
    assert decode("xor", TEXT, key=None) is None
    assert decode("xor", TEXT, key=300) is None
    assert decode("xor", TEXT, key=["a"]) is None


def test_escapes_join_surrogates_and_keep_what_is_no_escape():
    assert decode("unicode_escape", rb"\ud83d\ude00 \q \u{41} \101") == "😀 \\q A A".encode()


def test_an_unknown_codec_is_none():
    assert decode("no-such-codec", TEXT) is None
    assert decode("../../evil", TEXT) is None
    assert decode("a\0b", TEXT) is None


def test_a_damaged_stream_gives_what_came_before_the_damage():
    whole = zlib.compress(bytes(range(256)) * 500, 1)
    out = decode("zlib", whole[: len(whole) // 2])
    assert out and out in bytes(range(256)) * 500


@pytest.mark.parametrize("codec", ["zlib", "gzip", "bz2", "lzma", "zstd"])
def test_a_bomb_stops_at_the_cap(codec):
    zeros = bytes(32 * 2**20)
    packed = {
        "zlib": zlib.compress,
        "gzip": gzip.compress,
        "bz2": bz2.compress,
        "lzma": lambda raw: lzma.compress(raw, preset=0),
        "zstd": zstandard.ZstdCompressor().compress,
    }[codec](zeros)
    out = decode(codec, packed)
    assert out is not None
    assert len(out) == MAX_OUTPUT


def test_what_is_too_long_is_not_read():
    assert decode("base64", b"A" * (MAX_INPUT + 1)) is None


@given(st.sampled_from([*CODECS, *ALIASES, "utf_8", "punycode", "idna", "utf_32", "big5"]), st.binary(max_size=300))
def test_no_codec_raises_for_any_bytes(codec, raw):
    out = decode(codec, raw)
    assert out is None or isinstance(out, bytes)


@given(st.binary(max_size=400))
def test_guessing_never_raises_and_names_known_steps(raw):
    for step, out in guess(raw):
        assert decode(step, raw.strip()) in (out, None) or decode(step, raw) == out


@pytest.mark.parametrize(
    "codec", ["base64", "base32", "hex", "base85", "zlib", "gzip", "bz2", "xz", "url-percent", "html"]
)
def test_plain_encodings_are_guessed(codec):
    found = guess(ENCODED[codec].replace(b" ", b"") if codec == "hex" else ENCODED[codec])
    assert found
    assert found[0][1] == TEXT


def test_layers_are_peeled_to_the_last():
    packed = base64.b64encode(zlib.compress(base64.b85encode(TEXT)))
    assert peel(packed) == (("base64", "zlib", "base85"), TEXT)


@pytest.mark.parametrize(
    "text",
    [
        b"The quick brown fox jumps",
        b"CONSTANTLY_IN_CAPITALS_OK",
        b"abcdefghijklmnopqrstuvwxyz",
        b"/usr/share/some/path/name",
        b"d41d8cd98f00b204e9800998ecf8427e",
    ],
)
def test_ordinary_texts_are_no_encoding(text):
    assert guess(text) == []
