"""Metrics out of the rows, asked when they are looked at: right however many processes there are."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from django.db import DatabaseError
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane, State
from packamal.server.feeds.state import standings
from packamal.server.operations.models import BeatLease

log = logging.getLogger(__name__)


def exposition(folder: Path) -> bytes:
    """Everything, in the text format of Prometheus."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    registry.register(Rows())
    return generate_latest(registry)


class Rows(Collector):
    """Queue, running scans and the heartbeat of beat."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Few index look-ups; without a database only that it is gone."""
        up = GaugeMetricFamily("packamal_database_up", "1 when the database answers.")
        try:
            families = [*_lanes(State.QUEUED, "queue"), *_lanes(State.RUNNING, "running"), _heartbeat(), _feeds()]
        except DatabaseError as error:
            log.warning("the database cannot be used: %s", error)
            families = []
        up.add_metric([], bool(families))
        yield up
        yield from families


def _lanes(state: State, name: str) -> Iterator[GaugeMetricFamily]:
    depth = GaugeMetricFamily(f"packamal_{name}_depth", f"Analyses that are {state.value}.", labels=["lane"])
    age = GaugeMetricFamily(
        f"packamal_{name}_oldest_seconds", f"Age of the oldest that is {state.value}.", labels=["lane"]
    )
    since = "created_at" if state is State.QUEUED else "started_at"
    rows = Analysis.objects.filter(state=state).order_by().values("lane")
    found = {row["lane"]: row for row in rows.annotate(count=Count("pk"), oldest=Min(since))}
    for lane in Lane:
        row = found.get(lane.value)
        depth.add_metric([lane.value], row["count"] if row else 0)
        age.add_metric([lane.value], (timezone.now() - row["oldest"]).total_seconds() if row else 0)
    yield depth
    yield age


def _feeds() -> GaugeMetricFamily:
    """One for each feed that is on; it grows while nothing answers, and while the feed is paused."""
    family = GaugeMetricFamily("packamal_feed_age_seconds", "Since a feed answered last.", labels=["feed"])
    for one in standings():
        if one.age_s is not None:
            family.add_metric([one.name], one.age_s)
    return family


def _heartbeat() -> GaugeMetricFamily:
    """Seconds since; absent when beat never ran, and an alert asks for both."""
    family = GaugeMetricFamily("packamal_beat_heartbeat_age_seconds", "Since an active beat renewed its lease.")
    for renewed_at in BeatLease.objects.values_list("renewed_at", flat=True)[:1]:
        family.add_metric([], (timezone.now() - renewed_at).total_seconds())
    return family
