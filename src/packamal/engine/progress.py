"""What a scan says while it runs; kept apart so that nothing heavy is imported to speak of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of one scan, for a bar or for a program; never part of the result."""

    stage: str
    """resolve, fetch, archive, python, javascript, yara, metadata, verdict."""
    message: str
    """What is done now, one line; may hold names out of the package, so whoever shows it escapes it."""
    done: int = 0
    total: int = 0
    """Units of work behind and in all; 0 where that is not known."""
