"""Writes the result: to standard output, or whole or not at all to a file."""

from __future__ import annotations

import datetime
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from packamal.config import Settings, Switch
from packamal.errors import PackamalError, SettingsError
from packamal.model import Report
from packamal.render.formats import RENDERERS, Renderer
from packamal.render.view import WIDTH, View

FORMATS = tuple(RENDERERS)


def renderer(name: str) -> Renderer:
    """The renderer of this name. Raises SettingsError."""
    if name not in RENDERERS:
        raise SettingsError(f"format: one of {', '.join(RENDERERS)} expected, not {name!r}")
    return RENDERERS[name]


def show(reports: Sequence[Report], settings: Settings) -> None:
    """Render and write."""
    write(renderer(settings.format)(reports, view_of(settings)), settings)


def view_of(settings: Settings) -> View:
    """How the reader of this process's result sees."""
    is_terminal = settings.output is None and sys.stdout.isatty()
    width = shutil.get_terminal_size((WIDTH, 24)).columns if is_terminal else WIDTH
    has_color = settings.color is Switch.ALWAYS or (settings.color is Switch.AUTO and is_terminal)
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return View(width, has_color, now)


def write(text: str, settings: Settings) -> None:
    """Write the result. Raises PackamalError when it cannot be written, BrokenPipeError when nobody reads."""
    if settings.output is not None:
        write_file(settings.output, text.encode("utf-8", "backslashreplace"))
        return
    encoded = text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(encoded)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PackamalError(f"the result cannot be written: {error.strerror}") from error


def write_file(path: Path, content: bytes) -> None:
    """Replace a file at once, so that no half result stands there; what is no plain file is written to directly."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from error
