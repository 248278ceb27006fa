"""SARIF: valid by the published schema, and nothing that the terminal shows is missing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema_rs
import pytest

from packamal.model import Evidence, Report, Severity
from packamal.render.sarif import FINGERPRINT, LEVELS, SECURITY_SEVERITY, sarif
from packamal.render.view import View

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text())
for kind in ("run", "toolComponent"):  # as published it is no regular expression
    del SCHEMA["definitions"][kind]["properties"]["language"]["pattern"]


def log(*reports: Report) -> dict:
    return json.loads(sarif(reports, View()))


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(SCHEMA, validate_formats=True)


@pytest.mark.parametrize("name", ["malicious", "suspicious", "clean", "incomplete", "hostile"])
def test_every_face_is_valid(name: str, faces: dict[str, Report], validator: jsonschema_rs.Validator) -> None:
    assert [error.message for error in validator.iter_errors(log(faces[name]))] == []


def test_a_broken_log_would_not_be_valid(faces: dict[str, Report], validator: jsonschema_rs.Validator) -> None:
    broken = log(faces["malicious"])
    broken["runs"][0]["results"][0]["level"] = "terrible"
    assert not validator.is_valid(broken)


def test_each_severity_has_its_level_and_number() -> None:
    assert LEVELS.keys() == SECURITY_SEVERITY.keys() == set(Severity)


def test_paths_are_relative_and_escaped(faces: dict[str, Report]) -> None:
    evidence = Evidence("a.tgz", "pa ckage/a:b?#%.js", 3, "x")
    finding = dataclasses.replace(faces["malicious"].findings[0], evidence=(evidence,))
    run = log(dataclasses.replace(faces["malicious"], findings=(finding,)))["runs"][0]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "pa%20ckage/a%3Ab%3F%23%25.js"
    assert place["region"]["startLine"] == 3


def test_what_did_not_run_is_a_notification(faces: dict[str, Report]) -> None:
    invocation = log(faces["incomplete"])["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert [note["level"] for note in invocation["toolExecutionNotifications"]] == ["error", "warning"]


def test_a_fingerprint_outlives_versions_and_moved_lines(faces: dict[str, Report]) -> None:
    def fingerprint(purl: str, path: str, line: int, snippet: str) -> str:
        finding = dataclasses.replace(faces["malicious"].findings[0], evidence=(Evidence("", path, line, snippet),))
        report = dataclasses.replace(faces["malicious"], purl=purl, findings=(finding,))
        return str(log(report)["runs"][0]["results"][0]["partialFingerprints"][FINGERPRINT])

    first = fingerprint("pkg:npm/%40s/x@1.0", "x-1.0/setup.py", 4, "exec(a)")
    assert first == fingerprint("pkg:npm/%40s/x@2.0", "x-2.0/setup.py", 9, "exec( a )")
    assert first != fingerprint("pkg:npm/%40s/y@1.0", "x-1.0/setup.py", 4, "exec(a)")
    assert first != fingerprint("pkg:npm/%40s/x@1.0", "x-1.0/setup.py", 4, "exec(b)")


def test_an_accepted_finding_is_told_as_suppressed(faces: dict[str, Report]) -> None:
    finding = dataclasses.replace(faces["malicious"].findings[0], suppressed="our own collector")
    result = log(dataclasses.replace(faces["malicious"], findings=(finding,)))["runs"][0]["results"][0]
    assert result["suppressions"] == [{"kind": "external", "justification": "our own collector"}]


def test_all_that_the_terminal_shows_is_there(faces: dict[str, Report]) -> None:
    text = sarif([faces["malicious"]], View())
    for shown in (
        "exfil/env-to-http",
        "colour-helpers-1.0.3/setup.py",
        "Decoded (base64)",
        "T1041",
        "1.0.3 is the newest",
    ):
        assert shown in text
