"""Submit and follow a package over the API."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from packamal.render.formats import RENDERERS
from packamal.server.accounts.models import Scope
from packamal.server.analyses.models import Analysis
from packamal.server.pipeline.run import run_next

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]


def test_a_submitted_package_is_followed_to_its_report(index, caller):
    answer = caller.post("/analyses", {"purl": index.add("small", "1.0")})
    assert answer.status_code == 202
    body = answer.json()
    assert answer["Location"] == body["links"]["self"] == f"/api/v1/analyses/{body['id']}"
    assert (body["state"], body["queue_position"], body["verdict"], body["links"]["report"]) == (
        "queued",
        1,
        None,
        None,
    )
    assert caller.get(f"/analyses/{body['id']}/report").status_code == 404
    assert run_next("w")
    done = caller.get(f"/analyses/{body['id']}").json()
    assert (done["state"], done["verdict"]["level"], done["queue_position"]) == ("done", "clean", None)
    report = caller.get(f"/analyses/{body['id']}/report").json()
    assert report["purl"] == done["purl"] == "pkg:pypi/small@1.0"


def test_the_same_package_is_answered_by_the_same_analysis(index, caller):
    purl = index.add("small", "1.0")
    first, second = caller.post("/analyses", {"purl": purl}), caller.post("/analyses", {"purl": purl})
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]


def test_every_format_but_json_is_a_download(index, caller):
    made = caller.post("/analyses", {"purl": index.add("small", "1.0")}).json()
    run_next("w")
    for name in RENDERERS:
        answer = caller.get(f"/analyses/{made['id']}/report?format={name}")
        assert answer.status_code == 200, name
        assert answer.content
        expected = None if name == "json" else f'attachment; filename="{made["id"]}.{name}"'
        assert answer.get("Content-Disposition") == expected


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"\xff\xfe", 400), (b"[]", 422), (b"null", 422), ({}, 422), ({"purl": 1}, 422),
        ({"purl": "requests"}, 422), ({"purl": "pkg:pypi/a%2F..%2Fb"}, 422), ({"purl": "pkg:gem/x@1"}, 422),
        ({"purl": "pkg:pypi/x", "more": 1}, 422), ({"purl": "pkg:pypi/x", "lane": "feed"}, 422),
        ({"purl": "pkg:pypi/" + "x" * 5000}, 422),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_as_a_problem(index, caller, body, status):
    answer = caller.post("/analyses", body)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["request_id"] == answer["X-Request-ID"]
    assert Analysis.objects.count() == 0


def test_an_index_that_fails_is_not_the_callers_fault(index, caller):
    index.close()
    made = caller.post("/analyses", {"purl": "pkg:pypi/small@1"})
    assert made.status_code == 202
    run_next("w")
    body = caller.get(f"/analyses/{made.json()['id']}").json()
    assert (body["state"], body["attempt"]) == ("queued", 1)  # tried again later
    assert "127.0.0.1" not in str(body)


def test_what_the_index_does_not_have_is_told_as_such(index, caller):
    made = caller.post("/analyses", {"purl": "pkg:pypi/not-there@1"}).json()
    run_next("w")
    body = caller.get(f"/analyses/{made['id']}").json()
    assert (body["state"], body["error"]["category"]) == ("failed", "not_found")


@pytest.mark.parametrize(("scopes", "status"), [((), 403), ((Scope.READ,), 403), ((Scope.SUBMIT,), 202)])
def test_a_key_is_good_for_its_scopes_only(index, caller_with, scopes, status):
    assert caller_with(*scopes).post("/analyses", {"purl": index.add("small", "1.0")}).status_code == status


@pytest.mark.parametrize("key", ["", "pkm_x", "pkm_000000000000_" + "a" * 43, "x" * 5000])
def test_without_a_key_there_is_no_answer(caller_with, key):
    answer = caller_with(key=key).post("/analyses", {"purl": "pkg:pypi/x"})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("path", ["/analyses/00000000-0000-0000-0000-000000000000", "/analyses/1", "/nothing", "/"])
def test_what_there_is_not_is_a_problem_too(caller, path):
    answer = caller.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_a_fault_of_ours_shows_the_request_and_no_reason(caller, monkeypatch):
    def broken(*words):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("packamal.server.api.analyses.submit", broken)
    answer = caller.post("/analyses", {"purl": "pkg:pypi/x"}, **{"X-Request-ID": "given-request-1"})
    assert (answer.status_code, answer["X-Request-ID"]) == (500, "given-request-1")
    assert "secret detail" not in answer.content.decode()


def test_a_request_id_that_could_forge_a_log_line_is_not_taken_over(caller):
    answer = caller.get("/analyses/1", **{"X-Request-ID": "a b\tc"})
    assert answer["X-Request-ID"] != "a b\tc"


def test_openapi_is_served_without_a_key_and_is_sound(caller_with):
    answer = caller_with(key="").get("/openapi.json")
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/analyses", "/api/v1/analyses/{analysis_id}/report"} <= set(document["paths"])
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)
    assert "Report" in document["components"]["schemas"]
    assert document == json.loads((ROOT / "docs/openapi.json").read_text())


def test_links_come_from_the_settings_and_never_from_the_request(index, caller, settings):
    import dataclasses

    settings.PACKAMAL = dataclasses.replace(settings.PACKAMAL, public_url="https://packamal.example")
    answer = caller.post("/analyses", {"purl": index.add("small", "1.0")}, **{"X-Forwarded-Host": "evil.example"})
    assert answer["Location"].startswith("https://packamal.example/api/v1/analyses/")
