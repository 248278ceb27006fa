"""A rendered release as one asks about it: its pods, and what is in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chart.rendering import NAMESPACE, Object

COMPONENT = "app.kubernetes.io/component"
TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
"""Kind -> where its pod stands."""


class Pod(NamedTuple):
    """A pod that a release makes."""

    owner: Object
    namespace: str
    labels: dict[str, str]
    spec: Object

    @property
    def name(self) -> str:
        """`Deployment/packamal-backend`."""
        return f"{self.owner['kind']}/{self.owner['metadata']['name']}"

    @property
    def component(self) -> str:
        """Its word."""
        return self.labels[COMPONENT]

    @property
    def containers(self) -> list[Object]:
        """All of them."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def replicas(self) -> int:
        """At least; what runs now and then counts once."""
        return int(self.owner["spec"].get("replicas", 1))


def pods(objects: Sequence[Object]) -> Iterator[Pod]:
    """Every pod."""
    for one in objects:
        if one["kind"] in TEMPLATES:
            template = one
            for key in TEMPLATES[one["kind"]]:
                template = template[key]
            namespace = one["metadata"].get("namespace", NAMESPACE)
            yield Pod(one, namespace, template["metadata"].get("labels", {}), template["spec"])


def of_kind(objects: Sequence[Object], *kinds: str) -> list[Object]:
    """In their order."""
    return [one for one in objects if one["kind"] in kinds]
