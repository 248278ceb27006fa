"""What the pages load: our own files only, within their budgets, and nothing inline."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest

import packamal.server.pages

PAGES = Path(packamal.server.pages.__file__).parent
STATIC = PAGES / "static" / "pages"
TEMPLATES = sorted(PAGES.parent.glob("*/templates/**/*.html"))
SOURCES = sorted(PAGES.rglob("*.py"))
MAX_SCRIPT_LINES = 300
BUDGET = {"packamal.css": 12_000, "packamal.js": 5_000, "icons.svg": 4_000, "vendor/htmx.min.js": 18_000}
MAX_FONT_BYTES = 55_000


@pytest.mark.parametrize(("name", "most"), BUDGET.items())
def test_a_file_keeps_its_budget(name, most):
    assert len(gzip.compress((STATIC / name).read_bytes())) <= most


def test_fonts_keep_their_budget():
    assert [font.name for font in STATIC.rglob("*.woff2") if font.stat().st_size > MAX_FONT_BYTES] == []


def test_the_script_stays_short():
    assert len((STATIC / "packamal.js").read_text().splitlines()) <= MAX_SCRIPT_LINES


def test_the_script_writes_no_markup_and_runs_no_text():
    text = (STATIC / "packamal.js").read_text()
    assert "textContent" in text
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTML|srcdoc", text
    )


def test_what_is_carried_along_is_what_was_taken():
    for line in (STATIC / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_trusts_nothing_and_holds_nothing_inline(template):
    text = template.read_text()
    assert not re.search(r"\|\s*safe(seq)?\b|autoescape|\bmark_safe\b", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vars|hx-vals=.js:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"hx-trigger=\"[^\"]*\[", text)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_code_of_the_pages_calls_text_safe(source):
    text = source.read_text()
    assert not re.search(r"mark_safe|SafeString\(|SafeData|html_safe", text)
    if source.name != "hostile.py":
        assert "Markup(" not in text


def test_the_style_sheet_loads_nothing_from_elsewhere():
    text = (STATIC / "packamal.css").read_text()
    assert set(re.findall(r"url\(\"([^\"]+)\"\)", text)) == {
        "fonts/inter.woff2",
        "fonts/jetbrains-mono.woff2",
        "#hatch",
    }


def test_icons_that_are_used_are_drawn():
    drawn = set(re.findall(r"<symbol id=\"([^\"]+)\"", (STATIC / "icons.svg").read_text()))
    used = {name for path in TEMPLATES for name in re.findall(r"{% icon \"([^\"]+)\"", path.read_text())}
    assert used <= drawn
