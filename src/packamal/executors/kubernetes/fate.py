"""Reads what became of a Job out of the Job and its pods: pure functions over what the API server tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from packamal.executors.base import Ending
from packamal.executors.kubernetes.exits import ENDINGS, KILLED, JobExit
from packamal.executors.kubernetes.objects import FAILED, SUCCEEDED, ContainerState, Job, Pod

EXIT_CODE = re.compile(r"exit code (\d{1,3})\b")
NO_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ErrImageInspect"})
NO_CONTAINER = frozenset({"CreateContainerError", "CreateContainerConfigError", "RunContainerError"})
"""The node has the image and still cannot start it: without the seccomp profile, for one."""
NO_WALL = re.compile(r"seccomp|apparmor", re.IGNORECASE)
OVER_STORAGE = re.compile(r"ephemeral local storage usage|local ephemeral storage|EmptyDir volume .* exceeds", re.I)
"""What the kubelet says when it evicts a pod for its own writing, not for the node's sake."""


class Fate(NamedTuple):
    """An end, with the words of the cluster for it."""

    ending: Ending
    words: str = ""


def fate(job: Job, pods: Sequence[Pod], *, has_run: bool) -> Fate | None:
    """How the Job ended; None while it has not.

    The pods tell what the Job alone does not: memory, disk. `has_run`: a container of it was seen at work.
    """
    if job.holds(SUCCEEDED):
        return Fate(Ending.DELIVERED)
    if found := _outgrown(pods):
        return found
    failed = job.holds(FAILED)
    if failed is None:
        return None
    words = f"{failed.reason}: {failed.message}"
    if failed.reason == "DeadlineExceeded":  # its time runs from the moment that it was made, on a full cluster, too
        return Fate(Ending.TIMEOUT, words) if has_run else Fate(Ending.LOST, f"{words}; no node took it in time")
    codes = [*_exit_codes(pods), *(int(code) for code in EXIT_CODE.findall(failed.message))]
    return Fate(ENDINGS.get(codes[0], Ending.LOST) if codes else Ending.LOST, words)


def has_run(pods: Sequence[Pod]) -> bool:
    """A container of them is at work, or was."""
    return any(state.running is not None or state.terminated is not None for state in _states(pods))


def hindrance(pods: Sequence[Pod]) -> Fate | None:
    """Why a container cannot be started, in the kubelet's words; None: nothing is known to be in its way."""
    for state in _states(pods):
        if state.waiting and state.waiting.reason in NO_IMAGE | NO_CONTAINER:
            words = f"{state.waiting.reason}: {state.waiting.message}"
            if state.waiting.reason in NO_IMAGE:
                return Fate(Ending.NO_IMAGE, words)
            return Fate(Ending.UNSAFE if NO_WALL.search(words) else Ending.LOST, words)
    return None


def _outgrown(pods: Sequence[Pod]) -> Fate | None:
    for state in _states(pods):
        if state.terminated and (state.terminated.reason, state.terminated.exit_code) == ("OOMKilled", KILLED):
            return Fate(Ending.OUT_OF_MEMORY, "OOMKilled")
    for pod in pods:
        if pod.status.reason == "Evicted" and OVER_STORAGE.search(pod.status.message):
            return Fate(Ending.OUT_OF_MEMORY, f"Evicted: {pod.status.message}")
    return None


def _exit_codes(pods: Sequence[Pod]) -> Iterator[int]:
    """Those that are ours; the codes of pods that the cluster ended say nothing."""
    for state in _states(pods):
        if state.terminated and state.terminated.exit_code in ENDINGS.keys() - {JobExit.DELIVERED}:
            yield state.terminated.exit_code


def _states(pods: Sequence[Pod]) -> Iterator[ContainerState]:
    return (state for pod in pods for state in pod.states())
