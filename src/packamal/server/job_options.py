"""Settings of the executor `kubernetes`: one table, and the frozen value that the builder of Jobs takes."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from packamal.errors import SettingsError
from packamal.executors.kubernetes.settings import JobSettings, Placement, Profile, Resources, Transport
from packamal.server.options import ServerOption, a_folder, a_switch, a_url, a_whole_number, one_of

NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
QUANTITY = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,3})?(?:m|[kMGT]i?|Ki)?")
SECCOMP = re.compile(r"(?!/)(?!.*\.\.)[\w./-]{1,200}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
MAX_JSON_CHARS = 20_000
MAX_TTL_S = 3600


class ExecutorKind(enum.StrEnum):
    """Where scans run."""

    PROCESS = "process"
    """Beside the worker, on its machine."""
    KUBERNETES = "kubernetes"
    """Each in a Job of its own."""


def _shaped(shape: re.Pattern[str], what: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text and not shape.fullmatch(text):
            raise ValueError(f"{what} expected")
        return text

    return parse


def _json(kind: type, what: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if len(text) > MAX_JSON_CHARS or not isinstance(_loaded(text), kind):
            raise ValueError(f"{what} as JSON expected")
        return text

    return parse


def _loaded(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _environment(text: str) -> tuple[tuple[str, str], ...]:
    values = _loaded(text)
    if not isinstance(values, dict) or not all(VARIABLE.fullmatch(name) for name in values):
        raise ValueError('variables as a JSON object expected, like {"PIP_INDEX_URL": "https://index.example/simple"}')
    if any(name.startswith("PACKAMAL_") or not isinstance(value, str) for name, value in values.items()):
        raise ValueError("texts expected, of variables that are not Packamal's own")
    return tuple(sorted(values.items()))


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not all(NAME.fullmatch(name) for name in names):
        raise ValueError("names separated by commas expected")
    return names


def _file(text: str) -> Path | None:
    return a_folder(text) if text else None


_name = _shaped(NAME, "the name of an object of the cluster")
_quantity = _shaped(QUANTITY, "a quantity like 500m or 2Gi")
JOB_OPTIONS: tuple[ServerOption, ...] = (
    ServerOption(
        "executor",
        one_of(ExecutorKind),
        "process",
        "process: beside the worker; kubernetes: a Job each.",
    ),
    ServerOption("job_namespace", _name, "", "Namespace of the Jobs; needed with the executor kubernetes."),
    ServerOption("job_image", str, "", "Image of the Jobs; needed with the executor kubernetes."),
    ServerOption("job_callback_url", a_url, "", "The internal listener as Jobs reach it; needed with kubernetes."),
    ServerOption("job_service_account", _name, "analysis", "Account of the Jobs' pods; nothing is bound to it."),
    ServerOption("job_profile", one_of(Profile), "restricted", "How pods are shut in: restricted, kata, privileged."),
    ServerOption(
        "job_seccomp_profile",
        _shaped(SECCOMP, "a path below the kubelet's folder of profiles"),
        "packamal/sandbox.json",
        "Seccomp profile of the pods, below the kubelet's folder of profiles.",
    ),
    ServerOption("job_runtime_class", _name, "", "RuntimeClass of the pods; needed with the profile kata."),
    ServerOption("job_user_namespace", a_switch, "no", "yes: a user namespace around each pod (hostUsers: false)."),
    ServerOption("job_transport", one_of(Transport), "upload", "How reports come back: upload or volume."),
    ServerOption("job_claim", _name, "job-results", "With volume: the claim in the Jobs' namespace."),
    ServerOption("job_results_dir", _file, "", "With volume: where this process sees the same volume."),
    ServerOption("job_cpu", _quantity, "1", "Processor time of a Job, requested and at most."),
    ServerOption("job_memory", _quantity, "1Gi", "Memory of a Job, requested and at most."),
    ServerOption("job_storage", _quantity, "2Gi", "What a Job may write, requested and at most."),
    ServerOption("job_node_selector", _json(dict, "labels"), "{}", "Labels of the analysis pool, as JSON."),
    ServerOption("job_tolerations", _json(list, "tolerations"), "[]", "Tolerations of the pods, as JSON."),
    ServerOption("job_affinity", _json(dict, "an affinity"), "{}", "Affinity of the pods, as JSON."),
    ServerOption("job_priority_class", _name, "", "PriorityClass of the pods: low, and taking nobody's room."),
    ServerOption("job_pull_policy", str, "IfNotPresent", "When the image is pulled."),
    ServerOption("job_pull_secrets", _names, "", "Secrets for pulling the image, separated by commas."),
    ServerOption("job_environment", _environment, "{}", "Variables of the scan, as a JSON object; no secrets."),
    ServerOption("job_ttl_s", a_whole_number(MAX_TTL_S), "300", "Seconds that a finished Job stays to be looked at."),
    ServerOption("job_kubeconfig", _file, "", "How to reach the cluster from outside of it."),
)
NEEDED = ("job_namespace", "job_image", "job_callback_url")


def job_settings(values: Mapping[str, Any]) -> JobSettings | None:
    """The value in force, None for another executor. Raises SettingsError, naming what is missing."""
    if values["executor"] is not ExecutorKind.KUBERNETES:
        return None
    needed = [*NEEDED, *(["job_runtime_class"] if values["job_profile"] is Profile.KATA else [])]
    needed += ["job_results_dir"] if values["job_transport"] is Transport.VOLUME else []
    for option in JOB_OPTIONS:
        if option.name in needed and not values[option.name]:
            raise SettingsError(f"{option.variable}: missing; the executor kubernetes does not start without it")
    return JobSettings(
        namespace=values["job_namespace"],
        image=values["job_image"],
        callback_url=values["job_callback_url"],
        service_account=values["job_service_account"],
        profile=values["job_profile"],
        seccomp_profile=values["job_seccomp_profile"],
        runtime_class=values["job_runtime_class"],
        has_user_namespace=values["job_user_namespace"],
        transport=values["job_transport"],
        claim=values["job_claim"],
        results_dir=values["job_results_dir"],
        resources=Resources(values["job_cpu"], values["job_memory"], values["job_storage"]),
        placement=Placement(
            values["job_node_selector"],
            values["job_tolerations"],
            values["job_affinity"],
            values["job_priority_class"],
        ),
        pull_policy=values["job_pull_policy"],
        pull_secrets=values["job_pull_secrets"],
        environment=values["job_environment"],
        ttl_s=values["job_ttl_s"],
        kubeconfig=values["job_kubeconfig"],
    )
