"""The first page, its field, and what it answers."""

from __future__ import annotations

import pytest

from packamal.server.analyses.models import Analysis
from packamal.server.pipeline.run import run_next

pytestmark = pytest.mark.django_db


def test_an_empty_service_says_what_to_do(browser):
    page = browser.get("/")
    assert page.status_code == 200
    assert "No analyses yet" in page.text
    assert "Now</span> a new request starts at once" in page.text


def test_recent_analyses_show_verdict_score_and_reason(browser, make):
    bad = make.end("pkg:pypi/bad@1.0", make.malicious("pkg:pypi/bad@1.0"))
    make.run("pkg:pypi/slow@1.0")
    text = browser.get("/").text
    assert f'href="/analyses/{bad.pk}"' in text
    assert "Malicious" in text
    assert "hxxps://exfil[.]example/run.sh" in text
    assert "https://exfil" not in text
    assert "Running" in text


def test_a_wrong_purl_is_told_at_the_field(browser):
    page = browser.post("/", {"q": "pkg:npm/../../etc"})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text
    assert "pkg:npm/../../etc" in page.text


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_package_is_submitted_and_its_page_follows(browser, index):
    index.add("small", "1.0")
    page = browser.post("/", {"q": "small==1.0"})
    assert page.status_code == 302
    assert page["Location"].startswith("/analyses/")
    again = browser.post("/", {"q": "pkg:pypi/small@1.0"})
    assert again["Location"] == page["Location"]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_package_that_is_not_there_is_told(browser, index):
    live = browser.post("/", {"q": "pypi nothing-there"})["Location"]
    run_next("w")
    assert "nothing-there" in browser.get(live).text
    assert Analysis.objects.get().error_category == "not_found"


def test_a_plain_name_leads_to_the_choice(browser, make):
    row = make.end("pkg:npm/colour-utils@2.1.0", make.report_on("pkg:npm/colour-utils@2.1.0"))
    assert browser.post("/", {"q": "colour-utils"})["Location"].startswith("/search?")
    text = browser.get("/search", {"q": "colour-utils"}).text
    assert f"/analyses/{row.pk}" in text
    assert 'value="pkg:pypi/colour-utils"' in text
    assert 'value="pkg:npm/colour-utils"' not in text


def test_suggestions_are_a_fragment_and_hostile_input_is_data(browser):
    assert browser.get("/suggest", {"q": ""}).content == b""
    text = browser.get("/suggest", {"q": "<script>alert(1)</script>"}).text
    assert "<script" not in text
    assert "<html" not in browser.get("/suggest", {"q": "left-pad"}).text


def test_a_digest_finds_what_was_judged(browser, make):
    row = make.end("pkg:pypi/bad@1.0", make.malicious("pkg:pypi/bad@1.0"))
    assert f"/analyses/{row.pk}" in browser.get("/search", {"q": "A" * 64}).text
    assert "Nothing is known" in browser.get("/search", {"q": "b" * 64}).text


def test_a_theme_is_remembered_and_leads_back_to_a_page_of_ours(browser):
    assert "data-theme" not in browser.get("/").text
    page = browser.post("/theme", {"theme": "dark", "next": "//elsewhere.example/"})
    assert page["Location"] == "/"
    assert 'data-theme="dark"' in browser.get("/").text
    browser.post("/theme", {"theme": "", "next": "/"})
    assert "data-theme" not in browser.get("/").text


def test_unknown_themes_are_not_taken(browser):
    browser.post("/theme", {"theme": '"><script>', "next": "/"})
    assert "data-theme" not in browser.get("/").text
