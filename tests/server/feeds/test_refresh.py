"""Fresher lists: taken whole or not at all, and really used by a scan."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os

import pytest
from django.utils import timezone

from packamal import lists
from packamal.rules_version import rules_version
from packamal.server.analyses.claims import Asker
from packamal.server.analyses.states import Lane
from packamal.server.feed_options import FeedSettings
from packamal.server.feeds.models import ListState
from packamal.server.feeds.refresh import refresh_due
from packamal.server.pipeline.run import run_next
from packamal.server.pipeline.submit import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.allow_hosts(["127.0.0.1"])]
NAMES = "".join(f"coyote-{n}\n" for n in range(1000))
RULE = """id: meta/acme
title: t
severity: low
when: {any: [meta.empty]}
says: s
hit: {a.txt: a}
lookalike: {a.txt: b}
"""


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def place(tmp_path, settings):
    """A folder to refresh from, and a data folder of its own."""
    folder = tmp_path / "place"
    folder.mkdir()
    more = dataclasses.replace(settings.PACKAMAL, data_dir=tmp_path / "data", feeds=FeedSettings(lists=str(folder)))
    settings.PACKAMAL = more
    lists.use_lists(more.lists_dir, is_followed=True)
    yield folder
    lists.use_lists(None)


def offer(folder, files, **wrong):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    digests = {name: sha256(text) for name, text in files.items()} | wrong
    (folder / "lists.json").write_text(json.dumps({"files": digests}))


def refresh():
    ListState.objects.update(due_at=timezone.now())
    assert refresh_due()
    return ListState.objects.get()


GOOD = {"known-bad.txt": f"{'b' * 64}  a thief\n", "popular-pypi.txt": NAMES, "rules/meta/acme.yaml": RULE}


def test_what_the_place_has_is_put_in_use(place):
    before = rules_version()
    offer(place, GOOD)
    state = refresh()
    assert (state.error, state.digest) == ("", sha256((place / "lists.json").read_text()))
    assert lists.list_path("popular-pypi.txt").read_text() == NAMES
    assert lists.list_path("popular-npm.txt").parent == lists.SHIPPED
    assert rules_version() != before
    assert state.due_at > timezone.now()
    assert not refresh_due()


def test_an_address_is_fetched(place, registry, settings):
    offer(place, GOOD)
    for name in [*GOOD, "lists.json"]:
        registry.answers[f"/lists/{name}"] = (place / name).read_bytes()
    feeds = FeedSettings(lists=f"{registry.address}/lists")
    settings.PACKAMAL = dataclasses.replace(settings.PACKAMAL, feeds=feeds)
    assert refresh().error == ""
    assert "a thief" in lists.list_path("known-bad.txt").read_text()


@pytest.mark.parametrize(
    ("files", "wrong"),
    [
        ({"known-bad.txt": "x"}, {}),
        ({"popular-pypi.txt": "only-one\n"}, {}),
        ({"popular-pypi.txt": "<html>" + NAMES}, {}),
        ({"known-bad.txt": ""}, {"known-bad.txt": "c" * 64}),
        ({"known-bad.txt": ""}, {"popular-npm.txt": "c" * 64}),
        ({"known-bad.txt": ""}, {"../x": "c" * 64}),
        ({"known-bad.txt": ""}, {"known-bad.txt": 7}),
        ({"rules/meta/acme.yaml": RULE.replace("low", "dreadful")}, {}),
        ({"rules/meta/acme.yaml": RULE.replace("meta/acme", "meta/squat")}, {}),
        ({"known-bad.txt": ("d" * 64 + "\n") * 130_000}, {}),
        ({}, {}),
    ],
    ids=["words", "few", "html", "digest", "absent", "path", "type", "rule", "taken-id", "large", "none"],
)
def test_a_bad_refresh_keeps_the_old_lists(place, files, wrong):
    offer(place, GOOD)
    good = refresh()
    offer(place, files, **wrong)
    state = refresh()
    assert state.error
    assert (state.digest, state.succeeded_at) == (good.digest, good.succeeded_at)
    assert lists.list_path("popular-pypi.txt").read_text() == NAMES
    assert [path.name for path in lists.lists_folder().parent.glob("part-*")] == []


def test_what_a_killed_refresh_left_goes_when_it_is_old(place, settings):
    old, young = (settings.PACKAMAL.lists_dir / name for name in ("part-old", "part-young"))
    for path in (old, young):
        path.mkdir(parents=True)
        (path / "popular-npm.txt").write_text("half of")
    os.utime(old, (0, 0))
    offer(place, GOOD)
    assert not refresh().error
    assert (old.exists(), young.exists()) == (False, True)


def test_no_link_is_followed(place, tmp_path):
    (tmp_path / "secret").write_text("b" * 64)
    (place / "known-bad.txt").symlink_to(tmp_path / "secret")
    (place / "lists.json").write_text(json.dumps({"files": {"known-bad.txt": sha256("b" * 64)}}))
    assert refresh().error


def test_a_place_that_is_away_is_said(place):
    assert refresh().error
    assert ListState.objects.get().succeeded_at is None


def test_a_few_former_lists_are_kept(place):
    for n in range(6):
        offer(place, {"known-bad.txt": f"{n:064d}\n"})
        state = refresh()
        os.utime(lists.lists_folder(), (n, n))
    kept = [path for path in lists.lists_folder().parent.iterdir() if path.is_dir()]
    assert len(kept) <= 4
    assert lists.lists_folder().name == state.digest


def test_a_scan_of_the_service_uses_them(place, index):
    purl = index.add("small", "1.0")
    (content,) = index.files.values()
    offer(place, {"known-bad.txt": f"{hashlib.sha256(content).hexdigest()}  a thief of credentials\n"})
    assert refresh().error == ""
    row = submit(purl, Asker(), Lane.INTERACTIVE).analysis
    assert run_next("worker")
    row.refresh_from_db()
    assert (row.level, row.error) == ("malicious", "")
    assert "a thief of credentials" in row.reason
    assert row.rules_version == rules_version()
