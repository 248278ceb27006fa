"""Every renderer has a golden file: a changed face is seen in review. PACKAMAL_WRITE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from packamal.model import Report
from packamal.render.formats import RENDERERS
from packamal.render.view import View

GOLDEN = Path(__file__).parent / "golden"
VIEWS = {"": View(100), "-narrow": View(44), "-colour": View(100, color=True)}
CASES = [(name, "") for name in RENDERERS] + [("text", "-narrow"), ("text", "-colour")]


@pytest.mark.parametrize(("name", "view"), CASES)
def test_reports_look_as_they_did(name: str, view: str, everyday: list[Report]) -> None:
    path = GOLDEN / f"everyday{view}.{name}"
    text = RENDERERS[name](everyday, VIEWS[view])
    if os.environ.get("PACKAMAL_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RENDERERS)
def test_hostile_reports_look_as_they_did(name: str, faces: dict[str, Report]) -> None:
    path = GOLDEN / f"hostile.{name}"
    text = RENDERERS[name]([faces["hostile"]], VIEWS[""])
    if os.environ.get("PACKAMAL_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    wanted = {f"everyday{view}.{name}" for name, view in CASES} | {f"hostile.{name}" for name in RENDERERS}
    assert {path.name for path in GOLDEN.iterdir()} == wanted
