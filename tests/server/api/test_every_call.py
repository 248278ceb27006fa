"""Each call that the document names: who may make it, and what a hostile name does in it."""

from __future__ import annotations

import uuid

import pytest

from packamal.server.accounts.models import Scope
from packamal.server.analyses.models import Analysis
from packamal.server.api.api import api

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
OPEN = {("get", "/openapi.json"), ("get", "/docs")}
METHODS = ("get", "post", "put", "patch", "delete")
HOSTILE = (
    "pkg:pypi/..%2F..%2Fetc%2Fpasswd@1", "pkg:pypi/%2e%2e/%2e%2e@1", "pkg:npm/%40a%2F..%2F..%2Fb@1",
    "pkg:npm/a@..%2F..", "pkg:pypi/a%00b@1", "pkg:pypi/a@1?filename=../../x", "pkg:npm/..@1", "pkg:pypi/a%5C..%5Cb@1",
    "pkg:npm/%252e%252e@1", "pkg:pypi/$(id)@1;id", "pkg:pypi/`id`@1", "pkg:pypi/a@1%0aid", "pkg:pypi/-r@1",
)  # fmt: skip


def called() -> list[tuple[str, str]]:
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    return sorted((method, path) for path, item in paths.items() for method in METHODS if method in item)


def filled(path: str) -> str:
    for name in ("analysis_id", "id", "webhook_id", "watch_id", "feed_id"):
        path = path.replace(f"{{{name}}}", str(uuid.uuid4()))
    return path.replace("{", "").replace("}", "")


@pytest.mark.parametrize(("method", "path"), [one for one in called() if one not in OPEN])
def test_it_answers_nobody_without_a_key(caller_with, method, path):
    for key in ("", "pkm_000000000000_" + "a" * 43, "nonsense"):
        nobody = caller_with(key=key)
        answer = getattr(nobody.client, method)(f"/api/v1{filled(path)}", headers=nobody.headers)
        assert answer.status_code == 401, answer.content
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), [one for one in called() if one[0] != "get"])
def test_a_key_that_only_reads_changes_nothing(caller_with, method, path):
    reader = caller_with(Scope.READ)
    answer = getattr(reader.client, method)(f"/api/v1{filled(path)}", headers=reader.headers)
    assert answer.status_code in (400, 403, 404, 409, 415, 422), answer.content
    assert Analysis.objects.count() == 0


def test_there_are_as_many_calls_as_the_service_offers():
    assert len(called()) >= 22


@pytest.mark.parametrize("purl", HOSTILE)
def test_a_name_that_leads_elsewhere_reaches_no_index_and_no_disk(index, caller, settings, purl):
    before = sorted(settings.PACKAMAL.data_dir.rglob("*"))
    answer = caller.post("/analyses", {"purl": purl})
    assert answer.status_code == 422, answer.content
    assert index.asked == []
    assert Analysis.objects.count() == 0
    assert sorted(settings.PACKAMAL.data_dir.rglob("*")) == before


def test_an_id_cannot_be_guessed_from_another(index, caller):
    ids = [caller.post("/analyses", {"purl": index.add(f"small{number}", "1.0")}).json()["id"] for number in range(3)]
    assert [uuid.UUID(one).version for one in ids] == [4, 4, 4]
