"""Builds the Job of an order and the Secret that the Job owns: pure functions from values to plain data."""

from __future__ import annotations

from typing import Any

from packamal.executors.base import Order
from packamal.executors.kubernetes.names import job_name
from packamal.executors.kubernetes.objects import ATTEMPT
from packamal.executors.kubernetes.pod import CONTAINER, pod_spec
from packamal.executors.kubernetes.settings import JobSettings

GRACE_S = 240
"""Beyond the time limit of the scan: a new node for it, pulling, delivering. The chart's policy takes up to 300."""
BACK_OFF_LIMIT = 2
"""Of pods that end without an exit code, refused by a node for one; a disruption is not counted."""
PURL = "packamal/purl"
REQUEST_ID = "packamal/request-id"
LABELS = {
    "app.kubernetes.io/name": "packamal",
    "app.kubernetes.io/component": "analysis",
    "app.kubernetes.io/managed-by": "packamal-executor",
}
"""The same on every Job: what is unique is an annotation, since network layers count sets of labels."""
SELECTOR = ",".join(f"{key}={value}" for key, value in LABELS.items())
KEPT = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
"""A node is not given back in the middle of a scan: https://github.com/kubernetes/autoscaler, its FAQ."""
MAX_SHOWN_CHARS = 2000
"""Of a purl or request id in an annotation; all annotations together may be 256 KiB."""


def build_job(order: Order, settings: JobSettings) -> dict[str, Any]:
    """A batch/v1 Job. Raises ValueError for an order that cannot be put into arguments.

    Only what interrupted a pod from outside makes the cluster start another one. Everything that its program says with
    an exit code ends the Job: whether there is another attempt is decided, counted and written down by who ordered it.
    """
    name = job_name(order.name)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": dict(LABELS), "annotations": notes(order)},
        "spec": {
            "backoffLimit": BACK_OFF_LIMIT,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": order.time_limit_s + GRACE_S,
            "ttlSecondsAfterFinished": settings.ttl_s,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                    {
                        "action": "FailJob",
                        "onExitCodes": {"containerName": CONTAINER, "operator": "NotIn", "values": [0]},
                    },
                ]
            },
            "template": {
                "metadata": {"labels": dict(LABELS), "annotations": {**notes(order), **KEPT}},
                "spec": pod_spec(order, settings, name),
            },
        },
    }


def build_secret(order: Order, uid: str) -> dict[str, Any]:
    """The attempt's tokens; removed with the Job of this uid."""
    name, delivery = job_name(order.name), order.delivery
    if delivery is None:
        raise ValueError("a Job needs a way to bring its report back")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "immutable": True,
        "metadata": {
            "name": name,
            "labels": dict(LABELS),
            "annotations": {ATTEMPT: order.name},
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid}],
        },
        "stringData": {"result": delivery.result_token, "heartbeat": delivery.heartbeat_token},
    }


def notes(order: Order) -> dict[str, str]:
    """What tells a person, and the executor itself, which attempt this is."""
    shown = {ATTEMPT: order.name, PURL: order.purl, REQUEST_ID: order.request_id}
    return {key: _shown(value) for key, value in shown.items()}


def _shown(text: str) -> str:
    return text[:MAX_SHOWN_CHARS].encode("utf-8", "replace").decode()
