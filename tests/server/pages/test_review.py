"""Decisions stand beside the machine's verdict, need a reason, can be taken back, stay in the audit."""

from __future__ import annotations

import datetime
import re

import pytest
import yaml
from django.utils import timezone

from packamal.server.accounts.models import AuditEvent
from packamal.server.review.models import Decision, Suppression

pytestmark = pytest.mark.django_db
PURL = "pkg:pypi/bad@1.0"


@pytest.fixture
def bad(make):
    return make.end(PURL, make.malicious(PURL))


@pytest.fixture
def analyst(as_role):
    return as_role("analyst")


def decide(browser, row, **form):
    return browser.post(f"/review/{row.pk}/decide", form)


def test_the_queue_is_sorted_by_verdict_and_score(analyst, make):
    for name, level, score in (
        ("a", "suspicious", 55),
        ("b", "malicious", 90),
        ("c", "suspicious", 70),
        ("d", "clean", 1),
    ):
        make.end(f"pkg:npm/{name}@1.0.0", make.report_on(f"pkg:npm/{name}@1.0.0", level, score))
    page = analyst.get("/review").text
    queue = page[page.index('class="queue"') : page.index("</ul>", page.index('class="queue"'))]
    assert re.findall(r'<b><bdi dir="ltr">(\w)</bdi></b>', queue) == ["b", "c", "a"]
    assert 'Review<span class="count">3</span>' in page


def test_an_empty_queue_says_so(analyst):
    assert "Nothing waits" in analyst.get("/review").text


def test_a_viewer_may_not_decide(as_role, bad):
    viewer = as_role("viewer")
    assert viewer.get("/review").status_code == 403
    assert decide(viewer, bad, kind="confirm").status_code == 403
    assert "/review" not in viewer.get("/").text
    assert Decision.objects.count() == 0


def test_confirming_ends_the_wait_and_shows_on_report_and_list(analyst, bad):
    assert decide(analyst, bad, kind="confirm", reason="seen it run").status_code == 302
    assert "Nothing waits" in analyst.get("/review").text
    report = analyst.get(f"/analyses/{bad.pk}").text
    assert "<b>Confirmed</b>" in report
    assert "seen it run" in report
    assert "Confirmed</td>" in analyst.get("/analyses").text
    assert AuditEvent.objects.filter(action="review.confirm", subject=str(bad.pk)).exists()


def test_an_override_never_hides_the_machines_verdict(analyst, bad):
    assert decide(analyst, bad, kind="override", level="clean", reason="our own test package").status_code == 302
    report = analyst.get(f"/analyses/{bad.pk}").text
    assert "<b>Set to clean</b>" in report
    assert 'class="banner mal"' in report
    bad.refresh_from_db()
    assert (bad.level, bad.score) == ("malicious", 97)


@pytest.mark.parametrize(
    "form",
    [
        {"kind": "override", "level": "clean", "reason": " "},
        {"kind": "override", "level": "malicious", "reason": "x"},
        {"kind": "override", "level": "nice", "reason": "x"}, {"kind": "note", "reason": ""},
        {"kind": "note", "reason": "x" * 2001},
    ],
)  # fmt: skip
def test_what_is_missing_is_told_at_the_form(analyst, bad, form):
    page = decide(analyst, bad, **form)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert Decision.objects.count() == 0


def test_a_note_settles_nothing(analyst, bad):
    decide(analyst, bad, kind="note", reason="asked upstream <script>alert(1)</script>")
    page = analyst.get(f"/review/{bad.pk}").text
    assert "asked upstream &lt;script&gt;" in page
    assert "bad" in analyst.get("/review").text


def entry(bad, **more):
    ends = timezone.now().date() + datetime.timedelta(days=30)
    return {
        "kind": "suppress", "rule": "dropper/fetched-code-runs", "purl": "pkg:pypi/bad@*", "path": "pkg-1.0/*",
        "sha256": "a" * 64, "ends": ends.isoformat(), "owner": "me", "reason": "built by us", **more,
    }  # fmt: skip


def test_the_effect_is_shown_before_a_finding_is_accepted(analyst, bad):
    page = analyst.get(f"/review/{bad.pk}?do=suppress").text
    assert "Hides <b>1</b> finding of this version" in page
    assert "instead of malicious" in page


def test_an_accepted_finding_is_bound_to_content_and_has_an_end(analyst, bad):
    assert decide(analyst, bad, **entry(bad)).status_code == 302
    row = Suppression.objects.get()
    assert (row.rule, row.sha256) == ("dropper/fetched-code-runs", "a" * 64)
    found = yaml.safe_load(analyst.get("/review/suppressions.yaml").text)["suppressions"]
    assert found[0]["reason"] == "built by us"
    assert set(found[0]) == {"rule", "purl", "path", "sha256", "reason", "expires"}


@pytest.mark.parametrize(
    "change",
    [
        {"ends": "2099-01-01"}, {"ends": "2020-01-01"}, {"ends": "soon"}, {"sha256": "b" * 64}, {"sha256": ""},
        {"rule": "*"}, {"rule": ""}, {"purl": "pkg:npm/other@*"}, {"reason": ""},
    ],
)  # fmt: skip
def test_an_entry_that_says_too_much_or_too_little_is_refused(analyst, bad, change):
    assert decide(analyst, bad, **entry(bad, **change)).status_code == 422
    assert Suppression.objects.count() == Decision.objects.count() == 0


def test_a_decision_is_taken_back_within_seconds_by_its_author_alone(analyst, bad):
    location = decide(analyst, bad, kind="confirm")["Location"]
    assert "Undo" in analyst.get(location).text
    decision = Decision.objects.get()
    assert analyst.post(f"/review/decisions/{decision.pk}/undo").status_code == 302
    assert "bad" in analyst.get("/review").text
    assert "(taken back)" in analyst.get(f"/review/{bad.pk}").text
    assert AuditEvent.objects.filter(action="review.undo").exists()
    later = Decision.objects.create(
        analysis=bad,
        kind="confirm",
        author=decision.author,
        author_name="x",
        at=timezone.now() - datetime.timedelta(minutes=1),
    )
    assert analyst.post(f"/review/decisions/{later.pk}/undo").status_code == 404
    other = Decision.objects.create(analysis=bad, kind="confirm", author=None, author_name="gone")
    assert analyst.post(f"/review/decisions/{other.pk}/undo").status_code == 404


def test_what_there_is_not_is_404(analyst, make, bad):
    running = make.run("pkg:pypi/slow@1.0")
    assert analyst.get(f"/review/{running.pk}").status_code == 404
    assert decide(analyst, bad, kind="praise").status_code == 404
    assert analyst.get("/review/00000000-0000-4000-8000-000000000000").status_code == 404
    assert analyst.get(f"/review/{bad.pk}?undo=abc&do=dance&show=none").status_code == 200


def test_hostile_text_of_a_package_stays_text_in_review(analyst, make):
    report = make.malicious(PURL)
    evil = {**report["findings"][0], "rule": make.evil, "title": make.evil}
    report |= {"findings": [evil], "verdict": {"level": "malicious", "score": 99, "reasons": [
        {"rule": make.evil, "points": 9, "text": make.evil}]}}  # fmt: skip
    row = make.end(PURL, report)
    text = analyst.get(f"/review/{row.pk}?do=suppress").text
    assert "<script>" not in text
    assert "\u202e" not in text
    assert "https://exfil" not in text
