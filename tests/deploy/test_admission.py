"""A Job of the one shape is let in; a Job with one thing wrong is not, and neither is the pod that it would make."""

from __future__ import annotations

import copy
import json

import pytest
from chart.admission import ANALYSES, PODS, WRONG, WRONG_JOB, changed, complaints, pod_of, policy
from chart.edges import ANALYSIS
from chart.matrix import SETS
from chart.release import of_kind
from chart.rendering import NAMESPACE

LAUNCHER = f"system:serviceaccount:{NAMESPACE}:packamal-scans"
CONTROLLER = "system:serviceaccount:kube-system:job-controller"
RESOURCES = {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"}
NAME = "analysis-0f8b-1"
JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": NAME, "namespace": ANALYSIS},
    "spec": {
        "activeDeadlineSeconds": 420,
        "ttlSecondsAfterFinished": 300,
        "backoffLimit": 2,
        "podFailurePolicy": {"rules": []},
        "template": {
            "spec": {
                "serviceAccountName": "analysis",
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "restartPolicy": "Never",
                "priorityClassName": f"{NAMESPACE}-packamal-analysis",
                "terminationGracePeriodSeconds": 25,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 10001,
                    "runAsGroup": 10001,
                    "fsGroup": 10001,
                    "seccompProfile": {"type": "Localhost", "localhostProfile": "packamal/sandbox.json"},
                },
                "containers": [
                    {
                        "name": "analysis",
                        "image": "packamal-analysis:0.1.0",
                        "args": ["job"],
                        "env": [{"name": "HOME", "value": "/tmp"}],
                        "resources": {"requests": dict(RESOURCES), "limits": dict(RESOURCES)},
                        "securityContext": {
                            "allowPrivilegeEscalation": False,
                            "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"]},
                        },
                        "volumeMounts": [
                            {"name": "tmp", "mountPath": "/tmp"},
                            {"name": "order", "mountPath": "/run/packamal", "readOnly": True},
                        ],
                    }
                ],
                "volumes": [
                    {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
                    {"name": "order", "secret": {"secretName": NAME}},
                ],
            }
        },
    },
}


@pytest.fixture(scope="module")
def jobs(set_of):
    return policy(set_of("default"), ANALYSES)


@pytest.fixture(scope="module")
def single_pods(set_of):
    return policy(set_of("default"), PODS)


def test_the_one_shape_is_let_in(jobs, single_pods):
    assert list(complaints(jobs, JOB, LAUNCHER)) == []
    assert list(complaints(single_pods, pod_of(JOB), CONTROLLER)) == []


def test_its_own_part_of_the_volume_of_results_is_let_in(jobs):
    job = copy.deepcopy(JOB)
    pod = job["spec"]["template"]["spec"]
    pod["volumes"].append({"name": "results", "persistentVolumeClaim": {"claimName": "job-results"}})
    pod["containers"][0]["volumeMounts"].append({"name": "results", "mountPath": "/results", "subPath": NAME})
    assert list(complaints(jobs, job, LAUNCHER)) == []


@pytest.mark.parametrize("what", [*WRONG, *WRONG_JOB])
def test_a_job_with_one_thing_wrong_is_refused(jobs, what):
    assert any(complaints(jobs, changed(JOB, (WRONG | WRONG_JOB)[what]), LAUNCHER)), what


@pytest.mark.parametrize("what", WRONG)
def test_so_is_a_pod_however_it_came_there(single_pods, what):
    assert any(complaints(single_pods, pod_of(changed(JOB, WRONG[what])), CONTROLLER)), what


def test_a_pod_of_nobody_and_a_debugger_are_refused(single_pods):
    alone = pod_of(JOB)
    del alone["metadata"]["ownerReferences"]
    assert "only pods of Jobs" in complaints(single_pods, alone, LAUNCHER)
    debugged = pod_of(JOB)
    debugged["spec"]["ephemeralContainers"] = [{"name": "debugger", "image": "exfil.example/x:1"}]
    assert "no container beside it" in complaints(single_pods, debugged, "admin", "UPDATE")


@pytest.mark.parametrize("username", ["admin", f"system:serviceaccount:{NAMESPACE}:packamal-backend", CONTROLLER])
def test_only_the_workers_start_analyses(jobs, username):
    assert list(complaints(jobs, JOB, username)) == ["only the workers of the service start analyses"]
    assert list(complaints(jobs, JOB, username, "UPDATE")) == []


def test_the_policies_are_bound_and_fail_closed(release):
    bound = {one["spec"]["policyName"]: one["spec"] for one in of_kind(release, "ValidatingAdmissionPolicyBinding")}
    made = of_kind(release, "ValidatingAdmissionPolicy")
    assert bound.keys() == {one["metadata"]["name"] for one in made}
    assert len(made) == 3
    for one in made:
        assert one["spec"]["failurePolicy"] == "Fail"
        binding = bound[one["metadata"]["name"]]
        assert binding["validationActions"] == ["Deny", "Audit"]
        (namespace,) = binding["matchResources"]["namespaceSelector"]["matchLabels"].values()
        assert namespace == of_kind(release, "ResourceQuota")[0]["metadata"]["namespace"]


def test_a_virtual_machine_is_asked_for_where_the_profile_says_so(set_of):
    rules = policy(set_of("kata"), ANALYSES)
    assert "in a virtual machine of its own" in complaints(rules, JOB, LAUNCHER)
    inside = changed(
        JOB, lambda job: job["spec"]["template"]["spec"].update(runtimeClassName="kata-vm-isolation", hostUsers=False)
    )
    assert list(complaints(rules, inside, LAUNCHER)) == []


@pytest.mark.parametrize("name", SETS)
def test_every_rule_can_be_evaluated(set_of, name):
    for suffix, subject in ((ANALYSES, JOB), (PODS, pod_of(JOB))):
        for message in complaints(policy(set_of(name), suffix), subject, LAUNCHER):
            assert "CELEvalError" not in message


def test_messages_are_told_apart(jobs, single_pods):
    for rules in (jobs, single_pods):
        messages = [one["message"] for one in rules["spec"]["validations"]]
        assert len(set(messages)) == len(messages)
        assert max(map(len, (json.dumps(one) for one in rules["spec"]["validations"]))) < 2048
