"""A turn of a feed: what is new is submitted once, the cursor moves with it, trouble is waited out."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from packageurl import PackageURL

from packamal.server.accounts.models import AuditEvent
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane, State
from packamal.server.feeds import poll, state
from packamal.server.feeds.base import Batch, Release, pack
from packamal.server.feeds.models import FeedState, SeenRelease
from packamal.server.feeds.sources import FEEDS
from packamal.server.pipeline.submit import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.allow_hosts(["127.0.0.1"])]
HOUR = datetime.timedelta(hours=1)


def turn():
    """One turn of every feed, whatever it waits for."""
    FeedState.objects.update(due_at=timezone.now())
    return poll.poll_due()


def begin(name, cursor):
    FeedState.objects.create(name=name, cursor=cursor)


def stands(name):
    return FeedState.objects.get(name=name)


@pytest.fixture
def showing(watching, monkeypatch):
    """A feed that shows these releases, each with its own place."""

    def show(name, versions, **terms):
        releases = [Release("acme", version, f"after {version}", timezone.now()) for version in versions]
        batch = Batch("at the end", releases, **terms)
        monkeypatch.setitem(FEEDS, name, FEEDS[name]._replace(since=lambda source, cursor: batch))

    return show


@pytest.fixture
def pypi(watching):
    registry = watching("pypi")
    registry.recorded("pypi-changes.xml", "/pypi")
    begin("pypi", pack(serial=31_000_000, until="2026-11-24T11:00:00+00:00"))
    return registry


def test_each_new_release_is_submitted_in_the_lane_of_feeds(pypi):
    assert turn() == ["pypi"]
    rows = Analysis.objects.order_by("purl")
    assert [row.purl for row in rows] == ["pkg:pypi/acme-billing@1.0.0", "pkg:pypi/coyote.tools@2.5"]
    assert {(row.lane, row.state, row.owner) for row in rows} == {(Lane.FEED, State.QUEUED, None)}
    assert {event.actor for event in AuditEvent.objects.filter(action="analysis.submit")} == {"feed:pypi"}
    assert SeenRelease.objects.filter(feed="pypi", outcome="queued", analysis__in=rows).count() == 2
    row = stands("pypi")
    assert (row.taken, row.error, row.failures) == (2, "", 0)
    assert "31000005" in row.cursor
    assert row.due_at > timezone.now() + datetime.timedelta(seconds=50)


def test_what_is_shown_again_is_not_taken_again(pypi):
    turn()
    FeedState.objects.update(cursor=pack(serial=31_000_000, until="2026-11-24T11:00:00+00:00"))
    turn()
    assert (Analysis.objects.count(), SeenRelease.objects.count(), stands("pypi").taken) == (2, 2, 2)


def test_a_release_that_somebody_submitted_is_known(pypi):
    submit("pkg:pypi/acme-billing@1.0.0", Asker(), Lane.INTERACTIVE)
    turn()
    outcomes = dict(SeenRelease.objects.values_list("name", "outcome"))
    assert outcomes == {"acme-billing": "known", "Coyote.Tools": "queued"}
    assert Analysis.objects.count() == 2


def test_an_ecosystem_that_is_not_analysed_is_written_down_and_not_queued(watching):
    watching("go").recorded("go-index.ndjson", "/index")
    begin("go", "2026-11-24T11:00:00Z")
    turn()
    assert set(SeenRelease.objects.values_list("outcome", flat=True)) == {"unsupported"}
    assert SeenRelease.objects.count() == 2
    assert Analysis.objects.count() == 0


def test_a_feed_without_an_address_has_no_turn(watching):
    watching()
    assert turn() == []
    assert [one.is_on for one in state.standings()] == [False] * len(FEEDS)


def test_a_feed_is_left_alone_until_it_is_due(pypi):
    assert poll.poll_due() == ["pypi"]
    asked = len(pypi.asked)
    assert poll.poll_due() == []
    assert len(pypi.asked) == asked


def test_errors_are_waited_out_longer_each_time_and_the_age_goes_on(pypi):
    turn()
    answered_at, cursor = stands("pypi").succeeded_at, stands("pypi").cursor
    pypi.answers = dict.fromkeys(["/pypi", "/rss/updates.xml"], b"<html>busy</html>")
    waits = []
    for _ in range(9):
        turn()
        waits.append(round((stands("pypi").due_at - timezone.now()).total_seconds() / 60))
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60, 60]
    row = stands("pypi")
    assert (row.failures, row.succeeded_at, row.cursor) == (9, answered_at, cursor)
    assert "check the feed's address" in row.error
    FeedState.objects.update(succeeded_at=timezone.now() - HOUR)
    assert state.standing("pypi").age_s >= 3600
    pypi.recorded("pypi-changes.xml", "/pypi")
    turn()
    assert (stands("pypi").failures, stands("pypi").error) == (0, "")


def test_a_turn_that_breaks_off_keeps_nothing_of_it(pypi, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr(poll, "_gap", broken)
    before = stands("pypi").cursor
    with pytest.raises(RuntimeError):
        turn()
    assert (Analysis.objects.count(), SeenRelease.objects.count(), stands("pypi").cursor) == (0, 0, before)
    monkeypatch.undo()


def test_a_cursor_that_moved_meanwhile_takes_the_batch_back(pypi, monkeypatch):
    real = poll.take

    def overtaken(*args):
        FeedState.objects.filter(name="pypi").update(cursor="moved on")
        return real(*args)

    monkeypatch.setattr(poll, "take", overtaken)
    turn()
    assert Analysis.objects.count() == 0


def test_a_flood_is_taken_in_turns_and_nothing_of_it_is_lost(showing, watching, monkeypatch):
    watching("pypi")
    showing("pypi", [str(n) for n in range(500)])
    monkeypatch.setattr(poll, "MAX_TAKEN", 60)
    turn()
    row = stands("pypi")
    assert (row.taken, row.cursor) == (60, "after 59")
    assert row.due_at <= timezone.now()
    assert "next turn" in row.held
    turn()
    assert stands("pypi").taken == 120
    Analysis.objects.all().delete()
    for _ in range(8):
        Analysis.objects.update(state=State.DONE)
        turn()
    assert (stands("pypi").taken, stands("pypi").cursor, stands("pypi").held) == (500, "at the end", "")


def test_no_more_releases_wait_than_may_and_people_come_first(showing, watching):
    watching("pypi", waiting=10)
    showing("pypi", [str(n) for n in range(50)])
    for _ in range(3):
        turn()
    assert Analysis.objects.filter(lane=Lane.FEED, state=State.QUEUED).count() == 10
    assert "wait at their source" in stands("pypi").held
    person = submit("pkg:pypi/requests@1.0", Asker(), Lane.INTERACTIVE).analysis
    assert transitions.start_next("worker", 60).analysis_id == person.pk


def test_nothing_is_taken_while_an_earlier_release_is_overdue(showing, watching):
    watching("pypi")
    showing("pypi", ["1"])
    late = submit("pkg:pypi/late@1.0", Asker(), Lane.FEED).analysis
    Analysis.objects.filter(pk=late.pk).update(due_at=timezone.now() - HOUR)
    turn()
    assert stands("pypi").taken == 0
    assert stands("pypi").held


def test_names_that_no_package_has_are_refused_and_do_not_stop_the_feed(watching, monkeypatch):
    watching("pypi")
    names = ["../../etc", "a b", "x" * 600, "nul\0", "\ud800", "fine", "<script>", ""]
    releases = [Release(name, "1.0", name, None) for name in names]
    monkeypatch.setitem(FEEDS, "pypi", FEEDS["pypi"]._replace(since=lambda source, cursor: Batch("end", releases)))
    turn()
    assert [row.purl for row in Analysis.objects.all()] == ["pkg:pypi/fine@1.0"]
    assert stands("pypi").cursor == "end"
    assert SeenRelease.objects.filter(outcome="refused").count() == 4


def test_a_gap_is_kept_until_the_whole_log_made_it_good(showing, watching):
    watching("pypi", "npm")
    for name in ("pypi", "npm"):
        showing(name, ["1"], gap="the feed shows its newest alone", missed=40)
    turn()
    assert (stands("pypi").missed, stands("npm").missed) == (40, 40)
    assert stands("pypi").gap_at is not None
    showing("pypi", ["2"], is_whole=True)
    showing("npm", ["2"])
    turn()
    assert (stands("pypi").missed, stands("pypi").gap) == (0, "")
    assert stands("npm").missed == 40  # npm's log is what had the gap


def test_two_pollers_share_the_feeds(pypi, at_once):
    FeedState.objects.update(due_at=timezone.now())
    had = at_once(lambda number: poll.poll_due(), 4)
    assert sorted(had) == [[], [], [], ["pypi"]]
    assert Analysis.objects.count() == 2


def test_a_paused_feed_has_no_turn_until_it_is_resumed(pypi):
    assert state.pause("pypi", "user:wile")
    assert not state.pause("pypi", "user:wile")
    assert turn() == []
    assert not state.poll_now("pypi", "user:wile")
    assert state.resume("pypi", "user:wile")
    assert poll.poll_due() == ["pypi"]
    assert state.poll_now("pypi", "user:wile")
    assert poll.poll_due() == ["pypi"]
    trail = AuditEvent.objects.filter(subject="pypi").order_by("pk")
    assert [event.action for event in trail] == ["feed.pause", "feed.resume", "feed.poll"]


def test_what_was_seen_long_ago_is_removed(watching):
    watching()
    for days in (1, 40):
        at = timezone.now() - datetime.timedelta(days=days)
        SeenRelease.objects.create(feed="go", name="acme", version=str(days), seen_at=at, outcome="unsupported")
    turn()
    assert [row.version for row in SeenRelease.objects.all()] == ["1"]


def test_a_name_and_a_version_make_the_address_of_the_package(watching, monkeypatch):
    watching("npm")
    release = Release("@coyote/tools", "2.5.0-rc.1", "x", None)
    monkeypatch.setitem(FEEDS, "npm", FEEDS["npm"]._replace(since=lambda source, cursor: Batch("end", [release])))
    turn()
    assert Analysis.objects.get().purl == PackageURL("npm", "@coyote", "tools", "2.5.0-rc.1").to_string()


def test_the_settings_name_every_feed():
    from packamal.server import feed_options

    assert list(feed_options.FEEDS) == list(FEEDS)
