"""Every page answers, for who may see it; nobody else sees anything of it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import get_resolver

from packamal.server.pages import api_docs, urls

pytestmark = pytest.mark.django_db
FOR_EVERYBODY = (
    "/",
    "/analyses",
    "/search",
    "/search?q=x",
    "/rules",
    "/watches",
    "/feeds",
    "/keys",
    "/dashboard",
    "/dashboard.csv",
    "/docs/api",
)
FOR_ANALYSTS = ("/review", "/review/suppressions.yaml")
FOR_ADMINISTRATORS = ("/audit", "/audit?before=5&subject=x")


@pytest.mark.parametrize("path", FOR_EVERYBODY + FOR_ANALYSTS + FOR_ADMINISTRATORS)
def test_it_answers(browser, make, path):
    make.end("pkg:pypi/bad@1.0", make.malicious("pkg:pypi/bad@1.0"))
    page = browser.get(path)
    assert page.status_code == 200
    if page["Content-Type"].startswith("text/html"):
        assert page.text.count("<h1") == 1
        assert '<main id="main"' in page.text
        assert page.text.count('<nav class="nav" aria-label="Main">') == 1
        assert "https://exfil" not in page.text


@pytest.mark.parametrize("path", FOR_ANALYSTS + FOR_ADMINISTRATORS)
def test_a_viewer_is_told_that_it_is_not_theirs(as_role, path):
    page = as_role("viewer").get(path)
    assert page.status_code == 403
    assert "Your role does not allow this" in page.text


@pytest.mark.parametrize("path", FOR_ADMINISTRATORS)
def test_an_analyst_is_no_administrator(as_role, path):
    assert as_role("analyst").get(path).status_code == 403


@pytest.mark.parametrize("path", FOR_EVERYBODY + FOR_ANALYSTS + FOR_ADMINISTRATORS + ("/suggest?q=x",))
def test_in_the_full_shape_nothing_is_shown_before_signing_in(settings, path):
    if settings.PACKAMAL.is_embedded:
        pytest.skip("nobody signs in to the embedded shape")
    page = Client().get(path)
    assert page.status_code == 302
    assert page["Location"].startswith("/sign-in?next=/")
    assert Client().get(path, headers={"HX-Request": "true"}).status_code == 401


def test_signing_in_has_a_page(browser):
    page = browser.get("/sign-in")
    assert page.status_code == 200
    assert 'autocomplete="current-password"' in page.text


@pytest.mark.parametrize("path", FOR_EVERYBODY + FOR_ANALYSTS + FOR_ADMINISTRATORS)
def test_no_proxy_keeps_what_one_person_sees(browser, path):
    assert {"private", "no-cache"} <= set(browser.get(path)["Cache-Control"].split(", "))


def test_no_page_is_forgotten_here():
    known = {path.partition("?")[0] for path in FOR_EVERYBODY + FOR_ANALYSTS + FOR_ADMINISTRATORS}
    fixed = {f"/{pattern.pattern}" for pattern in urls.urlpatterns if "<" not in str(pattern.pattern)}
    assert fixed - known == {"/suggest", "/theme", "/shortcuts", "/upload", "/webhooks"}


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(browser, method):
    for path in (*FOR_EVERYBODY[:3], "/theme"):
        assert getattr(browser, method)(path).status_code == 405


def test_the_api_page_names_every_call(browser):
    text = browser.get("/docs/api").text
    assert get_resolver().resolve(api_docs.SCHEMA)
    for path in ("/api/v1/analyses", "/api/v1/analyses/{analysis_id}/report"):
        assert path in text
    assert "Authorization: Bearer" in text


def test_odd_bytes_in_an_address_are_no_fault_of_ours(browser):
    odd = ("/search?q=%00", "/search?q=%ff%fe", "/analyses?name=%00", "/analyses?rule=%ed%a0%80", "/suggest?q=%00%ff")
    for path in (*odd, "/packages/pypi/%00", "/rules/%00", "/audit?subject=%00", "/analyses?indicator=" + "a" * 5000):
        assert browser.get(path).status_code in (200, 400, 404, 422), path
    assert browser.post("/", {"q": "a\0b"}).status_code == 400
    assert browser.post("/keys", {"name": "a\0b", "scope": "read", "days": "90"}).status_code == 400
