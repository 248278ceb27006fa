"""The page of an analysis that has not ended: it waits with an end, and it ends by itself."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from packamal.server.accounts.models import AuditEvent, User
from packamal.server.analyses import transitions
from packamal.server.analyses.models import Analysis

pytestmark = pytest.mark.django_db
PURL = "pkg:pypi/slow@1.0"


def test_a_running_one_shows_phases_and_the_latest_end_and_no_verdict(browser, make):
    row = make.run(PURL)
    transitions.renew(row.pk, 1, "python", 31, 61)
    text = browser.get(f"/analyses/{row.pk}").text
    assert "Running: read" in text
    assert "31 of 61" in text
    assert "Ends at the latest" in text
    assert 'hx-trigger="load delay:2s, again"' in text
    assert 'class="banner' not in text
    assert "of 100" not in text


def test_the_page_asks_less_often_after_a_while(browser, make):
    row = make.run(PURL)
    Analysis.objects.filter(pk=row.pk).update(started_at=timezone.now() - datetime.timedelta(minutes=3))
    assert "load delay:5s" in browser.get(f"/analyses/{row.pk}/live").text


def test_a_change_of_phase_is_said_once(browser, make):
    row = make.run(PURL)
    transitions.renew(row.pk, 1, "yara")
    assert 'hx-swap-oob="innerHTML">Running: look at the rest' in browser.get(f"/analyses/{row.pk}/live").text
    assert "hx-swap-oob" not in browser.get(f"/analyses/{row.pk}/live?phase=runningyara").text


def test_the_fragment_ends_with_the_analysis(browser, make):
    row = make.end(PURL, make.malicious(PURL))
    text = browser.get(f"/analyses/{row.pk}/live").text
    assert "hx-get" not in text
    assert 'class="banner mal"' in text
    assert "Verdict: malicious, score 97" in text


def test_without_script_the_page_asks_again(browser, make):
    row = make.run(PURL)
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in browser.get(f"/analyses/{row.pk}").text


def test_a_failed_one_has_no_verdict_and_names_no_trace(browser, make):
    row = make.fail(PURL)
    text = browser.get(f"/analyses/{row.pk}").text
    assert "Failed: there is no verdict" in text
    assert "Do not read this as clean" in text
    assert "Traceback" not in text
    assert "<script>" not in text
    assert "Attempt 1" in text


def test_looking_changes_nothing(browser, make, django_assert_max_num_queries):
    row = make.run(PURL)
    browser.get(f"/analyses/{row.pk}/live")
    before = Analysis.objects.filter(pk=row.pk).values().get()
    with django_assert_max_num_queries(8) as told:
        browser.get(f"/analyses/{row.pk}/live")
    assert not [query for query in told.captured_queries if query["sql"].split()[0] in ("UPDATE", "INSERT", "DELETE")]
    assert Analysis.objects.filter(pk=row.pk).values().get() == before


def test_its_owner_ends_it_and_nobody_else(as_role, make):
    viewer = as_role("viewer")
    row = make.run(PURL)
    assert viewer.post(f"/analyses/{row.pk}/cancel").status_code == 404
    Analysis.objects.filter(pk=row.pk).update(owner=User.objects.get())
    assert "told=cancelled" in viewer.post(f"/analyses/{row.pk}/cancel")["Location"]
    assert AuditEvent.objects.filter(action="analysis.cancel").count() == 1
    assert "Cancelled: there is no verdict" in viewer.get(f"/analyses/{row.pk}").text


@pytest.mark.parametrize("path", ["", "/live", "/report", "/findings", "/files/report.json"])
def test_an_unknown_id_is_a_404(browser, path):
    assert browser.get(f"/analyses/00000000-0000-4000-8000-000000000000{path}").status_code == 404
    assert browser.get(f"/analyses/not-an-id{path}").status_code == 404
