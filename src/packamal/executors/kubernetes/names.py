"""Names of objects out of names of attempts: the same each time, and never anything that a cluster refuses."""

from __future__ import annotations

import hashlib
import re

MAX_CHARS = 55
"""A label holds 63; the rest is what the cluster appends for a pod."""
HASH_CHARS = 10
FOREIGN = re.compile(r"[^a-z0-9]+")
PREFIX = "scan-"


def job_name(attempt: str) -> str:
    """A DNS label (RFC 1123); two attempts never share one, however alike they are spelled."""
    digest = hashlib.sha256(attempt.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_CHARS]
    room = MAX_CHARS - len(PREFIX) - len(digest) - 1
    slug = FOREIGN.sub("-", attempt.lower())[:room].strip("-")
    return f"{PREFIX}{slug}-{digest}" if slug else f"{PREFIX}{digest}"
