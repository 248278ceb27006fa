"""Native programs are known by their headers, and told from modules that belong."""

import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.detectors import binary
from packamal.detectors.base import Package
from packamal.detectors.executables import entropy, read_executable, recognise
from packamal.detectors.units import Language, Unit
from packamal.model import Artifact, Role

ELF_PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQ", 2, 62, 1, 0, 64, 9000) + bytes(200)
ELF_LIBRARY = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQ", 3, 62, 1, 0, 64, 9000) + bytes(200)
MACHO = b"\xcf\xfa\xed\xfe" + bytes(60)


def pe(sections=((b".text", 0x60000020, b"\x90" * 9000),), characteristics=0x22):
    head = bytearray(b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0")
    head += struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, 0, characteristics)
    at, table, body = 64 + 24 + 40 * len(sections), b"", b""
    for name, flags, raw in sections:
        table += name.ljust(8, b"\0") + struct.pack(
            "<IIIIIIHHI", len(raw), 0, len(raw), at + len(body), 0, 0, 0, 0, flags
        )
        body += raw
    return bytes(head) + table + body


def test_formats_are_known_by_their_headers():
    assert [recognise(raw) for raw in (ELF_PROGRAM, pe(), MACHO, b"\0asm\1\0\0\0", b"dex\n035\0")] == [
        "ELF",
        "PE",
        "Mach-O",
        "WASM",
        "DEX",
    ]
    assert recognise(b"MZ is how this text starts") == ""
    assert recognise(b"\xca\xfe\xba\xbe\0\0\0\x41") == ""


def test_packers_are_named_by_section_mark_or_density():
    assert read_executable(pe(((b"UPX0", 0x60000020, bytes(64)),))).packer == "UPX"
    assert read_executable(pe(((b".text", 0x60000020, os.urandom(32768)),))).packer == "high entropy"
    assert read_executable(pe() + b"MEI\x0c\x0b\n\x0b\x0e").packer == "PyInstaller"
    assert read_executable(pe()).packer == ""
    assert read_executable(ELF_LIBRARY).packer == ""


def test_a_program_in_an_artifact_for_every_platform_is_unexpected(seen):
    assert ("binary.unexpected", "a/tool.exe: PE program") in seen(binary.detect, {"a/tool.exe": pe()})
    assert ("binary.unexpected", "a/run: ELF program") in seen(binary.detect, {"a/run": ELF_PROGRAM})


def test_a_module_of_a_platform_wheel_is_expected(seen):
    found = seen(
        binary.detect, {"a/_speed.so": ELF_LIBRARY}, filename="a-1-cp311-cp311-linux_x86_64.whl", role=Role.IMPORT
    )
    assert found == [("binary.present", "a/_speed.so: ELF library")]


def test_a_ready_made_module_that_a_source_archive_imports_is_unexpected(seen):
    found = seen(binary.detect, {"a/main.pyd": pe(characteristics=0x2022)}, role=Role.IMPORT)
    assert ("binary.unexpected", "a/main.pyd: PE library") in found
    unreached = seen(binary.detect, {"a/main.pyd": pe(characteristics=0x2022)}, role=Role.NEVER)
    assert [kind for kind, _ in unreached] == ["binary.present"]


def test_start_stubs_of_packaging_tools_are_expected(seen):
    stub = pe() + b"simple_launcher"
    assert [kind for kind, _ in seen(binary.detect, {"distlib/t64.exe": stub})] == ["binary.present"]


@pytest.mark.parametrize("name", ["logo.png", "notes.txt", "setup.py", "font.woff2"])
def test_a_program_under_another_name_is_a_mismatch(seen, name):
    assert "file.mismatch" in [kind for kind, _ in seen(binary.detect, {name: pe()})]


def test_a_script_under_a_pictures_name_is_a_mismatch(seen):
    assert seen(binary.detect, {"a.png": b"import os\nos.getcwd()\n" * 9}) == [("file.mismatch", "a.png: a script")]
    assert seen(binary.detect, {"a.png": b"version https://git-lfs.example\noid sha256:00\n"}) == []
    assert seen(binary.detect, {"a.ico": b"\0\0\1\0" + bytes(40)}) == []


def test_entropy_runs_from_nothing_to_eight_bits():
    assert entropy(b"") == 0
    assert entropy(b"aaaa") == 0
    assert entropy(bytes(range(256))) == 8


@given(st.sampled_from([b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\x89PNG"]), st.binary(max_size=300))
def test_no_header_makes_the_reader_raise(magic, rest):
    package = Package(Artifact("", "x", "", 0), (Unit("a.png", "a.png", magic + rest, Language.BINARY),))
    assert binary.detect(package) is not None
