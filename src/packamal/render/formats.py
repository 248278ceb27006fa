"""All formats: a new one is a function here or in a module of its own, a line in `RENDERERS`, and a golden file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from packamal.model import Report
from packamal.render.html import html
from packamal.render.indicators import indicators
from packamal.render.json import json_lines, json_text
from packamal.render.junit import junit
from packamal.render.markdown import markdown
from packamal.render.osv import osv
from packamal.render.sarif import sarif
from packamal.render.text import text
from packamal.render.view import View

Renderer = Callable[[Sequence[Report], View], str]

RENDERERS: dict[str, Renderer] = {
    "text": text,
    "json": json_text,
    "jsonl": json_lines,
    "sarif": sarif,
    "markdown": markdown,
    "html": html,
    "junit": junit,
    "osv": osv,
    "csv": indicators,
}
