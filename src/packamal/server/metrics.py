"""What is counted where it happens. No label ever holds a package's name or anything else that a caller can invent.

What the database knows (queue, running, heartbeat) is not counted but asked when somebody looks: operations/collector.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Counter("packamal_requests", "Requests by method, route and status.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "packamal_request_seconds",
    "Time to answer a request.",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
SCANS = Counter("packamal_scans", "Attempts that ended, by outcome and the phase they ended in.", ["outcome", "phase"])
SCAN_SECONDS = Histogram(
    "packamal_scan_seconds", "Time of an attempt.", ["outcome"], buckets=(0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900)
)
PHASES = frozenset({"start", "resolve", "fetch", "archive", "verdict"})
DETECT = "detect"
"""Every other stage: what a scan calls them comes out of a process that read a hostile package."""
RECONCILED = Counter("packamal_reconciled", "What the reconciler mended.", ["kind"])
CALLBACKS = Counter("packamal_callbacks", "Calls of scans on the internal listener, by answer.", ["scope", "status"])
DELIVERIES = Counter("packamal_webhook_deliveries", "Tries to deliver a webhook's message, by outcome.", ["outcome"])
WATCH_POLLS = Counter("packamal_watch_polls", "Questions to an index about a watched package, by outcome.", ["outcome"])


def count_scan(outcome: str, stage: str, seconds: float) -> None:
    """One attempt that ended. `outcome`: a level, or a category of failure."""
    SCANS.labels(outcome, stage if stage in PHASES else DETECT).inc()
    SCAN_SECONDS.labels(outcome).observe(seconds)
