"""The closed sets of words that rows hold."""

from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    """Where an analysis stands; stages (fetch, read, judge) are text beside it, no states."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED})
"""Never left again: a new attempt on the same package is a new row."""


class Lane(models.TextChoices):
    """Who waits for the answer."""

    INTERACTIVE = "interactive"
    BULK = "bulk"
    FEED = "feed"


class Category(models.TextChoices):
    """Why an analysis failed, for callers."""

    INVALID_INPUT = "invalid_input"
    NOT_FOUND = "not_found"
    FETCH_FAILED = "fetch_failed"
    UNSUPPORTED = "unsupported"
    IMAGE_ERROR = "image_error"
    SANDBOX_UNAVAILABLE = "sandbox_unavailable"
    TIMEOUT = "timeout"
    RESOURCE_LIMIT = "resource_limit"
    RESULT_MISSING = "result_missing"
    RESULT_INVALID = "result_invalid"
    CLUSTER_ERROR = "cluster_error"
    CANCELLED = "cancelled"
    INTERNAL = "internal"


RETRIED = frozenset({Category.CLUSTER_ERROR, Category.FETCH_FAILED, Category.IMAGE_ERROR, Category.SANDBOX_UNAVAILABLE})
"""Trouble of the ground it runs on. What a package does (time-out, crash, memory) is an answer, not retried."""
