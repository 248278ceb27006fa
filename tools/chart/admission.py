"""The admission policies of the chart, evaluated as the API server does: variables first, then each expression."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from chart.release import of_kind
from chart.rendering import Object

ANALYSES = "jobs"
PODS = "pods"


def policy(objects: Sequence[Object], suffix: str) -> Object:
    """One by the end of its name."""
    (found,) = (
        one for one in of_kind(objects, "ValidatingAdmissionPolicy") if one["metadata"]["name"].endswith(suffix)
    )
    return found


def complaints(rules: Object, subject: Object, username: str, operation: str = "CREATE") -> Iterator[str]:
    """What the policy says against an object; an expression that cannot be evaluated counts against it, too."""
    from celpy import celtypes
    from celpy.adapter import json_to_cel

    request = {"operation": operation, "userInfo": {"username": username}}
    known: dict[str, Any] = {"object": json_to_cel(subject), "request": json_to_cel(request)}
    variables = celtypes.MapType()
    for one in rules["spec"].get("variables", []):
        value = _evaluated(one["expression"], {**known, "variables": variables})
        if isinstance(value, Exception):
            yield f"{one['name']}: {value}"
            return
        variables[celtypes.StringType(one["name"])] = value
    for one in rules["spec"]["validations"]:
        value = _evaluated(one["expression"], {**known, "variables": variables})
        if isinstance(value, Exception) or not value:
            yield one["message"]


def _evaluated(expression: str, known: dict[str, Any]) -> Any:  # noqa: ANN401  any value of the language
    from celpy.evaluation import CELEvalError

    try:
        return _program(expression).evaluate(known)
    except CELEvalError as error:
        return error


@cache
def _program(expression: str) -> Any:  # noqa: ANN401  celpy is not typed
    import celpy

    environment = celpy.Environment()
    return environment.program(environment.compile(expression))


Change = Callable[[Object], object]


def changed(job: Object, change: Change) -> Object:
    """A copy with one thing wrong."""
    made = copy.deepcopy(job)
    change(made)
    return made


def pod_of(job: Object) -> Object:
    """The pod that the Job's controller makes of it."""
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"], "uid": "1", "controller": True}
    template = copy.deepcopy(job["spec"]["template"])
    metadata = {**template.get("metadata", {}), "name": f"{job['metadata']['name']}-x", "ownerReferences": [owner]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def _pod(job: Object) -> Object:
    return dict.__getitem__(job, "spec")["template"]["spec"]  # type: ignore[no-any-return]


def _container(job: Object) -> Object:
    return _pod(job)["containers"][0]  # type: ignore[no-any-return]


def _locks(job: Object) -> Object:
    return _container(job)["securityContext"]  # type: ignore[no-any-return]


def _env(name: str, **more: object) -> Change:
    return lambda job: _container(job).setdefault("env", []).append({"name": name, **(more or {"value": "x"})})


def _volume(**source: object) -> Change:
    return lambda job: _pod(job).setdefault("volumes", []).append({"name": "more", **source})


WRONG: dict[str, Change] = {
    "another image": lambda job: _container(job).update(image="exfil.example/x:1"),
    "another tag of the image": lambda job: _container(job).update(image=_container(job)["image"] + "9"),
    "another program": lambda job: _container(job).update(command=["sh", "-c", "id"]),
    "another command": lambda job: _container(job).update(args=["scan", "."]),
    "no command": lambda job: _container(job).update(args=[]),
    "a second container": lambda job: _pod(job)["containers"].append(copy.deepcopy(_container(job))),
    "a container before it": lambda job: _pod(job).update(initContainers=[copy.deepcopy(_container(job))]),
    "another account": lambda job: _pod(job).update(serviceAccountName="default"),
    "no account": lambda job: _pod(job).pop("serviceAccountName"),
    "a token of the cluster": lambda job: _pod(job).update(automountServiceAccountToken=True),
    "a token by default": lambda job: _pod(job).pop("automountServiceAccountToken"),
    "a projected token": _volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]}),
    "addresses of services": lambda job: _pod(job).update(enableServiceLinks=True),
    "started again in place": lambda job: _pod(job).update(restartPolicy="OnFailure"),
    "the network of the node": lambda job: _pod(job).update(hostNetwork=True),
    "the processes of the node": lambda job: _pod(job).update(hostPID=True),
    "the memory of the node": lambda job: _pod(job).update(hostIPC=True),
    "names of its own": lambda job: _pod(job).update(hostAliases=[{"ip": "10.0.0.1", "hostnames": ["x.example"]}]),
    "shared processes": lambda job: _pod(job).update(shareProcessNamespace=True),
    "a path of the node": _volume(hostPath={"path": "/"}),
    "a folder without a size": _volume(emptyDir={}),
    "the secret of another": _volume(secret={"secretName": "packamal"}),
    "a configuration": _volume(configMap={"name": "x"}),
    "another claim": _volume(persistentVolumeClaim={"claimName": "packamal-app-shared"}),
    "a file share": _volume(nfs={"server": "share.example", "path": "/"}),
    "the whole volume of results": lambda job: (
        _volume(persistentVolumeClaim={"claimName": "job-results"})(job),
        _container(job).setdefault("volumeMounts", []).append({"name": "more", "mountPath": "/more"}),
    ),
    "results of another": lambda job: (
        _volume(persistentVolumeClaim={"claimName": "job-results"})(job),
        _container(job).setdefault("volumeMounts", []).append({"name": "more", "mountPath": "/m", "subPath": "other"}),
    ),
    "a mount that shows elsewhere": lambda job: _container(job)["volumeMounts"][0].update(
        mountPropagation="Bidirectional"
    ),
    "a block device": lambda job: _container(job).update(volumeDevices=[{"name": "x", "devicePath": "/dev/x"}]),
    "environment out of a secret": lambda job: _container(job).update(envFrom=[{"secretRef": {"name": "x"}}]),
    "a variable out of a secret": _env("ONE", valueFrom={"secretKeyRef": {"name": "x", "key": "y"}}),
    "a token in the environment": _env("PACKAMAL_JOB_TOKEN"),
    "a password in the environment": _env("DATABASE_PASSWORD"),
    "a port": lambda job: _container(job).update(ports=[{"containerPort": 80}]),
    "a hook": lambda job: _container(job).update(lifecycle={"postStart": {"exec": {"command": ["id"]}}}),
    "a probe": lambda job: _container(job).update(livenessProbe={"exec": {"command": ["id"]}}),
    "no limits": lambda job: _container(job)["resources"].pop("limits"),
    "no limit of storage": lambda job: _container(job)["resources"]["limits"].pop("ephemeral-storage"),
    "no requests": lambda job: _container(job)["resources"].pop("requests"),
    "root": lambda job: _pod(job)["securityContext"].update(runAsUser=0, runAsNonRoot=False),
    "root in the container": lambda job: _locks(job).update(runAsUser=0),
    "maybe root": lambda job: _pod(job)["securityContext"].pop("runAsNonRoot"),
    "another user": lambda job: _pod(job)["securityContext"].update(runAsUser=10002),
    "no seccomp": lambda job: _pod(job)["securityContext"].update(seccompProfile={"type": "Unconfined"}),
    "another seccomp": lambda job: _pod(job)["securityContext"].update(seccompProfile={"type": "RuntimeDefault"}),
    "no seccomp in the container": lambda job: _locks(job).update(seccompProfile={"type": "Unconfined"}),
    "settings of the kernel": lambda job: _pod(job)["securityContext"].update(sysctls=[{"name": "a", "value": "1"}]),
    "a group of others": lambda job: _pod(job)["securityContext"].update(supplementalGroups=[0]),
    "privileged": lambda job: _locks(job).update(privileged=True),
    "a way to more rights": lambda job: _locks(job).update(allowPrivilegeEscalation=True),
    "a way to more rights by default": lambda job: _locks(job).pop("allowPrivilegeEscalation"),
    "a capability": lambda job: _locks(job)["capabilities"].update(add=["NET_RAW"]),
    "capabilities as they are": lambda job: _locks(job).pop("capabilities"),
    "a root that can be written": lambda job: _locks(job).update(readOnlyRootFilesystem=False),
    "an open /proc": lambda job: _locks(job).update(procMount="Unmasked"),
    "no locks at all": lambda job: _container(job).pop("securityContext"),
    "no user at all": lambda job: _pod(job).pop("securityContext"),
    "another runtime": lambda job: _pod(job).update(runtimeClassName="weak"),
    "a priority above others": lambda job: _pod(job).update(priorityClassName="system-cluster-critical"),
    "a long farewell": lambda job: _pod(job).update(terminationGracePeriodSeconds=86400),
    "a device": lambda job: _pod(job).update(resourceClaims=[{"name": "gpu", "resourceClaimName": "x"}]),
}
"""What is wrong with the pod of a Job -> the change that makes it so."""
WRONG_JOB: dict[str, Change] = {
    "no deadline": lambda job: job["spec"].pop("activeDeadlineSeconds"),
    "a late deadline": lambda job: job["spec"].update(activeDeadlineSeconds=86400),
    "kept for ever": lambda job: job["spec"].pop("ttlSecondsAfterFinished"),
    "kept for a day": lambda job: job["spec"].update(ttlSecondsAfterFinished=86400),
    "many tries": lambda job: job["spec"].update(backoffLimit=100),
    "many pods": lambda job: job["spec"].update(parallelism=50),
    "many ends": lambda job: job["spec"].update(completions=50),
    "any failure again": lambda job: job["spec"].pop("podFailurePolicy"),
    "led by somebody else": lambda job: job["spec"].update(managedBy="exfil.example/x"),
}
