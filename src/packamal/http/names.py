"""Asks the system for the numbers of a name, and waits no longer than it may.

The system's resolver has no time-out that could be chosen, and a name's own server may take its time: half a minute
and more. So it is asked in a thread, which is left alone when it is late.
"""

from __future__ import annotations

import queue
import socket
import threading

MAX_NUMBERS = 8
"""Numbers of one host that are tried."""


def numbers_of(host: str, port: int, timeout_s: float | None) -> list[str]:
    """Numbers in the system's order. Raises OSError, TimeoutError among them, and UnicodeError."""
    answer: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answer.put(error)
        else:
            answer.put(list(dict.fromkeys(str(one[4][0]) for one in found))[:MAX_NUMBERS])

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        got = answer.get(timeout=timeout_s)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(got, list):
        return got
    raise got
