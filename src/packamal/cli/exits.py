"""Exit codes: what a script learns without reading the report."""

from __future__ import annotations

import enum

from packamal.errors import PackamalError, RuleError, UsageError


class Exit(enum.IntEnum):
    """Documented in docs/cli.md; never renumbered."""

    BELOW = 0
    """Judged, and below the threshold."""
    FLAGGED = 1
    """At or above the threshold (--fail-on)."""
    USAGE = 2
    """The command, a setting, a rule or a file of the user is wrong."""
    INCOMPLETE = 3
    """Something could not be judged."""
    INTERRUPTED = 130
    """128 + SIGINT."""
    BROKEN_PIPE = 141
    """128 + SIGPIPE: whoever read the result went away."""
    TERMINATED = 143
    """128 + SIGTERM."""


def of_error(error: PackamalError) -> Exit:
    """The code for what ended a command early."""
    return Exit.USAGE if isinstance(error, UsageError | RuleError) else Exit.INCOMPLETE
