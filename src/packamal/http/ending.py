"""A deadline for whole connections: a peer that drips bytes, headers among them, is left when it passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import httpcore2


class Ending:
    """A network backend whose connections all end at one moment; see httpcore2.NetworkBackend.

    Below the guard, which tries several numbers of a name one after the other: all of them share the time.
    """

    def __init__(self, backend: httpcore2.NetworkBackend, end: float) -> None:
        self._backend = backend
        self._end = end

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *more: Any) -> Any:  # noqa: ANN401  the library's own
        """Connect for as long as there is time."""
        return _Stream(self._backend.connect_tcp(host, port, left(self._end, timeout), *more), self._end)


class _Stream:
    """A connection that ends at a moment; see httpcore2.NetworkStream."""

    def __init__(self, stream: Any, end: float) -> None:  # noqa: ANN401  the library's own
        self._stream = stream
        self._end = end
        self.close: Callable[[], None] = stream.close
        self.get_extra_info: Callable[[str], Any] = stream.get_extra_info

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read for as long as there is time."""
        return cast(bytes, self._stream.read(max_bytes, left(self._end, timeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write for as long as there is time."""
        self._stream.write(buffer, left(self._end, timeout))

    def start_tls(self, **options: Any) -> Any:  # noqa: ANN401  the library's own
        """Shake hands for as long as there is time."""
        shaken = self._stream.start_tls(**{**options, "timeout": left(self._end, options.get("timeout"))})
        return _Stream(shaken, self._end)


def left(end: float, timeout: float | None) -> float:
    """Seconds that may still be waited. Raises httpcore2.ReadTimeout, which no other number is tried after."""
    import httpcore2

    seconds = end - time.monotonic()
    if seconds <= 0:
        raise httpcore2.ReadTimeout
    return seconds if timeout is None else min(seconds, timeout)
