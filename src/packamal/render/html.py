"""One HTML file without scripts, for people who pass a report on.

Everything of the package goes through `safe` and then through autoescaping; the content policy allows the one style
sheet, named by its digest, and nothing else.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packamal.model import Evidence, Report
from packamal.render import words
from packamal.render.safe import PATH_CHARS, code, prose, visible
from packamal.render.text import place
from packamal.render.view import View

if TYPE_CHECKING:
    import jinja2
    import markupsafe

TEMPLATES = Path(__file__).resolve().parent / "templates"
STYLES = Path(__file__).resolve().parent / "styles"
MAX_EVIDENCE = 6
LEXERS = {
    ".py": "python",
    ".pth": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".tsx": "typescript",
    ".json": "json",
    ".sh": "bash",
    ".ps1": "powershell",
    ".bat": "batch",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
}
"""By the path's ending; never guessed from what a package wrote."""


def html(reports: Sequence[Report], view: View) -> str:
    """One page; several reports begin with a table."""
    style = (STYLES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    template = _environment().get_template("report.html")
    return template.render(reports=reports, style=style, style_digest=digest, now=view.now, words=words)


def article(report: Report) -> markupsafe.Markup:
    """One report as a part of a page that links `styles/report.css`."""
    from markupsafe import Markup

    template = _environment().get_template("article.html")
    return Markup(template.render(report=report, words=words))  # noqa: S704  autoescaped


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style_sheet"] = _as_is
    environment.globals["max_evidence"] = MAX_EVIDENCE
    environment.filters.update(
        visible=visible,
        prose=prose,
        place=place,
        proofs=words.proofs,
        snippet=_snippet,
        decoded=_decoded,
        path=_path,
        number=_number,
    )
    return environment


def _as_is(style: str) -> markupsafe.Markup:
    from markupsafe import Markup

    return Markup(style)  # noqa: S704  our own file, not a package's


def _path(text: str) -> str:
    return visible(text, PATH_CHARS)


def _number(number: int) -> str:
    return f"{number:,}"


def _snippet(evidence: Evidence) -> markupsafe.Markup:
    return highlighted("\n".join(code(evidence.snippet)), evidence.path)


def _decoded(evidence: Evidence) -> markupsafe.Markup:
    return highlighted("\n".join(code(evidence.decoded)), evidence.path)


def highlighted(source: str, path: str) -> markupsafe.Markup:
    """Source coloured by the language that `path` ends in; escaped, one line of HTML for each of its own."""
    from markupsafe import Markup
    from pygments import highlight
    from pygments.formatters.html import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    name = LEXERS.get(PurePosixPath(path).suffix.lower(), "text")
    formatter = HtmlFormatter[str](nowrap=True, classprefix="k-")
    return Markup(highlight(source, get_lexer_by_name(name, stripnl=False), formatter))  # noqa: S704  pygments escapes
