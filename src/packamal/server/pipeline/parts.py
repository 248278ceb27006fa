"""Which executor and which store the settings choose."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from packamal.errors import SettingsError
from packamal.executors.base import Executor
from packamal.executors.kubernetes.api import Cluster, ClusterError
from packamal.executors.kubernetes.executor import KubernetesExecutor
from packamal.executors.kubernetes.settings import JobSettings
from packamal.executors.process import ProcessExecutor
from packamal.server.pipeline.results import DirectoryStore, ResultsStore


def executor() -> Executor:
    """Where scans run. Never another one instead: who asks for Jobs asks for their walls.

    Raises SettingsError where Jobs are asked for and nothing says how to reach a cluster.
    """
    if settings.PACKAMAL.jobs:
        return _in_jobs(settings.PACKAMAL.jobs)
    lists_dir = settings.PACKAMAL.lists_dir if settings.PACKAMAL.feeds.lists else None
    return ProcessExecutor(settings.PACKAMAL.data_dir / "cache", lists_dir=lists_dir)


@cache
def _in_jobs(jobs: JobSettings) -> KubernetesExecutor:
    """One for a process: it keeps its way to the cluster."""
    cluster = Cluster(jobs.namespace, jobs.kubeconfig)
    try:
        cluster.sign_in()
    except ClusterError as error:
        raise SettingsError(f"PACKAMAL_SERVER_EXECUTOR: kubernetes, but {error}") from error
    return KubernetesExecutor(jobs, cluster)


def store() -> ResultsStore:
    """Where reports are kept."""
    return DirectoryStore(settings.PACKAMAL.results_dir)
