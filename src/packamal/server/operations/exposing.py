"""What the processes of one machine counted, for a watcher that cannot reach the internal listener of that machine."""

from __future__ import annotations

import threading
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector


def serve(host: str, port: int, folder: Path) -> tuple[int, threading.Thread]:
    """Answer with the sums of `folder` in the background; gives the port, which the system chooses for 0."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    server, thread = start_http_server(port, host, registry)
    return server.server_port, thread
