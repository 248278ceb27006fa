"""What is read of Jobs and their pods, parsed once at the edge: all else that an API server tells is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from packamal.executors.kubernetes.pod import CONTAINER

ATTEMPT = "packamal/attempt"
"""Annotation with the name of the order."""
SUCCEEDED = frozenset({"Complete", "SuccessCriteriaMet"})
FAILED = frozenset({"Failed", "FailureTarget"})
"""The second ones come a little earlier, while pods are still ending."""


def _as_written(name: str) -> str:
    """`exit_code` is `exitCode` to an API server, `continue_` is `continue`."""
    first, *others = name.rstrip("_").split("_")
    return first + "".join(word.title() for word in others)


AS_WRITTEN: dict[str, Any] = {"alias_generator": _as_written}
"""Of pydantic, which is not imported here: it is no part of a scan."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Of any object."""

    __pydantic_config__: ClassVar[dict[str, Any]] = AS_WRITTEN

    name: str
    uid: str
    resource_version: str
    annotations: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What holds of an object, or does not."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """As the cluster's controller writes it."""

    conditions: tuple[Condition, ...] | None = None
    ready: int | None = None
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One scan in the cluster."""

    metadata: Metadata
    status: JobStatus = field(default_factory=JobStatus)

    @property
    def attempt(self) -> str:
        """The name of its order; empty: none of ours."""
        return (self.metadata.annotations or {}).get(ATTEMPT, "")

    @property
    def has_ready_pod(self) -> bool:
        """Something of it runs now."""
        return bool(self.status.ready)

    @property
    def has_ended(self) -> bool:
        """Nothing of it is started any more."""
        return self.holds(SUCCEEDED) is not None or self.holds(FAILED) is not None

    def holds(self, types: frozenset[str]) -> Condition | None:
        """The first condition of these types that is true."""
        conditions = self.status.conditions or ()
        return next((one for one in conditions if one.type in types and one.status == "True"), None)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a container waits, or how it ended."""

    __pydantic_config__: ClassVar[dict[str, Any]] = AS_WRITTEN

    reason: str = ""
    message: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class ContainerState:
    """One of the three is there, or none."""

    waiting: Reason | None = None
    running: dict[str, Any] | None = None
    terminated: Reason | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """One of a pod, by what became of it."""

    name: str
    state: ContainerState = field(default_factory=ContainerState)


@dataclass(frozen=True, slots=True)
class PodStatus:
    """As the kubelet writes it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = AS_WRITTEN

    reason: str = ""
    message: str = ""
    container_statuses: tuple[Container, ...] | None = None


@dataclass(frozen=True, slots=True)
class Pod:
    """Where a scan runs, or ran."""

    metadata: Metadata
    status: PodStatus = field(default_factory=PodStatus)

    def states(self) -> Iterator[ContainerState]:
        """Of the container of the scan; none before the kubelet has it."""
        return (one.state for one in self.status.container_statuses or () if one.name == CONTAINER)


@dataclass(frozen=True, slots=True)
class ListMetadata:
    """Of an answer with many."""

    __pydantic_config__: ClassVar[dict[str, Any]] = AS_WRITTEN

    continue_: str = ""


@dataclass(frozen=True, slots=True)
class Jobs:
    """One page of a list."""

    metadata: ListMetadata = field(default_factory=ListMetadata)
    items: tuple[Job, ...] | None = None


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods of one Job."""

    items: tuple[Pod, ...] | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What an API server says instead of an object."""

    code: int | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class WatchLine:
    """One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK, ERROR."""

    type: str
    object: dict[str, Any]
