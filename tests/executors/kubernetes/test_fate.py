"""What became of a Job, out of what an API server tells."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from packamal.executors.base import Ending
from packamal.executors.kubernetes.exits import JobExit
from packamal.executors.kubernetes.fate import fate, has_run, hindrance
from packamal.executors.kubernetes.objects import Job, Pod

META = {"name": "scan-a", "uid": "u", "resourceVersion": "7"}
NOTHING = {"metadata": META}


def job(kind=None, reason="", message=""):
    conditions = [{"type": kind, "status": "True", "reason": reason, "message": message}] if kind else None
    return TypeAdapter(Job).validate_python({"metadata": META, "status": {"conditions": conditions}})


def pod(state=None, **status):
    found = [{"name": "scan", "state": state}] if state else None
    return TypeAdapter(Pod).validate_python({"metadata": META, "status": {**status, "containerStatuses": found}})


def ended(code, reason="Error"):
    return pod({"terminated": {"exitCode": code, "reason": reason}})


def test_a_job_that_goes_on_has_no_fate():
    assert fate(TypeAdapter(Job).validate_python(NOTHING), [], has_run=True) is None
    assert fate(job(), [pod({"running": {}}), pod(), ended(143)], has_run=True) is None


@pytest.mark.parametrize("kind", ["Complete", "SuccessCriteriaMet"])
def test_a_complete_job_says_that_it_delivered(kind):
    assert fate(job(kind), [], has_run=False).ending is Ending.DELIVERED


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        (JobExit.CRASHED, Ending.CRASHED), (JobExit.UNSAFE, Ending.UNSAFE), (JobExit.UNDELIVERED, Ending.LOST),
        (JobExit.TIMEOUT, Ending.TIMEOUT), (1, Ending.LOST), (143, Ending.LOST), (137, Ending.LOST), (0, Ending.LOST),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["Failed", "FailureTarget"])
def test_the_exit_code_tells_how_it_failed(code, ending, kind):
    message = f"Container scan for pod a/b failed with exit code {int(code)} matching FailJob rule at index 1"
    assert fate(job(kind, "PodFailurePolicy", "without pods"), [ended(code)], has_run=True).ending is ending
    if code:
        assert fate(job(kind, "PodFailurePolicy", message), [], has_run=True).ending is ending


def test_the_code_of_a_pod_that_the_cluster_ended_says_nothing():
    assert fate(job("Failed"), [ended(143), ended(JobExit.CRASHED)], has_run=True).ending is Ending.CRASHED


def test_what_outgrew_its_limits_is_told_apart_from_what_was_in_the_way():
    assert fate(job(), [ended(137, "OOMKilled")], has_run=True).ending is Ending.OUT_OF_MEMORY
    own = pod(reason="Evicted", message='Usage of EmptyDir volume "scratch" exceeds the limit "2Gi".')
    others = pod(reason="Evicted", message="The node was low on resource: ephemeral-storage.")
    assert fate(job(), [own], has_run=True).ending is Ending.OUT_OF_MEMORY
    assert fate(job(), [others], has_run=True) is None


def test_a_deadline_is_the_scans_own_only_if_it_ever_ran():
    late = job("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
    assert fate(late, [], has_run=True).ending is Ending.TIMEOUT
    assert fate(late, [pod()], has_run=False).ending is Ending.LOST


@pytest.mark.parametrize(
    ("reason", "message", "ending"),
    [
        ("ImagePullBackOff", "not found", Ending.NO_IMAGE),
        ("CreateContainerError", "cannot load seccomp profile", Ending.UNSAFE),
        ("CreateContainerConfigError", "no such secret", Ending.LOST),
    ],
)
def test_what_hinders_a_container_is_told_in_the_words_of_the_kubelet(reason, message, ending):
    found = hindrance([pod({"waiting": {"reason": reason, "message": message}})])
    assert (found.ending, found.words) == (ending, f"{reason}: {message}")
    assert hindrance([pod({"waiting": {"reason": "ContainerCreating"}})]) is None


def test_a_container_that_waits_has_not_run():
    assert not has_run([pod(), pod({"waiting": {"reason": "ContainerCreating"}})])
    assert has_run([pod({"running": {}})])
    assert has_run([ended(1)])
