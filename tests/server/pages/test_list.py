"""The list: the address is its state, and counts match what it shows."""

from __future__ import annotations

import re

import pytest

from packamal.server.analyses.models import Analysis
from packamal.server.pages import listing

pytestmark = pytest.mark.django_db


def names(text):
    return re.findall(r'class="name" href="/analyses/[^"]+"><bdi dir="ltr">([^<]+)<', text)


def test_all_of_them_newest_first(browser, several):
    assert names(browser.get("/analyses").text) == ["broken", "good", "odd", "bad"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("verdict=malicious", ["bad"]), ("verdict=malicious&verdict=suspicious", ["odd", "bad"]),
        ("verdict=failed", ["broken"]), ("ecosystem=npm", ["broken", "good", "odd"]),
        ("ecosystem=npm&verdict=clean", ["good"]), ("since=24h", ["broken", "good", "odd", "bad"]),
        ("name=odd", ["odd"]), ("rule=dropper/fetched-code-runs", ["bad"]),
        ("sha256=" + "a" * 64, ["good", "odd", "bad"]), ("indicator=https://exfil.example/run.sh", ["bad"]),
        ("indicator=hxxps://exfil[.]example/run.sh", ["bad"]),
    ],
)  # fmt: skip
def test_filters_let_through_what_they_say(browser, several, query, found):
    assert names(browser.get(f"/analyses?{query}").text) == found


def test_counts_are_those_of_the_list(browser, several):
    text = browser.get("/analyses?ecosystem=npm").text
    for word, count in (("Malicious", 0), ("Suspicious", 1), ("Clean", 1), ("Failed", 1)):
        assert re.search(rf'<bdi>{word}</bdi><span class="num">{count}</span>', text), word
    assert re.search(r'<bdi>PyPI</bdi><span class="num">1</span>', text)


def test_nothing_found_says_what_each_filter_costs(browser, several):
    text = browser.get("/analyses?verdict=malicious&ecosystem=npm").text
    assert "Nothing matches all of these filters" in text
    assert '<a href="/analyses?ecosystem=npm">verdict</a>: 3.' in text
    assert '<a href="/analyses?verdict=malicious">ecosystem</a>: 1.' in text


@pytest.mark.parametrize("query", ["nonsense=1", "verdict=nice", "since=ever", "<script>=<script>", "a\u202e=b"])
def test_an_unknown_filter_is_told_at_its_place(browser, several, query):
    answer = browser.get(f"/analyses?{query}")
    assert answer.status_code == 200
    assert 'class="token bad"' in answer.text
    assert "<script>" not in answer.text
    assert "\u202e" not in answer.text


@pytest.mark.parametrize(
    "cursor", ["x", "1_2", "nan_00000000-0000-4000-8000-000000000000", "1e400_x", "-_-", "9" * 500]
)
def test_a_cursor_that_was_never_given_out_begins_at_the_start(browser, several, cursor):
    assert names(browser.get(f"/analyses?before={cursor}").text) == ["broken", "good", "odd", "bad"]
    assert browser.get(f"/analyses?after={cursor}").status_code == 200


def test_pages_follow_each_other_without_gap_or_repetition(browser, make, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 2)
    for number in range(5):
        make.queue(f"pkg:npm/p{number}@1.0.0")
    Analysis.objects.update(created_at=Analysis.objects.earliest("created_at").created_at)
    text = browser.get("/analyses").text
    seen = names(text)
    while older := re.search(r'href="([^"]+)" rel="next"', text):
        text = browser.get(older[1].replace("&amp;", "&")).text
        seen += names(text)
    assert sorted(seen) == [f"p{number}" for number in range(5)]
    newer = re.search(r'href="([^"]+)" rel="prev"', text)
    back = names(browser.get(newer[1].replace("&amp;", "&")).text)
    assert back == seen[2:4]


def test_what_is_typed_becomes_a_filter(browser, several):
    answer = browser.get("/analyses?ecosystem=npm&add=rule:exfil/x")
    assert answer["Location"] == "/analyses?ecosystem=npm&rule=exfil%2Fx"
    assert browser.get("/analyses?add=odd")["Location"] == "/analyses?name=odd"


def test_an_empty_service_has_its_own_page(browser):
    assert "No analyses yet" in browser.get("/analyses").text


def test_a_list_keeps_its_budget(browser, make):
    import gzip

    for number in range(60):
        make.queue(f"pkg:npm/{'n' * 100}{number}@1.0.0")
    assert len(gzip.compress(browser.get("/analyses").content)) < 25_000
