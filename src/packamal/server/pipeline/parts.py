"""Which executor and which store the settings choose."""

from __future__ import annotations

from django.conf import settings

from packamal.executors.base import Executor
from packamal.executors.process import ProcessExecutor
from packamal.server.pipeline.results import DirectoryStore, ResultsStore


def executor() -> Executor:
    """Where scans run."""
    lists_dir = settings.PACKAMAL.lists_dir if settings.PACKAMAL.feeds.lists else None
    return ProcessExecutor(settings.PACKAMAL.data_dir / "cache", lists_dir=lists_dir)


def store() -> ResultsStore:
    """Where reports are kept."""
    return DirectoryStore(settings.PACKAMAL.results_dir)
