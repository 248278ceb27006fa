"""A client with a constant arrival rate: a request is due at its moment, answered or not the ones before it.

The time of an answer counts from the moment at which its request was due and not from when it was sent, so that a
service that stalls is charged for everybody who would have come meanwhile (no coordinated omission). Connections are
kept alive and taken by whoever is due; when none is free another is opened, up to MAX_CONNECTIONS.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

MAX_CONNECTIONS = 64
ANSWER_S = 30.0
"""A request without an answer for longer has failed."""
FAILED = 0
"""The status of a request that was not answered."""


class Request(NamedTuple):
    """What is sent."""

    method: str
    path: str
    headers: str = ""
    """Whole lines, each with its end."""
    body: bytes = b""

    def encoded(self) -> bytes:
        """As HTTP/1.1 has it."""
        length = f"Content-Length: {len(self.body)}\r\n" if self.body else ""
        return (
            f"{self.method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.headers}{length}\r\n".encode() + self.body
        )


class Answer(NamedTuple):
    """One answer."""

    status: int
    seconds: float
    """From the moment the request was due."""
    body: bytes


class Outcome(NamedTuple):
    """What a stage saw."""

    answers: list[Answer]
    wall_s: float
    """From the first moment that was due to the last answer."""

    @property
    def statuses(self) -> Counter[int]:
        """Status -> answers."""
        return Counter(answer.status for answer in self.answers)

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return len(self.answers) / self.wall_s

    def quantile_ms(self, share: float) -> float:
        """Nearest rank, of all answers."""
        times = sorted(answer.seconds for answer in self.answers)
        return 1000 * times[min(len(times) - 1, int(share * len(times)))]


def offer(port: int, requests: Iterable[Request], rate: float) -> Outcome:
    """Send each at its moment, `rate` in a second, and wait for all answers."""
    return asyncio.run(_Run(port).offer(list(requests), rate))


class _Run:
    def __init__(self, port: int) -> None:
        self.port = port
        self.free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.places = asyncio.Semaphore(MAX_CONNECTIONS)

    async def offer(self, requests: list[Request], rate: float) -> Outcome:
        begins = time.perf_counter() + 0.1
        tasks = []
        for number, request in enumerate(requests):
            due = begins + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            tasks.append(asyncio.create_task(self._one(request.encoded(), due)))
        answers = await asyncio.gather(*tasks)
        ends = time.perf_counter()
        for _, writer in self.free:
            writer.close()
        return Outcome(answers, ends - begins)

    async def _one(self, content: bytes, due: float) -> Answer:
        async with self.places:
            try:
                status, body = await asyncio.wait_for(self._exchange(content), ANSWER_S)
            except (TimeoutError, OSError, EOFError, ValueError):
                status, body = FAILED, b""
        return Answer(status, time.perf_counter() - due, body)

    async def _exchange(self, content: bytes) -> tuple[int, bytes]:
        reader, writer = self.free.pop() if self.free else await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(content)
            status, body, is_kept = await _read(reader)
        except BaseException:
            writer.close()
            raise
        if is_kept:
            self.free.append((reader, writer))
        else:
            writer.close()
        return status, body


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    is_kept = b"\r\nconnection: close" not in head
    if b"\r\ntransfer-encoding: chunked" in head:
        return status, await _chunks(reader), is_kept
    _, mark, rest = head.partition(b"\r\ncontent-length:")
    return status, await reader.readexactly(int(rest.partition(b"\r\n")[0])) if mark else b"", is_kept


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    found = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        found += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return bytes(found)
