"""What is shown when something is wrong."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory

from packamal.server.pages import errors

pytestmark = pytest.mark.django_db


def test_an_unknown_page_is_a_404_with_a_page_of_its_own(browser):
    page = browser.get("/no/such/page")
    assert page.status_code == 404
    assert "There is no such page" in page.text
    assert page["X-Request-ID"] in page.text


def test_an_unknown_path_of_the_api_is_a_problem_in_json(browser):
    page = browser.get("/api/v1/no-such-thing")
    assert page.status_code == 404
    assert page["Content-Type"] == "application/problem+json"


def test_a_fault_of_ours_says_nothing_of_itself(rf: RequestFactory):
    page = errors.broken(rf.get("/"))
    assert page.status_code == 500
    assert b"Something broke here" in page.content
    assert b"Traceback" not in page.content


def test_a_form_without_its_token_is_refused_in_words(browser):
    strict = Client(enforce_csrf_checks=True)
    page = strict.post("/theme", {"theme": "dark"})
    assert page.status_code == 403
    assert "The form is too old" in page.text


def test_every_answer_carries_the_policy(browser):
    page = browser.get("/")
    policy = page["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page["X-Frame-Options"] == "DENY"
    assert page["Referrer-Policy"] == "same-origin"
