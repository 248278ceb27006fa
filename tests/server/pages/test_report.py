"""The report: verdict first, every claim with its proof, and nothing of the package but text."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.django_db
PURL = "pkg:pypi/bad@1.0"


@pytest.fixture
def malicious(make):
    return make.end(PURL, make.malicious(PURL))


def page(browser, row):
    answer = browser.get(f"/analyses/{row.pk}")
    assert answer.status_code == 200
    return answer.text


def test_the_banner_says_verdict_score_reasons_and_what_to_do(browser, malicious):
    text = page(browser, malicious)
    assert text.index("</h1>") < text.index('class="banner mal"') < text.index('id="findings"')
    assert "<strong>97</strong> of 100, confidence high" in text
    assert "Fetches hxxps://exfil[.]example/run.sh and runs it" in text
    assert "+46" in text
    assert "What to do next" in text


def test_every_link_to_a_proof_lands_on_one(browser, malicious):
    text = page(browser, malicious)
    ids = set(re.findall(r'id="([^"]+)"', text))
    links = set(re.findall(r'href="#([^"]+)"', text)) - {"main"}
    assert {"f-1-1"} <= links
    assert links <= ids


def test_a_proof_shows_place_role_code_and_the_decoded_layer(browser, malicious):
    text = page(browser, malicious)
    figure = text[text.index('<figure class="evidence"') :]
    assert "pkg-1.0/setup.py:10" in figure
    assert "runs at install" in figure
    assert "<b>Decoded</b>" in figure
    assert "base64" in figure
    assert "hxxps://exfil[.]example/run.sh" in figure
    assert "https://exfil" not in text


def test_the_attack_is_told_in_steps_that_link_their_proof(browser, malicious):
    text = page(browser, malicious)
    chain = text[text.index('class="card chain"') : text.index("</ol>", text.index('class="card chain"'))]
    assert [word for word in ("Unpack", "Fetch", "Run", "Read") if word in chain] == ["Unpack", "Fetch", "Run", "Read"]
    assert chain.count('href="#f-1-1"') == 4


def test_what_was_not_run_says_so(browser, malicious):
    text = page(browser, malicious)
    for section in ("behaviour", "diff"):
        assert "Not run" in text[text.index(f'id="{section}"') :][:900]


def test_clean_says_what_was_checked_and_promises_nothing(browser, make):
    row = make.end(PURL, make.report_on(PURL))
    text = page(browser, row)
    assert 'class="banner cle"' in text
    assert "not a promise" in text
    assert text.index('id="checks"') < text.index('id="findings"')


def test_incomplete_never_reads_as_clean(browser, make):
    problem = {"stage": "archive", "message": "a member is too large", "path": "data.bin"}
    row = make.end(PURL, make.report_on(PURL, "incomplete", 34, errors=[problem]))
    text = page(browser, row)
    assert 'class="banner inc"' in text
    assert "<strong>≥ 34</strong>" in text
    assert "Not a clean result" in text
    assert "a member is too large" in text
    assert 'class="badge cle"' not in text
    assert "Run again" in text


def test_suspicious_names_the_version_judged_before(browser, make):
    make.end("pkg:pypi/bad@0.9", make.report_on("pkg:pypi/bad@0.9"))
    row = make.end(PURL, make.report_on(PURL, "suspicious", 60))
    text = page(browser, row)
    assert "Before: 0.9, clean" in text
    assert "Pin 0.9, which is clean." in text


def test_accepted_findings_are_shown_and_do_not_count(browser, make):
    report = make.malicious(PURL)
    report["findings"][0] = {**report["findings"][0], "suppressed": "built by us"}
    text = page(browser, make.end(PURL, report))
    assert "accepted by the team" in text
    assert "built by us" in text


@pytest.mark.parametrize("level", ["malicious", "suspicious", "clean", "incomplete"])
def test_hostile_text_in_every_field_stays_text(browser, make, level):
    evil = make.evil
    place = {"artifact": evil, "path": evil, "line": 7, "snippet": evil, "decoded": evil, "steps": [evil]}
    finding = {
        "rule": "exfil/x", "title": evil, "says": evil, "severity": "high", "confidence": "low", "role": "import",
        "relation": "file", "techniques": [evil], "evidence": [place], "suppressed": "",
    }  # fmt: skip
    signals = [
        {
            "id": name,
            "role": "import",
            "origin": origin,
            "evidence": place,
            "target": evil,
            "scope": evil,
            "reason": evil,
        }
        for name, origin in (("net.send", "static"), ("meta.description", "metadata"), ("cred.read", "static"))
    ]
    report = make.report_on(
        PURL,
        verdict={"level": level, "score": 60, "reasons": [{"rule": "exfil/x", "points": 5, "text": evil}]},
        findings=[finding, {**finding, "suppressed": evil}], signals=signals, notes=[evil], tool_version=evil,
        errors=[{"stage": evil, "message": evil, "path": evil, "is_partial": True}], rules_version=evil,
        artifacts=[
            {"purl": evil, "filename": evil, "sha256": evil, "size_bytes": 1, "kind": evil, "published_at": evil}
        ],
    )  # fmt: skip
    row = make.end(PURL, report)
    for path in (f"/analyses/{row.pk}", f"/analyses/{row.pk}/live", "/", "/packages/pypi/bad"):
        text = browser.get(path).text
        assert "<script>" not in text, path
        assert "\u202e" not in text, path
        assert "\x1b" not in text, path
        assert "https://exfil" not in text, path
        assert 'alert(1)</script>"' not in text, path


def test_many_findings_come_page_by_page(browser, make):
    report = make.malicious(PURL)
    first = report["findings"][0]
    report["findings"] = [{**first, "rule": f"exfil/r-{number}"} for number in range(45)]
    row = make.end(PURL, report)
    text = page(browser, row)
    assert text.count("<details") == 20
    more = browser.get(f"/analyses/{row.pk}/findings?from=20").text
    assert more.count("<details") == 20
    assert "from=40" in more
    last = browser.get(f"/analyses/{row.pk}/findings?from=40").text
    assert last.count("<details") == 5
    assert "Show more" not in last
    for wrong in ("45", "x", "-1", ""):
        assert browser.get(f"/analyses/{row.pk}/findings?from={wrong}").status_code == 404


def test_a_large_report_makes_no_large_page(browser, make):
    import gzip

    report = make.malicious(PURL)
    first, signal = report["findings"][0], report["signals"][1]
    place = {**first["evidence"][0], "snippet": "x = '" + "ab\n" * 80, "decoded": "y = 1\n" * 200}
    report["findings"] = [
        {**first, "rule": f"exfil/r-{number}", "evidence": [{**place, "line": line} for line in range(1, 9)]}
        for number in range(300)
    ]
    report["signals"] = [
        {**signal, "evidence": {**place, "path": f"f{number}.py"}, "target": "t" * 250} for number in range(800)
    ]
    row = make.end(PURL, report)
    answer = browser.get(f"/analyses/{row.pk}")
    assert len(gzip.compress(answer.content)) < 60_000
    assert len(re.findall(r"<[a-z]", answer.text)) < 3_500


@pytest.mark.parametrize(
    "name", ["report.json", "report.sarif", "report.html", "report.md", "osv.json", "indicators.csv", "junit.xml"]
)
def test_the_report_is_a_download_under_a_name_of_ours(browser, malicious, name):
    answer = browser.get(f"/analyses/{malicious.pk}/files/{name}")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="{malicious.pk}-{name}"'
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_other_files_and_other_ids_are_404(browser, make, malicious):
    assert browser.get(f"/analyses/{malicious.pk}/files/..%2f..%2fetc").status_code == 404
    assert browser.get(f"/analyses/{malicious.pk}/files/passwd").status_code == 404
    waiting = make.queue("pkg:pypi/waits@1.0")
    assert browser.get(f"/analyses/{waiting.pk}/files/report.json").status_code == 404
    assert browser.get(f"/analyses/{waiting.pk}/report").status_code == 404
    assert browser.get("/packages/pypi/never-seen").status_code == 404


def test_a_package_page_lists_versions_and_verdicts(browser, make):
    make.end("pkg:npm/%40scope/thing@1.0.0", make.report_on("pkg:npm/%40scope/thing@1.0.0"))
    make.end("pkg:npm/%40scope/thing@1.0.1", make.report_on("pkg:npm/%40scope/thing@1.0.1", "suspicious", 60))
    text = browser.get("/packages/npm/@scope/thing").text
    assert text.count('class="badge sus"') == 2
    assert text.count('class="badge cle"') == 2
