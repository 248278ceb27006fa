"""Images end where their format says; what follows is told."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.detectors import images
from packamal.detectors.images import end_of_image


def chunk(kind, raw):
    return struct.pack(">I", len(raw)) + kind + raw + struct.pack(">I", zlib.crc32(kind + raw))


PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + chunk(b"IDAT", b"IEND inside") + chunk(b"IEND", b"")
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(9) + b"\xff\xda\0\x04ab" + b"\x12\xff\x00\x34\xff\xd0\x56" + b"\xff\xd9"
GIF = b"GIF89a\1\0\1\0\x80\0\0" + bytes(6) + b"!\xf9\4\0\0\0\0\0" + b",\0\0\0\0\1\0\1\0\0\2\2\x44\1\0;"
BMP = b"BM" + struct.pack("<IHHI", 60, 0, 0, 54) + bytes(46)
WEBP = b"RIFF" + struct.pack("<I", 20) + b"WEBP" + bytes(16)
PAYLOAD = b"import os  # a harmless line that stands where no viewer looks\n" * 4


@pytest.mark.parametrize("image", [PNG, JPEG, GIF, BMP, WEBP])
def test_the_end_is_found_with_anything_behind_it(image):
    assert end_of_image(image) == len(image)
    assert end_of_image(image + PAYLOAD) == len(image)


@pytest.mark.parametrize(("image", "suffix"), [(PNG, "png"), (JPEG, "jpg"), (GIF, "gif"), (BMP, "bmp"), (WEBP, "webp")])
def test_text_behind_an_image_is_told(seen, image, suffix):
    found = seen(images.detect, {f"logo.{suffix}": image + PAYLOAD})
    assert found == [("image.trailing", f"logo.{suffix}: {len(PAYLOAD)} bytes, text")]


def test_the_kind_of_what_follows_is_named(seen):
    assert "an archive" in seen(images.detect, {"a.png": PNG + b"PK\3\4" + bytes(range(1, 255))})[0][1]
    assert "ELF program" in seen(images.detect, {"a.png": PNG + b"\x7fELF" + bytes(range(1, 255))})[0][1]


@pytest.mark.parametrize("trailer", [b"", bytes(4000), b"\r\n" * 400, b"short comment", JPEG * 9])
def test_padding_comments_and_second_pictures_are_nothing(seen, trailer):
    assert seen(images.detect, {"a.jpg": JPEG + trailer}) == []


def test_a_broken_image_has_no_end():
    assert end_of_image(PNG[:-20]) is None
    assert end_of_image(b"no image") is None


@given(st.sampled_from([PNG, JPEG, GIF, BMP, WEBP]), st.integers(0, 60), st.binary(max_size=60))
def test_no_bytes_make_the_walk_raise_or_leave_the_data(image, cut, rest):
    end = end_of_image(image[:cut] + rest)
    assert end is None or 0 <= end <= len(image[:cut] + rest) + 2**32
