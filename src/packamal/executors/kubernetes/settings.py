"""What an installation decides about its Jobs."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path


class Profile(enum.StrEnum):
    """How a Job's pod is shut in."""

    RESTRICTED = "restricted"
    """What Pod Security calls restricted, with a seccomp profile of its own."""
    KATA = "kata"
    """The same in a virtual machine of its own."""
    PRIVILEGED = "privileged"
    """No wall at all; for clusters that are thrown away."""


class Transport(enum.StrEnum):
    """How a report comes back."""

    UPLOAD = "upload"
    """Sent to the internal listener."""
    VOLUME = "volume"
    """Written into the Job's own part of a volume, then announced to the internal listener."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Requests and limits alike, as quantities of Kubernetes."""

    cpu: str = "1"
    memory: str = "1Gi"
    storage: str = "2Gi"
    """Of everything the Job may write."""


@dataclass(frozen=True, slots=True)
class Placement:
    """On which nodes, and before whom."""

    node_selector: str = "{}"
    """JSON, as in a pod; kept as text so that it cannot change."""
    tolerations: str = "[]"
    affinity: str = "{}"
    priority_class: str = ""


@dataclass(frozen=True, slots=True)
class JobSettings:
    """One installation's Jobs."""

    namespace: str
    image: str
    callback_url: str
    """The internal listener as Jobs reach it: http://packamal-internal.packamal:8001."""
    service_account: str = "analysis"
    profile: Profile = Profile.RESTRICTED
    seccomp_profile: str = "packamal/sandbox.json"
    """Below the kubelet's folder of profiles."""
    runtime_class: str = ""
    has_user_namespace: bool = False
    transport: Transport = Transport.UPLOAD
    claim: str = "job-results"
    """The volume of results in the namespace of Jobs."""
    results_dir: Path | None = None
    """The same volume as this process sees it."""
    resources: Resources = Resources()
    placement: Placement = Placement()
    pull_policy: str = "IfNotPresent"
    pull_secrets: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    """Of the scan: where its package managers find their indexes. No secrets: whoever reads Jobs reads it."""
    ttl_s: int = 300
    """How long a finished Job stays to be looked at."""
    kubeconfig: Path | None = None
    """None: what the pod's service account says."""
