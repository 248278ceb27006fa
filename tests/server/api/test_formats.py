"""The report in the format that a caller asks for."""

from __future__ import annotations

import pytest

from packamal.server.api.reports import MEDIA, Format
from packamal.server.pipeline.run import run_next

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture
def report(index, caller):
    made = caller.post("/analyses", {"purl": index.add("small", "1.0")}).json()
    run_next("w")
    return f"/analyses/{made['id']}/report"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"), ("text/html, */*;q=0.1", "text/html"), ("text/*", "text/html"),
        ("application/sarif+json", "application/sarif+json"), ("text/csv;q=0.2, text/markdown;q=0.9", "text/markdown"),
    ],
)  # fmt: skip
def test_accept_chooses(report, caller, accept, kind):
    answer = caller.get(report, Accept=accept)
    assert answer.status_code == 200
    assert answer["Content-Type"].partition(";")[0] == kind
    assert "Accept" in answer["Vary"]


def test_a_format_outweighs_accept(report, caller):
    assert caller.get(f"{report}?format=csv", Accept="text/html")["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize("accept", ["image/png", "application/pdf, image/*"])
def test_what_a_report_never_is_cannot_be_had(report, caller, accept):
    assert caller.get(report, Accept=accept).status_code == 406


def test_every_format_can_be_asked_for_by_accept():
    assert set(MEDIA.values()) == set(Format)
