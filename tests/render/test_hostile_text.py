"""Text that a package chose can break no output: no control character, no markup, no command, no link."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.model import Report
from packamal.render.formats import RENDERERS
from packamal.render.safe import code, cut, defang, prose, visible
from packamal.render.view import View

PEOPLE = ("text", "markdown", "html", "junit", "csv")
PROGRAMS = ("json", "jsonl", "sarif", "osv")
texts = st.text(st.characters(), max_size=600)


def rendered(name: str, report: Report) -> str:
    return RENDERERS[name]([report], View(80))


@pytest.mark.parametrize("name", RENDERERS)
def test_nothing_that_does_not_print_comes_through(name: str, faces: dict[str, Report]) -> None:
    text = rendered(name, faces["hostile"]).replace("\n", "").replace("\u200b", "" if name == "markdown" else "\u200b")
    assert text.isprintable()


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_programs_read_is_plain_ascii(name: str, faces: dict[str, Report]) -> None:
    assert rendered(name, faces["hostile"]).isascii()


@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize("width", [40, 57, 80, 110])
def test_no_line_is_a_command_for_a_ci_server(name: str, width: int, faces: dict[str, Report]) -> None:
    text = RENDERERS[name]([faces["hostile"]], View(width))
    assert not re.search(r"^\s*::|##\[|##vso\[|##teamcity\[", text, re.MULTILINE)


class Tags(HTMLParser):
    """Collects what a browser would take for elements."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_html_holds_no_script_link_or_style_attribute(faces: dict[str, Report]) -> None:
    parser = Tags()
    parser.feed(rendered("html", faces["hostile"]))
    assert parser.tags.isdisjoint({"script", "a", "img", "iframe", "link", "object", "form", "base"})
    assert not {name for name in parser.attributes if name.startswith("on")} | parser.attributes & {
        "style",
        "href",
        "src",
    }


def test_the_content_policy_allows_the_style_sheet_alone(faces: dict[str, Report]) -> None:
    text = rendered("html", faces["clean"])
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_a_spreadsheet_sees_no_formula(faces: dict[str, Report]) -> None:
    rows = list(csv.reader(io.StringIO(rendered("csv", faces["hostile"]))))
    assert len(rows) > 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_junit_stays_xml(faces: dict[str, Report]) -> None:
    tree = ElementTree.fromstring(rendered("junit", faces["hostile"]))
    assert len(tree.findall("testsuite/testcase")) == 2


def test_markdown_shows_markup_of_a_package_as_text() -> None:
    from packamal.render.markdown import _plain, _span

    assert _plain("[x](https://e.example) <b>*y*</b> @you #1") == (
        "\\[x\\](hxxps://e\\[.\\]example) \\<b\\>\\*y\\*\\</b\\> @\u200byou \\#1"
    )
    assert _span("a``b`c") == "``` a``b`c ```"


@pytest.mark.parametrize(
    ("raw", "harmless"),
    [
        ("https://a.b.example/x.y", "hxxps://a[.]b[.]example/x.y"),
        ("HTTP://1.2.3.4:80/x", "hxxp://1[.]2[.]3[.]4:80/x"),
        ("wss://x.example", "wss[:]//x[.]example"),
        ("me@mail.example", "me[@]mail[.]example"),
        ("see 203.0.113.9.", "see 203[.]0[.]113[.]9."),
        ("version 1.2.3.4.5", "version 1.2.3.4.5"),
        ("www.x.example", "www[.]x.example"),
        ("os.environ.get", "os.environ.get"),
    ],
)
def test_addresses_are_defanged(raw: str, harmless: str) -> None:
    assert defang(raw) == harmless
    assert defang(harmless) == harmless


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("e" + "\u0301" * 30, "e\u0301\u0301"),
        ("::error::x", "\\::error::x"),
        ("a ##vso[task]", "a ##\\vso[task]"),
        ("naïve 日本", "naïve 日本"),
    ],
)
def test_what_does_not_print_is_shown_as_an_escape(raw: str, shown: str) -> None:
    assert visible(raw) == shown


def test_long_text_loses_its_middle_and_says_how_much() -> None:
    assert cut("a" * 500 + "end", 100) == "a" * 38 + "<427 characters cut>" + "a" * 35 + "end"
    assert code("x\n" * 40)[-1] == "<28 lines cut>"


@given(texts)
def test_whatever_a_package_writes_becomes_one_harmless_line(text: str) -> None:
    for shown in (visible(text), prose(text)):
        assert shown.isprintable()
        assert "://" not in shown.replace("hxxp://", "").replace("hxxps://", "") or shown == visible(text)
        shown.encode()


@given(texts)
def test_whatever_a_package_writes_stays_in_its_json_string(text: str) -> None:
    from packamal.model import Level, Verdict
    from packamal.render.json import encode

    report = Report(text, text, Verdict(Level.CLEAN, 0), notes=(text,))
    line = encode(report)
    assert b"\n" not in line
    assert json.loads(line)["notes"] == [text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")]
