"""Each feed: what is new since the cursor, and what it makes of answers that are none."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from packamal.errors import AnalysisError, FetchError
from packamal.server.feeds.base import Source, pack, unpack
from packamal.server.feeds.sources import FEEDS

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
RECORDED = Path(__file__).parent / "recorded"
NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
ELEVEN = NOON - datetime.timedelta(hours=1)
PLACES = {
    "pypi": pack(serial=31_000_000, until=ELEVEN.isoformat()),
    "npm": pack(seq="90000000", begin=ELEVEN.isoformat()),
    "crates": ELEVEN.isoformat(),
    "rubygems": datetime.datetime.now(datetime.UTC).isoformat(),
    "packagist": pack(since=17_955_000_000_000, begin=ELEVEN.isoformat()),
    "go": "2026-11-24T11:00:00.5Z",
}
"""A cursor of each feed."""
PATHS = {
    "pypi": "/pypi",
    "npm": "/_changes",
    "crates": "/api/v1/crates",
    "rubygems": "/api/v1/timeframe_versions.json",
    "packagist": "/metadata/changes.json",
    "go": "/index",
}


def look(registry, name, cursor):
    with Source(registry.address) as source:
        return FEEDS[name].since(source, cursor)


def found(batch):
    return [(release.name, release.version) for release in batch.releases]


@pytest.fixture
def full(registry):
    """A registry that has what was recorded."""
    registry.recorded("pypi-changes.xml", "/pypi")
    registry.recorded("pypi-updates.xml", "/rss/updates.xml")
    registry.recorded("npm-changes.json", "/_changes")
    registry.recorded("crates.json", "/api/v1/crates")
    registry.recorded("packagist-changes.json", "/metadata/changes.json")
    registry.recorded("go-index.ndjson", "/index")
    rows = json.loads((RECORDED / "rubygems.json").read_bytes())
    registry.answers[PATHS["rubygems"]] = lambda query, body: rows if query["page"] == "1" else []
    noon, ten = NOON.isoformat(), "2026-11-24T09:00:00.000Z"
    npm = {"versions": {"1.0.0": {}, "1.0.1": {}}, "time": {"created": ten, "1.0.0": ten, "1.0.1": noon}}
    registry.answers["/npm/acme-billing"] = npm
    registry.answers["/npm/@coyote%2Ftools"] = {"versions": {"2.5.0": {}}, "time": {"2.5.0": noon}}
    php = [{"version": "v2.5.0", "time": noon}, {"version": "v2.4.0", "time": ten}]
    registry.answers["/p2/coyote/tools.json"] = {"packages": {"coyote/tools": php}}
    registry.answers["/p2/acme/billing.json"] = {"packages": {"acme/billing": [{"version": "1.0.0", "time": noon}]}}
    return registry


@pytest.mark.parametrize(
    ("name", "releases"),
    [
        ("pypi", [("acme-billing", "1.0.0"), ("Coyote.Tools", "2.5")]),
        ("npm", [("acme-billing", "1.0.1"), ("@coyote/tools", "2.5.0")]),
        ("crates", [("acme", "1.0.0"), ("coyote", "0.3.1")]),
        ("rubygems", [("acme", "1.0.0-x86_64-linux"), ("coyote", "0.3.1")]),
        ("packagist", [("acme/billing", "1.0.0"), ("coyote/tools", "v2.5.0")]),
        ("go", [("code.example/acme/billing", "v1.0.0"), ("code.example/coyote/tools/v2", "v2.5.0")]),
    ],
)
def test_a_feed_gives_what_is_new_oldest_first(full, name, releases):
    batch = look(full, name, PLACES[name])
    assert found(batch) == releases
    assert batch.cursor != PLACES[name]
    assert all(release.published_at for release in batch.releases)
    assert batch.is_whole == (name == "pypi")  # the others' logs do not give back what a gap left out


@pytest.mark.parametrize("name", FEEDS)
def test_the_first_look_notes_where_the_feed_stands_and_takes_nothing(full, name):
    full.recorded("pypi-last.xml", "/pypi")
    full.answers["/"] = {"db_name": "registry", "update_seq": 90_000_004}
    batch = look(full, name, "")
    assert (batch.releases, batch.gap) == ((), "")
    assert batch.cursor


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize(
    "answer",
    [
        b"<html><body>We will be back soon</body></html>",
        b'{"results": [{"seq": 1, "id": "acme", "cha',
        b"",
        b"\xff\xfe\x00{",
        b"[" * 100_000,
        b"<a>" * 100_000,
        b"[1, 2, 3]",
        b'"text"',
        b'{"results": 7, "crates": {"a": 1}, "actions": "x", "timestamp": "soon"}',
        b'[{"name": 7, "version": {}}, null]',
        b'<!DOCTYPE a [<!ENTITY b "bbbb">]><methodResponse><value><int>&b;</int></value></methodResponse>',
    ],
    ids=["html", "half", "empty", "binary", "deep", "deep-xml", "numbers", "word", "types", "fields", "entities"],
)
def test_an_answer_of_another_kind_is_an_error_of_the_feed(registry, name, answer):
    registry.answers = dict.fromkeys([PATHS[name], "/rss/updates.xml"], answer)
    if name == "go" and answer == b"":
        assert look(registry, name, PLACES[name]).releases == []  # no line: nothing is new
        return
    with pytest.raises(FetchError):
        look(registry, name, PLACES[name])


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("status", [404, 410, 429, 500, 503, 204])
def test_any_other_status_is_an_error_of_the_feed(registry, name, status):
    registry.answers = dict.fromkeys([PATHS[name], "/rss/updates.xml"], (status, "text/plain", b""))
    with pytest.raises(AnalysisError):
        look(registry, name, PLACES[name])


@pytest.mark.parametrize("name", ["crates", "go", "pypi"])
def test_an_endless_answer_is_cut(registry, name, monkeypatch):
    monkeypatch.setattr("packamal.http.client.PAGE_BYTES", 1_000_000)
    registry.answers = dict.fromkeys([PATHS[name], "/rss/updates.xml"], b"[" + b" " * 3_000_000)
    with pytest.raises(FetchError, match=r"more than the limit|larger than"):
        look(registry, name, PLACES[name])


@pytest.mark.parametrize("name", FEEDS)
def test_a_redirect_to_the_inside_is_not_followed(registry, new_registry, name):
    inner = new_registry()
    there = (302, inner.address + "/x", b"")
    registry.answers = dict.fromkeys([PATHS[name], "/rss/updates.xml"], there)
    with pytest.raises(FetchError, match=r"inner network|redirects"):
        look(registry, name, PLACES[name])
    assert inner.asked == []


def test_the_newest_stand_in_for_the_change_log_which_then_goes_on_where_it_was(full):
    full.answers["/pypi"] = (503, "text/plain", b"")
    batch = look(full, "pypi", PLACES["pypi"])
    assert found(batch) == [("acme-billing", "1.0.0"), ("coyote-tools", "2.5")]
    assert unpack(batch.cursor)["serial"] == 31_000_000
    assert not batch.is_whole
    full.recorded("pypi-changes.xml", "/pypi")
    after = look(full, "pypi", batch.cursor)
    assert b"<int>31000000</int>" in full.sent[-1]
    assert after.is_whole
    assert unpack(after.cursor)["serial"] == 31_000_005


def test_a_page_of_the_newest_that_does_not_reach_back_says_how_many_may_be_missing(full):
    full.answers["/pypi"] = (503, "text/plain", b"")
    cursor = pack(serial=1, until=(NOON - datetime.timedelta(hours=1)).isoformat())
    batch = look(full, "pypi", cursor)
    assert batch.missed == 12  # two in ten minutes, and an hour is not shown
    assert "12" in batch.gap
    assert look(full, "pypi", batch.cursor).missed == 0


def test_a_time_that_lies_ahead_does_not_hide_what_follows(full):
    full.answers["/api/v1/crates"] = {
        "crates": [{"id": "acme", "newest_version": "1", "updated_at": "9999-01-01T00:00:00Z"}]
    }
    before = datetime.datetime.now(datetime.UTC)
    batch = look(full, "crates", PLACES["crates"])
    assert found(batch) == [("acme", "1")]
    assert datetime.datetime.fromisoformat(batch.cursor) - before < datetime.timedelta(minutes=1)


def test_crates_are_read_back_to_the_cursor_page_by_page(registry):
    def page(query, body):
        start = NOON - datetime.timedelta(minutes=100 * (int(query["page"]) - 1))
        rows = [(f"c{query['page']}-{n}", start - datetime.timedelta(minutes=n)) for n in range(100)]
        return {"crates": [{"id": name, "newest_version": "1.0", "updated_at": at.isoformat()} for name, at in rows]}

    registry.answers["/api/v1/crates"] = page
    batch = look(registry, "crates", (NOON - datetime.timedelta(minutes=150)).isoformat())
    assert len(batch.releases) == 151
    assert len(registry.asked) == 2
    assert batch.gap == ""


def test_a_log_that_began_anew_is_a_gap(full):
    batch = look(full, "npm", pack(seq="99999999", begin=ELEVEN.isoformat()))
    assert batch.releases == ()
    assert "begun anew" in batch.gap
    assert unpack(batch.cursor)["seq"] == "90000004"


def test_a_log_that_does_not_reach_back_is_a_gap(registry):
    answer = {"actions": [{"type": "resync", "package": "*", "time": 1}], "timestamp": 17_955_200_009_999}
    registry.answers[PATHS["packagist"]] = answer
    batch = look(registry, "packagist", PLACES["packagist"])
    assert "does not reach back" in batch.gap
    assert unpack(batch.cursor)["since"] == 17_955_200_009_999


def test_a_span_longer_than_the_registry_shows_is_a_gap(full):
    long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=10)
    batch = look(full, "rubygems", long_ago.isoformat())
    assert "was missed" in batch.gap
    assert batch.has_more


def test_one_document_that_cannot_be_read_does_not_stop_the_log(full):
    full.answers["/npm/acme-billing"] = b"<html>"
    batch = look(full, "npm", PLACES["npm"])
    assert found(batch) == [("@coyote/tools", "2.5.0")]
    assert batch.missed == 1


def test_a_package_that_is_gone_again_is_no_error(full):
    del full.answers["/npm/acme-billing"]
    batch = look(full, "npm", PLACES["npm"])
    assert found(batch) == [("@coyote/tools", "2.5.0")]
    assert batch.gap == ""


def test_documents_that_cannot_be_read_at_all_stop_the_turn(full, registry):
    rows = [{"seq": 90_000_001 + n, "id": f"acme-{n}"} for n in range(10)]
    registry.answers["/_changes"] = {"results": rows, "last_seq": 90_000_010}
    registry.answers |= {f"/npm/acme-{n}": b"<html>" for n in range(10)}
    with pytest.raises(FetchError):
        look(full, "npm", PLACES["npm"])


def test_the_versions_of_one_package_are_done_when_the_last_is_taken(registry):
    times = {f"1.0.{n}": (NOON + datetime.timedelta(seconds=n)).isoformat() for n in range(60)}
    registry.answers["/_changes"] = {"results": [{"seq": 90_000_007, "id": "acme"}], "last_seq": 90_000_007}
    registry.answers["/npm/acme"] = {"versions": {version: {} for version in times}, "time": times}
    batch = look(registry, "npm", PLACES["npm"])
    assert len(batch.releases) == 50
    assert {release.cursor for release in batch.releases[:-1]} == {PLACES["npm"]}
    assert unpack(batch.releases[-1].cursor)["seq"] == "90000007"


def test_a_full_page_of_changes_keeps_the_time_from_which_versions_are_new(registry):
    rows = [{"seq": 90_000_001 + n, "id": "acme"} for n in range(100)]
    registry.answers["/_changes"] = {"results": rows, "last_seq": 90_000_100}
    registry.answers["/npm/acme"] = {"versions": {"1.0": {}}, "time": {"1.0": NOON.isoformat()}}
    batch = look(registry, "npm", PLACES["npm"])
    assert batch.has_more
    assert unpack(batch.cursor) == {"seq": "90000100", "begin": ELEVEN.isoformat()}


def test_a_moment_with_more_versions_than_one_answer_holds_does_not_stop_the_index(registry):
    at = "2026-11-24T11:00:00.5Z"
    line = json.dumps({"Path": "code.example/acme", "Version": "v1", "Timestamp": at}).encode() + b"\n"
    registry.answers["/index"] = line * 2000
    batch = look(registry, "go", at)
    assert batch.cursor == "2026-11-24T11:00:00.500001Z"
    assert "left out" in batch.gap
