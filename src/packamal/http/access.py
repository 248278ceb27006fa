"""What a download needs from its surroundings: where the user's own settings are, and how much is too much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from packamal.config import environment

if TYPE_CHECKING:
    import httpx2

TIMEOUT_S = 30.0
"""Longest silence of a server; an index that generates a big page may think for some seconds."""
DEADLINE_S = 300.0
"""Longest time for one file, so that a server which drips bytes ends too."""
MAX_FILE_BYTES = 1 << 30
"""Largest file fetched, all of it held in memory; the largest machine-learning wheels stay below, and no larger archive
is opened."""


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:  # removed under our feet: no project's settings then
        return Path("/")


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach an index; the default is the user's own environment and home."""

    environ: Mapping[str, str] = field(default_factory=environment, repr=False)
    """Never printed: it holds credentials."""
    working_directory: Path = field(default_factory=_here)
    """Where a project's own package manager settings are looked for."""
    timeout_s: float = TIMEOUT_S
    deadline_s: float = DEADLINE_S
    max_bytes: int = MAX_FILE_BYTES
    progress: Callable[[int, int], None] | None = None
    """Called with (bytes done, bytes in all or 0) while a file arrives."""
    transport: httpx2.BaseTransport | None = None
    """Stands instead of the network: recorded answers."""

    @property
    def home(self) -> Path:
        """The user's home, or the working directory where there is none."""
        return Path(self.environ.get("HOME") or self.environ.get("USERPROFILE") or self.working_directory)
