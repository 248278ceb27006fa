"""Native programs where they do not belong, packed ones, and files whose content is not what their name says."""

from __future__ import annotations

import posixpath
import re

from packamal.capability import Capability
from packamal.detectors.base import Observed, Package
from packamal.detectors.decode import is_text
from packamal.detectors.executables import Executable, read_executable
from packamal.detectors.units import Unit
from packamal.detectors.witness import Witness
from packamal.model import Role

_PLATFORM_WHEEL = re.compile(r"-(?!any\.whl)[^-]+\.whl$")
_MODULES = frozenset((".so", ".pyd", ".dylib", ".node", ".dll", ".wasm", ".a", ".lib"))
"""Extension modules and libraries: common in packages for people who cannot compile."""
_PROGRAMS = frozenset((".exe", ".com", ".scr", ".cpl", ".sys", ".msi", ".efi", ".bin", ".elf", ".run", ".out"))
_PICTURES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".ico", ".tif", ".tiff"))
_OTHER_MEDIA = frozenset((".mp3", ".wav", ".ogg", ".mp4", ".ttf", ".otf", ".woff", ".woff2", ".eot", ".pdf"))
_TEXT_NAMES = """
.txt .md .rst .py .pyi .js .mjs .cjs .ts .json .toml .cfg .ini .yaml .yml .xml .html .css .svg .csv .log .sh .in .lock
"""
_TEXTS = frozenset(_TEXT_NAMES.split())
_SUFFIXED = re.compile(r"\.(?:so|dylib)(?:\.\d+)+$")
_LAUNCHER_BYTES = 300_000
_LAUNCHERS = (b"simple_launcher", b"Cannot find Python executable")
"""What the start stubs say that packaging tools carry for Windows."""
_SCRIPT = re.compile(
    rb"\s*(?:#!|<\?php|<script\b|<hta:|@echo off|(?:import|from) [\w.]+(?: import\b|[\s,;])|(?:var|let|const) \w+\s*=|"
    rb"function\b|\(function|\(\(\) *=>|\(async|eval\(|exec\(|\$\w+ *= *|powershell\b|require\(|Set \w+ = CreateObject)"
)
_POINTERS = (b"version https://git-lfs", b"<svg", b"<?xml", b"<!DOCTYPE", b"<html")
"""Placeholders and pictures in text form."""


def detect(package: Package) -> Observed:
    """Look at the first bytes of every member."""
    witness = Witness(package)
    has_platform = _PLATFORM_WHEEL.search(package.artifact.filename) is not None
    for unit in package.units:
        if unit.parent or len(unit.data) < 4:
            continue
        suffix = _suffix(unit.path)
        executable = read_executable(unit.data)
        if executable is not None:
            _note_executable(witness, unit, executable, is_odd=not has_platform, suffix=suffix)
        elif suffix in _PICTURES or suffix in _OTHER_MEDIA:
            _note_text(witness, unit)
    return witness.observed()


def _suffix(path: str) -> str:
    name = posixpath.basename(path).lower()
    return ".so" if _SUFFIXED.search(name) else posixpath.splitext(name)[1]


def _note_executable(witness: Witness, unit: Unit, executable: Executable, *, is_odd: bool, suffix: str) -> None:
    kind = f"{executable.format} {'library' if executable.is_library else 'program'}"
    witness.saw(unit, Capability.BINARY_PRESENT, f"{unit.path}: {kind}")
    if executable.packer:
        witness.saw(unit, Capability.BINARY_PACKED, f"{unit.path}: {executable.packer}")
    if suffix in _TEXTS or suffix in _PICTURES or suffix in _OTHER_MEDIA:
        witness.saw(unit, Capability.FILE_MISMATCH, f"{unit.path}: {kind}")
    if _is_unexpected(unit, executable, is_odd=is_odd, suffix=suffix):
        witness.saw(unit, Capability.BINARY_UNEXPECTED, f"{unit.path}: {kind}")


def _is_unexpected(unit: Unit, executable: Executable, *, is_odd: bool, suffix: str) -> bool:
    """A program, not a module, in an artifact that claims to run everywhere; or one that starts by itself."""
    if executable.format in ("WASM", "DEX") or _is_launcher(unit.data):
        return False
    if unit.role in (Role.INSTALL, Role.STARTUP) and suffix not in _MODULES:
        return True
    if not is_odd:
        return False
    if suffix in _MODULES:
        return unit.role.strength >= Role.IMPORT.strength
    return suffix in _PROGRAMS or not executable.is_library


def _is_launcher(data: bytes) -> bool:
    return len(data) < _LAUNCHER_BYTES and any(words in data for words in _LAUNCHERS)


def _note_text(witness: Witness, unit: Unit) -> None:
    """A picture, sound, font or document that is a script."""
    head = unit.data[:4096]
    if head[:1] in b"\x89\xff\x00\x01BGRIO%w" and not is_text(head):
        return
    if _SCRIPT.match(head) and is_text(head) and not head.lstrip().startswith(_POINTERS):
        witness.saw(unit, Capability.FILE_MISMATCH, f"{unit.path}: a script", 0)
