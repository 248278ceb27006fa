"""Times, sizes and words of the pages."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from packamal.server.analyses.models import Analysis
from packamal.server.pages.templatetags import pages

AT = datetime.datetime(2026, 11, 24, 2, 41, 7, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("given", "said"),
    [(4, "4 ms"), (840, "0.8 s"), (46_000, "46 s"), (118_000, "1 min 58 s"), (None, "–"), (0, "0 ms"), (-5, "0 ms"),
     (datetime.timedelta(seconds=48), "48 s")],
)  # fmt: skip
def test_durations_are_said_as_people_say_them(given, said):
    assert pages.took(given) == said


def test_a_time_is_exact_and_in_utc():
    assert pages.when(AT) == (
        '<time datetime="2026-11-24T02:41:07Z" title="24 Nov 2026 02:41:07 UTC">24 Nov 2026 02:41:07 UTC</time>'
    )
    elsewhere = AT.astimezone(datetime.timezone(datetime.timedelta(hours=5)))
    assert pages.when(elsewhere) == pages.when(AT)
    assert pages.when("2026-11-24T02:41:07Z") == pages.when(AT)


@pytest.mark.parametrize("given", [None, "", "<b>yesterday</b>"])
def test_no_time_is_a_dash(given):
    assert pages.when(given) == "–"


@pytest.mark.parametrize(("seconds", "said"), [(2, "now"), (40, "40 s ago"), (130, "2 min ago"), (7300, "2 h ago")])
def test_what_was_just_now_is_said_so(seconds, said):
    html = pages.when(timezone.now() - datetime.timedelta(seconds=seconds, milliseconds=100), "ago")
    assert f">{said}</time>" in html
    assert 'title="' in html


def test_points_carry_a_sign():
    assert [pages.signed(points) for points in (46, -3, 0)] == ["+46", "−3", "0"]


def test_a_score_that_is_a_floor_says_so_and_none_is_nothing():
    assert pages.score(Analysis(state="done", level="incomplete", score=34)) == "≥ 34"
    assert pages.score(Analysis(state="done", level="malicious", score=97)) == "97"
    assert pages.score(Analysis(state="failed")) == ""


def test_a_running_analysis_has_no_verdict():
    assert "Running" in pages.badge(Analysis(state="running", level="malicious"))
    assert "Malicious" in pages.badge(Analysis(state="done", level="malicious"))


def test_sizes_and_numbers_have_units_and_separators():
    assert [pages.size(size) for size in (312, 4100, 8_400_000, None)] == ["312 B", "4.1 kB", "8.4 MB", "–"]
    assert pages.number(9106) == "9,106"
    assert pages.digest("a" * 64) == "aaaaaaaa…aaaaaaaa"
