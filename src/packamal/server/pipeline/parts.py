"""Which executor and which store the settings choose."""

from __future__ import annotations

from django.conf import settings

from packamal.errors import SettingsError
from packamal.executors.base import Executor
from packamal.executors.process import ProcessExecutor
from packamal.server.pipeline.results import DirectoryStore, ResultsStore


def executor() -> Executor:
    """Where scans run. Raises SettingsError where they were to run as Jobs: that executor is not there yet.

    Never another one instead: who asks for Jobs asks for their walls.
    """
    if settings.PACKAMAL.jobs:
        raise SettingsError(
            "PACKAMAL_SERVER_EXECUTOR: kubernetes is not there yet, and scans beside the worker are not what it asks "
            "for; set it to process to have them"
        )
    lists_dir = settings.PACKAMAL.lists_dir if settings.PACKAMAL.feeds.lists else None
    return ProcessExecutor(settings.PACKAMAL.data_dir / "cache", lists_dir=lists_dir)


def store() -> ResultsStore:
    """Where reports are kept."""
    return DirectoryStore(settings.PACKAMAL.results_dir)
