"""The dashboard: its totals are those of the list, bars begin at zero, and it stands without data."""

from __future__ import annotations

import datetime
import re

import pytest
from django.utils import timezone

from packamal.server.analyses.models import Analysis
from packamal.server.pages import plots
from packamal.server.pages.sums import sums

pytestmark = pytest.mark.django_db


@pytest.fixture
def with_older(several):
    row = several.end("pkg:npm/old@1.0.0", several.report_on("pkg:npm/old@1.0.0"))
    Analysis.objects.filter(pk=row.pk).update(created_at=timezone.now() - datetime.timedelta(days=3))


@pytest.mark.parametrize("name", ["24h", "7d", "30d", "<script>", ""])
def test_it_stands_with_and_without_data(browser, with_older, name):
    Analysis.objects.all().delete()
    page = browser.get("/dashboard", {"range": name})
    assert page.status_code == 200
    assert "NaN" not in page.text
    assert "<script>" not in page.text


def test_totals_are_those_of_the_list(browser, with_older):
    found = sums("7d")
    assert found.total == 5
    assert sum(sum(one.levels) + one.failed for one in found.buckets) == 5
    assert sums("24h").total == 4
    assert (found.levels, found.unfinished) == ({"malicious": 1, "suspicious": 1, "clean": 2}, 1)
    text = browser.get("/dashboard").text
    assert 'href="/analyses?verdict=malicious&amp;since=7d"' in text
    assert "20.0 %" in text
    assert "dropper/fetched-code-runs" in text


def test_the_table_holds_the_same_numbers(browser, with_older):
    lines = browser.get("/dashboard.csv").text.splitlines()
    assert lines[0] == "begins,malicious,suspicious,incomplete,clean,failed,median_s,p95_s"
    assert len(lines) == 29
    assert [sum(int(line.split(",")[column]) for line in lines[1:]) for column in range(1, 6)] == [1, 1, 0, 2, 1]


def test_a_plot_names_itself_and_stays_inside_its_frame(browser, with_older):
    text = browser.get("/dashboard").text
    assert 'role="img" aria-label="1 malicious, 1 suspicious, 0 incomplete and 2 clean"' in text
    for y, height in re.findall(
        r'<rect class="f-[^"]*" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', text
    ):
        assert 0 <= float(y) <= float(y) + float(height) <= 228


def test_bars_begin_at_zero_and_stack():
    frame = plots.Frame(644, 10, 100, 10)
    found = plots.bars(frame, [(4, 6)], ("a", "b"), is_last_partial=False)
    assert [(bar.y, bar.height) for bar in found] == [(70.0, 40.0), (10.0, 60.0)]
    assert frame.y(0) == 110


@pytest.mark.parametrize(("value", "top"), [(0, 1), (1, 1), (3, 5), (19, 20), (21, 50), (9106, 10_000)])
def test_an_axis_ends_at_a_round_number(value, top):
    assert plots.nice(value) == top


def test_a_gap_in_a_series_is_no_line():
    frame = plots.Frame(644, 10, 100, 10)
    assert len(plots.line(frame, [1, 2, None, 3], "ink")) == 2


def test_labels_do_not_collide():
    assert len(plots.dates(plots.Frame(644, 10, 100, 10), ["x"] * 30, 5)) <= plots.MAX_LABELS
