"""Pages in a browser without script: what they show, what they refuse, and that nothing of a package breaks out."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from packamal.executors.base import Ending, Outcome
from packamal.server.accounts.models import User
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Category, Lane
from packamal.server.pipeline import parts
from packamal.server.pipeline.run import run_next
from packamal.server.pipeline.settle import settle
from packamal.server.pipeline.submit import submit

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
NAME = "<script>alert(1)</script>\u202e<img src=x onerror=alert(1)>"
HOSTILE = f"{NAME} https://exfil.example/x"


@pytest.fixture
def browser(settings):
    client = Client()
    if not settings.PACKAMAL.is_embedded:
        client.force_login(User.objects.create(username="person"))
    return client


@pytest.fixture
def queued(index):
    return submit(index.add("small", "1.0"), Asker(), Lane.INTERACTIVE).analysis


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_home_takes_a_package_and_leads_to_its_live_page(index, browser):
    assert "No analyses yet" in text(browser.get("/"))
    answer = browser.post("/", {"q": index.add("small", "1.0")})
    analysis = Analysis.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/analyses/{analysis.pk}")
    live = text(browser.get(answer["Location"]))
    assert "Nothing is before it" in live
    assert f'hx-get="/analyses/{analysis.pk}/live?' in live
    assert f"/analyses/{analysis.pk}" in text(browser.get("/"))


def test_what_is_no_package_is_said_beside_the_field(browser):
    answer = browser.post("/", {"q": "<script>alert(1)</script>"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()
    assert Analysis.objects.count() == 0


def test_polling_ends_with_the_analysis_and_the_report_is_linked(queued, browser):
    assert run_next("w")
    live = text(browser.get(f"/analyses/{queued.pk}/live"))
    assert "hx-get" not in live
    assert f"/analyses/{queued.pk}/report" in live
    report = text(browser.get(f"/analyses/{queued.pk}/report"))
    assert '<section class="banner cle"' in report


@pytest.mark.parametrize("level", ["malicious", "incomplete"])
def test_text_of_a_package_is_shown_and_never_breaks_out(queued, browser, level):
    evidence = {"path": NAME, "line": 1, "snippet": HOSTILE, "decoded": HOSTILE, "steps": [NAME]}
    finding = {
        "rule": "exfil/x", "title": HOSTILE, "says": HOSTILE, "severity": "high", "confidence": "high",
        "role": "install", "relation": "flow", "evidence": [evidence],
    }  # fmt: skip
    report = {
        "target": queued.purl, "purl": queued.purl, "schema_version": "1.0", "findings": [finding], "notes": [HOSTILE],
        "verdict": {"level": level, "score": 90, "reasons": [{"rule": "exfil/x", "points": 90, "text": HOSTILE}]},
        "artifacts": [{"purl": queued.purl, "filename": NAME, "sha256": "a" * 64, "size_bytes": 1}],
        "errors": [{"stage": NAME, "message": HOSTILE, "path": NAME}],
    }  # fmt: skip
    lease = transitions.start(queued.pk, "w", 10)
    transitions.renew(queued.pk, 1, HOSTILE[:200])
    assert "<script>alert" not in text(browser.get(f"/analyses/{queued.pk}"))
    assert settle(lease, Outcome(Ending.REPORTED, json.dumps(report).encode()), parts.store())
    for path in ("/", f"/analyses/{queued.pk}", f"/analyses/{queued.pk}/report"):
        page = text(browser.get(path))
        for wrong in ("<script>alert", "<img", "\u202e", "https://exfil.example"):
            assert wrong not in page, path
        assert "exfil[.]example" in page


def test_a_failed_one_has_no_verdict(queued, browser):
    transitions.start(queued.pk, "w", 10)
    transitions.fail(queued.pk, 1, Category.TIMEOUT, "took too long", "Traceback secret")
    page = text(browser.get(f"/analyses/{queued.pk}"))
    assert "there is no verdict" in page
    assert "secret" not in page
    assert browser.get(f"/analyses/{queued.pk}/report").status_code == 404


@pytest.mark.parametrize("path", ["/analyses/00000000-0000-0000-0000-000000000000", "/analyses/1", "/nothing"])
def test_what_there_is_not_is_404(browser, path):
    assert browser.get(path).status_code == 404


def test_no_page_may_run_or_load_anything_but_our_own(browser):
    answer = browser.get("/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = text(answer)
    assert "style=" not in page
    assert "<style" not in page
    assert page.count("<script") == page.count('<script src="/static/')
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_static_files_are_served(browser):
    for path in ("report/report.css", "pages/packamal.css", "pages/vendor/htmx.min.js"):
        answer = browser.get(f"/static/{path}")
        assert (answer.status_code, len(b"".join(answer.streaming_content)) > 100) == (200, True), path
        answer.close()


def test_a_form_of_another_site_is_refused(index):
    client = Client(enforce_csrf_checks=True)
    assert client.post("/", {"q": index.add("small", "1.0")}).status_code in (302, 403)
    assert Analysis.objects.count() == 0


def test_another_host_name_is_refused(browser):
    assert browser.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_in_the_full_shape_people_sign_in(settings):
    if settings.PACKAMAL.is_embedded:
        pytest.skip("nobody signs in to the embedded shape")
    answer = Client().get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in?next=/")
    User.objects.create_user("fred", password="right-horse")
    client = Client()
    assert "wrong" in text(client.post("/sign-in", {"username": "fred", "password": "x"}))
    assert client.post("/sign-in", {"username": "fred", "password": "right-horse"}).status_code == 302
    assert "Check a package" in text(client.get("/"))
