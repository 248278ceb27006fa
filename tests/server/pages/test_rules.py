"""Every rule has a page."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from packamal.server.pages.rules import known

pytestmark = pytest.mark.django_db


def test_the_list_names_every_rule_and_counts_packages(browser, make):
    cache.clear()
    make.end("pkg:pypi/bad@1.0", make.malicious("pkg:pypi/bad@1.0"))
    text = browser.get("/rules").text
    assert all(f'href="/rules/{rule}"' in text for rule in known())
    assert '<a href="/analyses?rule=dropper/fetched-code-runs">1</a>' in text


def test_a_part_of_an_id_or_title_is_enough(browser):
    text = browser.get("/rules?q=ENV-to").text
    assert "exfil/env-to-network" in text
    assert "persist/" not in text
    assert "No rule has this" in browser.get("/rules?q=<script>").text


@pytest.mark.parametrize("rule", sorted(known())[::7])
def test_a_rule_shows_its_hit_and_its_look_alike(browser, rule):
    page = browser.get(f"/rules/{rule}")
    assert page.status_code == 200
    assert page.text.count("<figure") >= 2
    assert "https://" not in page.text.split("<main")[1]


@pytest.mark.parametrize("path", ["no/such", "../../etc/passwd", "exfil"])
def test_a_rule_that_there_is_not_is_404(browser, path):
    assert browser.get(f"/rules/{path}").status_code == 404
