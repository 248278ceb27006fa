"""The Job of an order: one shape, whatever the order says. PACKAMAL_WRITE_GOLDEN=1 writes the golden files anew."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from pathlib import Path

import kubernetes_validate
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from packamal.cli import job as program
from packamal.executors.base import Delivery, Order
from packamal.executors.kubernetes.job import LABELS, build_job, build_secret
from packamal.executors.kubernetes.pod import MAX_WORD_BYTES
from packamal.executors.kubernetes.settings import JobSettings, Placement, Profile, Transport

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = ("1.33", "1.34", "1.35", "1.36")
ATTEMPT = "0190f3a1-6a7c-7d3e-9a54-0e1f2a3b4c5d-1"
DELIVERY = Delivery("attempts/0190f3a1-6a7c-7d3e-9a54-0e1f2a3b4c5d/1", "r" * 43, "h" * 43)
ORDER = Order(ATTEMPT, "pkg:pypi/small@1.0", 300, "request-1", delivery=DELIVERY)
LEAST = JobSettings("packamal-analysis", "registry.example/packamal-analysis:1", "http://packamal-internal:8001")
MOST = dataclasses.replace(
    LEAST,
    profile=Profile.KATA,
    runtime_class="kata-vm-isolation",
    has_user_namespace=True,
    transport=Transport.VOLUME,
    placement=Placement('{"pool":"analysis"}', '[{"key":"analysis","operator":"Exists"}]', '{"podAffinity":{}}', "low"),
    pull_secrets=("pull",),
    environment=(("PIP_INDEX_URL", "https://index.example/$(HOME)/simple"),),
)
CASES = {
    "least": (ORDER, LEAST),
    "most": (dataclasses.replace(ORDER, path=Path("/quarantine/ab/small-1.0.tar.gz")), MOST),
    "privileged": (ORDER, dataclasses.replace(LEAST, profile=Profile.PRIVILEGED)),
}
REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)")
HOSTILE = [
    "pkg:npm/%40scope/name@1.0.0", "--tokens", "-", "--", "$(HOME)", "$$(HOME)", "$(", "; touch x", "`id`", "a\u202eb",
    "pkg:pypi/" + "ü" * 300 + "@1", "../../etc", "{{ x }}", "a b", "'\"", "%s",
]  # fmt: skip


def expanded(word):
    """As the kubelet does it, with a value for every variable."""
    return REFERENCE.sub(lambda found: "EXPANDED" if found[1] else "$", word)


def words_of(job):
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return [expanded(word) for word in container["args"]]


@pytest.mark.parametrize("name", CASES)
def test_jobs_look_as_they_did(name):
    path = GOLDEN / f"{name}.json"
    text = json.dumps(build_job(*CASES[name]), indent=1, sort_keys=True) + "\n"
    if os.environ.get("PACKAMAL_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over():
    assert {path.stem for path in GOLDEN.iterdir()} == CASES.keys()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CASES)
def test_they_are_jobs_of_kubernetes(name, version):
    kubernetes_validate.validate(build_job(*CASES[name]), version, strict=True)
    kubernetes_validate.validate(build_secret(ORDER, "uid"), version, strict=True)


def test_tokens_are_in_the_secret_and_nowhere_else():
    job, secret = json.dumps(build_job(ORDER, LEAST)), build_secret(ORDER, "uid-1")
    assert DELIVERY.result_token not in job
    assert DELIVERY.heartbeat_token not in job
    assert secret["stringData"] == {"result": DELIVERY.result_token, "heartbeat": DELIVERY.heartbeat_token}
    (owner,) = secret["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("Job", "uid-1")
    assert DELIVERY.result_token not in repr(ORDER)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_program_inside_gets_every_word_as_it_was_meant(monkeypatch, text):
    order = dataclasses.replace(ORDER, purl=text, request_id=text, path=Path("/q/x.whl"))
    seen = {}
    monkeypatch.setattr(program.command, "callback", lambda **given: seen.update(given))
    done = CliRunner().invoke(program.command, words_of(build_job(order, MOST))[1:])
    assert done.exit_code == 0, done.output
    assert (seen["purl"], seen["request_id"], seen["upload"]) == (text, text, "x.whl")
    assert str(seen["tokens_dir"]) == "/run/packamal"


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300)


@settings(max_examples=60, deadline=None)
@given(name=texts, purl=texts, request_id=texts)
def test_no_order_makes_an_object_that_a_cluster_refuses(name, purl, request_id):
    job = build_job(Order(name, purl, 300, request_id, delivery=DELIVERY), LEAST)
    kubernetes_validate.validate(job, VERSIONS[-1], strict=True)
    words = words_of(job)
    assert words[-2:] == ["--", purl]
    assert f"--request-id={request_id}" in words
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"]):
        assert metadata["labels"] == LABELS
    json.dumps(job).encode()


@pytest.mark.parametrize("text", ["a\0b", "a\nb", "a\x7fb", "\ud800", "x" * (MAX_WORD_BYTES + 1)])
def test_what_would_be_cut_or_changed_on_the_way_is_refused(text):
    with pytest.raises(ValueError):
        build_job(dataclasses.replace(ORDER, purl=text), LEAST)


def test_only_a_disruption_starts_another_pod():
    first, second = build_job(ORDER, LEAST)["spec"]["podFailurePolicy"]["rules"]
    assert (first["action"], first["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
    assert (second["action"], second["onExitCodes"]["operator"], second["onExitCodes"]["values"]) == (
        "FailJob",
        "NotIn",
        [0],
    )
