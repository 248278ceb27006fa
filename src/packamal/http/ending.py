"""A deadline for whole connections: a peer that drips bytes, headers among them, is left when it passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

from packamal.http.guard import Guard


class Ending:
    """A network backend whose connections all end at one moment; see httpcore2.NetworkBackend."""

    def __init__(self, guard: Guard, end: float) -> None:
        self._guard = guard
        self._end = end

    def connect_tcp(self, host: str, port: int, **options: Any) -> Any:  # noqa: ANN401  the library's own
        """Connect for as long as there is time."""
        return _Stream(self._guard.connect_tcp(host, port, **options), self._end)


class _Stream:
    """A connection that ends at a moment; see httpcore2.NetworkStream."""

    def __init__(self, stream: Any, end: float) -> None:  # noqa: ANN401  the library's own
        self._stream = stream
        self._end = end
        self.close: Callable[[], None] = stream.close
        self.get_extra_info: Callable[[str], Any] = stream.get_extra_info

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read for as long as there is time."""
        return cast(bytes, self._stream.read(max_bytes, self._left(timeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write for as long as there is time."""
        self._stream.write(buffer, self._left(timeout))

    def start_tls(self, **options: Any) -> Any:  # noqa: ANN401  the library's own
        """Shake hands for as long as there is time."""
        return _Stream(self._stream.start_tls(**{**options, "timeout": self._left(options.get("timeout"))}), self._end)

    def _left(self, timeout: float | None) -> float:
        import httpcore2

        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left if timeout is None else min(left, timeout)
