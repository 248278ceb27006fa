"""The file of a form on its way into quarantine, for the API and the drop zone: nothing of it is written elsewhere."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import IO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from packamal.server.pipeline.quarantine import MAX_BYTES, Incoming, TooLargeError, UploadError

FIELD = "file"
OVERHEAD_BYTES = 10_000
"""Of the form around the file."""


class Received(UploadedFile):  # type: ignore[type-arg]
    """What came: the digest of an archive in quarantine, or a text that a receiver takes as well."""

    def __init__(self, name: str, size_bytes: int, digest: str = "", text: bytes = b"") -> None:
        super().__init__(io.BytesIO(), name, size=size_bytes)  # closed when a form breaks off
        self.digest, self.text = digest, text


class Receiver(FileUploadHandler):
    """Takes one archive, in pieces."""

    incoming: Incoming | None = None

    def new_file(self, *words: object, **more: object) -> None:
        """Begin. Raises UploadError for a second one."""
        super().new_file(*words, **more)  # type: ignore[arg-type]
        if self.has_begun():
            raise UploadError(f"one file expected, in the field {FIELD}")
        self.begin(self.file_name or "")

    def has_begun(self) -> bool:
        """True once a file is on its way."""
        return self.incoming is not None

    def begin(self, name: str) -> None:
        """Make room for it."""
        self.incoming = Incoming(settings.PACKAMAL.quarantine_dir)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Go on; nobody behind gets it. Raises UploadError as soon as it is too much."""
        assert self.incoming is not None
        self.incoming.write(raw_data)

    def file_complete(self, file_size: int) -> Received:
        """End."""
        assert self.incoming is not None
        name = self.file_name or ""
        return Received(name, self.incoming.size_bytes, digest=self.incoming.keep(name))

    def drop(self) -> None:
        """Leave nothing of what did not come whole."""
        if self.incoming is not None:
            self.incoming.drop()

    def handle_raw_input(self, input_data: IO[bytes], META: object, content_length: int, *more: object) -> None:
        """Refuse before a byte is read what says itself that it is too large."""
        if content_length > MAX_BYTES + OVERHEAD_BYTES:
            raise TooLargeError(f"an archive may have {MAX_BYTES // 10**6} MB")


@contextlib.contextmanager
def receiving(request: HttpRequest, receiver: Receiver) -> Iterator[None]:
    """Let a receiver take what the form of a request holds; parts are removed in the end."""
    request.upload_handlers = [receiver]
    try:
        yield
    finally:
        receiver.drop()
