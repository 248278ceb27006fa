"""The pod of a Job: one container that owns nothing, may nothing, and holds its tokens as files.

Its arguments are the contract with the program inside: `job --callback URL --tokens DIR --profile NAME
--time-limit Ns --request-id=ID [--results DIR] [--upload=NAME] -- PURL`. Below DIR lie `result` and `heartbeat`. What
comes from outside is bound to its option by `=` or stands behind `--`, so that it never begins one.
"""

from __future__ import annotations

import json
import re
from typing import Any

from packamal.executors.base import Order
from packamal.executors.kubernetes.settings import JobSettings, Profile, Transport

UID = 10001
CONTAINER = "scan"
TOKENS_DIR = "/run/packamal"
RESULTS_DIR = "/results"
SCRATCH_DIR = "/tmp"  # noqa: S108  the container's own, of a stated size
TOKEN_MODE = 0o440
MAX_WORD_BYTES = 32_000
"""A package address of the longest parts is shorter; the kernel takes 128 KiB."""
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
GRACE_S = 25
"""A spot node is given 30 s."""


def pod_spec(order: Order, settings: JobSettings, name: str) -> dict[str, Any]:
    """As plain data; `name` is that of the Job, of its Secret and of its part of the volume."""
    place = settings.placement
    optional = {
        "imagePullSecrets": [{"name": secret} for secret in settings.pull_secrets],
        "nodeSelector": json.loads(place.node_selector),
        "tolerations": json.loads(place.tolerations),
        "affinity": json.loads(place.affinity),
        "priorityClassName": place.priority_class,
        "runtimeClassName": settings.runtime_class if settings.profile is Profile.KATA else "",
    }
    return {
        "restartPolicy": "Never",
        "serviceAccountName": settings.service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_S,
        "securityContext": _pod_security(settings),
        "containers": [_container(order, settings, name)],
        "volumes": _volumes(settings, name),
        **({"hostUsers": False} if settings.has_user_namespace else {}),
        **{key: value for key, value in optional.items() if value},
    }


def _pod_security(settings: JobSettings) -> dict[str, Any]:
    if settings.profile is Profile.PRIVILEGED:
        return {"fsGroup": UID}
    return {
        "runAsNonRoot": True,
        "runAsUser": UID,
        "runAsGroup": UID,
        "fsGroup": UID,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "Localhost", "localhostProfile": settings.seccomp_profile},
    }


def _security(settings: JobSettings) -> dict[str, Any]:
    if settings.profile is Profile.PRIVILEGED:
        return {"privileged": True}
    return {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def _container(order: Order, settings: JobSettings, name: str) -> dict[str, Any]:
    resources = settings.resources
    quantities = {"cpu": resources.cpu, "memory": resources.memory, "ephemeral-storage": resources.storage}
    variables = {**dict(settings.environment), "HOME": SCRATCH_DIR, "TMPDIR": SCRATCH_DIR}
    return {
        "name": CONTAINER,
        "image": settings.image,
        "imagePullPolicy": settings.pull_policy,
        "args": [_literal(word) for word in _words(order, settings)],
        "env": [{"name": key, "value": _literal(value)} for key, value in sorted(variables.items())],
        "resources": {"requests": dict(quantities), "limits": dict(quantities)},
        "securityContext": _security(settings),
        "terminationMessagePolicy": "File",
        "volumeMounts": _mounts(settings, name),
    }


def _words(order: Order, settings: JobSettings) -> list[str]:
    if order.delivery is None:
        raise ValueError("a Job needs a way to bring its report back")
    words = [
        *["job", "--callback", f"{settings.callback_url}/internal/v1/{order.delivery.path}"],
        *["--tokens", TOKENS_DIR, "--profile", settings.profile.value, "--time-limit", f"{order.time_limit_s}s"],
        f"--request-id={order.request_id}",
    ]
    if settings.transport is Transport.VOLUME:
        words += ["--results", RESULTS_DIR]
    if order.path:
        words.append(f"--upload={order.path.name}")
    return [_checked(word) for word in (*words, "--", order.purl)]


def _checked(word: str) -> str:
    """Raises ValueError for what the kernel or JSON would cut or change on the way."""
    if CONTROL.search(word):
        raise ValueError("an argument holds no control characters")
    if len(word.encode()) > MAX_WORD_BYTES:
        raise ValueError("an argument is not that long")
    return word


def _literal(text: str) -> str:
    """The kubelet replaces `$(NAME)`; a doubled dollar is one dollar to it."""
    return text.replace("$", "$$")


def _volumes(settings: JobSettings, name: str) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = [
        {"name": "scratch", "emptyDir": {"sizeLimit": settings.resources.storage}},
        {"name": "tokens", "secret": {"secretName": name, "defaultMode": TOKEN_MODE}},
    ]
    if settings.transport is Transport.VOLUME:
        volumes.append({"name": "results", "persistentVolumeClaim": {"claimName": settings.claim}})
    return volumes


def _mounts(settings: JobSettings, name: str) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = [
        {"name": "scratch", "mountPath": SCRATCH_DIR},
        {"name": "tokens", "mountPath": TOKENS_DIR, "readOnly": True},
    ]
    if settings.transport is Transport.VOLUME:
        mounts.append({"name": "results", "mountPath": RESULTS_DIR, "subPath": name})
    return mounts
