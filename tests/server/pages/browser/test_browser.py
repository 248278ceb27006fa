"""The pages in a real browser: what the policy lets through, how they look wide and narrow, keys, and the live page."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from packamal.executors.base import Ending, Outcome
from packamal.server.analyses import transitions
from packamal.server.analyses.states import Lane, State
from packamal.server.pipeline import parts
from packamal.server.pipeline.settle import settle

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.allow_hosts(["127.0.0.1", "localhost"]),
    pytest.mark.skipif(os.environ.get("PACKAMAL_TEST_DATABASE") == "postgresql", reason="looked at over SQLite"),
]
FIXED = ["/", "/search?q=bad", "/analyses", "/analyses?verdict=malicious&ecosystem=gem", "/rules", "/dashboard",
         "/rules/exfil/env-to-network", "/keys", "/feeds", "/review", "/audit", "/docs/api", "/sign-in"]  # fmt: skip
AXE = os.environ.get("PACKAMAL_AXE", "")
"""axe.min.js of the npm package axe-core, where it was installed."""
SERIOUS = ("serious", "critical")


@pytest.fixture
def rows(make):
    found = {
        "malicious": make.end("pkg:pypi/bad@1.0", make.malicious("pkg:pypi/bad@1.0")),
        "clean": make.end("pkg:npm/good@1.0.0", make.report_on("pkg:npm/good@1.0.0")),
        "incomplete": make.end(
            "pkg:npm/part@1.0.0",
            make.report_on(
                "pkg:npm/part@1.0.0", "incomplete", 34, errors=[{"stage": "archive", "message": "too large"}]
            ),
        ),
        "hostile": make.end(
            "pkg:npm/odd@1.0.0",
            make.report_on("pkg:npm/odd@1.0.0", "suspicious", 60, notes=[make.evil, "x" * 5000], target=make.evil),
        ),
        "failed": make.fail("pkg:npm/broken@1.0.0"),
        "queued": make.queue("pkg:npm/waits@1.0.0", Lane.FEED),
    }
    return found


def paths(rows):
    return [*FIXED, *(f"/analyses/{row.pk}" for row in rows.values()), "/packages/pypi/bad",
            f"/review/{rows['malicious'].pk}?do=suppress"]  # fmt: skip


@pytest.mark.parametrize(("width", "is_dark"), [(1440, False), (390, False), (1440, True), (390, True)])
def test_every_page_stands_wide_and_narrow_light_and_dark(tab, rows, width, is_dark):
    page = tab(width, is_dark=is_dark)
    background = "rgb(13, 16, 21)" if is_dark else "rgb(246, 247, 249)"
    for path in paths(rows):
        page.open(path)
        assert page.value("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert page.value("getComputedStyle(document.body).backgroundColor") == background, path
        assert page.value("document.querySelectorAll('*').length") < 3000, path
        assert page.value("document.querySelectorAll('h1').length") == 1, path
    assert page.complaints == []
    assert all(address.startswith((page.address, "data:")) for address in page.asked), page.asked


@pytest.mark.skipif(not AXE, reason="not run: PACKAMAL_AXE names no axe.min.js")
@pytest.mark.parametrize(("width", "is_dark"), [(1440, False), (390, True)])
def test_axe_finds_nothing_serious(tab, rows, width, is_dark):
    page, source = tab(width, is_dark=is_dark), Path(AXE).read_text()
    for path in paths(rows):
        page.open(path)
        page.value(source + ";0")
        found = json.loads(page.value("axe.run().then(found => JSON.stringify(found.violations))"))
        assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS] == [], path


def test_the_live_page_follows_to_the_end_and_then_asks_no_more(tab, make):
    row = make.queue("pkg:pypi/slow@1.0")
    page = tab()
    page.open(f"/analyses/{row.pk}")
    page.until("document.body.innerText.includes('Queued')")
    lease = transitions.start(row.pk, "w", 300)
    transitions.renew(row.pk, 1, "python", 31, 61)
    page.until("document.body.innerText.includes('31 of 61')")
    assert "of 100" not in page.value("document.querySelector('main').innerText")
    report = {**make.malicious("pkg:pypi/slow@1.0"), "purl": "pkg:pypi/slow@1.0"}
    assert settle(lease, Outcome(Ending.REPORTED, json.dumps(report).encode()), parts.store())
    page.until("document.querySelector('#verdict') !== null")
    page.until("document.querySelector('#said').textContent === 'Verdict: malicious, score 97'")
    asked = len(page.asked)
    page.value("new Promise(done => setTimeout(() => done(1), 2600))")
    page.value("1")
    assert len(page.asked) == asked
    assert page.complaints == []


def test_what_has_the_focus_is_not_swapped_away(tab, make):
    row = make.run("pkg:pypi/slow@1.0")
    page = tab()
    page.open(f"/analyses/{row.pk}")
    page.value("document.querySelector('#live h2').tabIndex = -1; document.querySelector('#live h2').focus(); 1")
    page.value("new Promise(done => setTimeout(() => done(1), 2600))")
    assert page.value("document.activeElement.id") == "phases"


def test_a_server_that_is_away_is_said_and_waited_for_with_an_end(tab, make):
    row = make.run("pkg:pypi/slow@1.0")
    page = tab()
    page.open(f"/analyses/{row.pk}")
    page.call("Network.setBlockedURLs", urls=[f"{page.address}/analyses/*/live*"])
    page.until("document.querySelector('#toast').innerText.includes('No answer since')", within_s=10)
    assert "Trying again in" in page.value("document.querySelector('#toast').innerText")
    page.call("Network.setBlockedURLs", urls=[])
    page.until("document.querySelector('#toast').hidden", within_s=15)


def test_suggestions_come_while_typing_and_arrows_go_through_them(tab, rows):
    page = tab()
    page.open("/")
    assert page.value("document.activeElement.name") == "q"
    page.type("bad")
    page.until("document.querySelectorAll('.matches a').length === 1")
    page.press("ArrowDown")
    assert page.value("document.activeElement.pathname") == f"/analyses/{rows['malicious'].pk}"
    page.press("ArrowUp")
    assert page.value("document.activeElement.name") == "q"
    assert page.complaints == []


def test_a_report_is_read_by_keyboard(tab, rows):
    page = tab()
    page.open("/analyses")
    page.press("j", "j")
    assert page.value("document.querySelectorAll('[aria-selected=true]').length") == 1
    page.open(f"/analyses/{rows['malicious'].pk}")
    page.press("Tab")
    assert page.value("document.activeElement.textContent") == "Skip to the verdict"
    page.press("p")
    assert page.value("location.hash") == "#f-1-1"
    page.press("e")
    assert page.value("document.querySelectorAll('details.finding[open]').length") == 0
    page.press("?")
    assert page.value("document.querySelector('#keys').open")
    page.press("Escape")
    page.press("/")
    assert page.value("document.activeElement.name") == "q"
    page.type("gh")
    assert page.value("document.activeElement.value") == "gh"
    page.press("Escape")
    page.press("g", "u")
    page.until("location.pathname === '/rules'")


def test_a_decision_is_made_without_a_mouse(tab, rows):
    page = tab()
    page.open(f"/review/{rows['malicious'].pk}")
    page.press("n")
    page.until("location.search.includes('do=note') && document.readyState === 'complete'")
    page.value("document.querySelector('#reason').focus(); 1")
    page.type("asked upstream")
    page.press("Tab", "Enter")
    page.until("document.body.innerText.includes('Noted: asked upstream')")
    rows["malicious"].refresh_from_db()
    assert rows["malicious"].state == State.DONE
    assert rows["malicious"].decisions.get().reason == "asked upstream"


def test_a_link_to_a_proof_opens_what_hides_it(tab, make):
    report = make.malicious("pkg:pypi/bad@1.0")
    first = report["findings"][0]
    report["findings"] = [{**first, "rule": f"exfil/r-{number}"} for number in range(6)]
    row = make.end("pkg:pypi/bad@1.0", report)
    page = tab()
    page.open(f"/analyses/{row.pk}#f-6-1")
    page.until("document.querySelector('#f-6').open")
    top = page.value("document.querySelector('#f-6-1').getBoundingClientRect().top")
    assert 0 <= top < 900


def test_a_theme_that_was_chosen_stays(tab):
    page = tab()
    page.open("/")
    page.value("document.querySelector('#theme-menu button[value=dark]').click(); 1")
    page.until("document.documentElement.dataset.theme === 'dark'")
    assert page.value("getComputedStyle(document.body).backgroundColor") == "rgb(13, 16, 21)"


def test_without_script_the_report_is_whole(tab, rows):
    page = tab()
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.call("Page.navigate", url=f"{page.address}/analyses/{rows['malicious'].pk}")
    page.until("document.querySelector('#raw') !== null")
    assert "97" in page.value("document.querySelector('#verdict').innerText")
    assert page.value("document.documentElement.className") == ""
