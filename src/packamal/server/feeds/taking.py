"""Takes the releases of a batch in: each becomes a row, and where its ecosystem is analysed a submission."""

from __future__ import annotations

from collections.abc import Sequence

from packageurl import PackageURL

from packamal.errors import TargetError
from packamal.server.analyses.claims import Asker
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane
from packamal.server.feeds.base import MAX_TEXT_CHARS, Batch, Release
from packamal.server.feeds.models import Outcome, SeenRelease
from packamal.server.feeds.sources import Kind
from packamal.server.pipeline.submit import submit

CHUNK = 200
"""Releases that are looked up at once."""


def take(feed: str, kind: Kind, batch: Batch, limit: int) -> tuple[int, str, bool]:
    """(how many were new, what to go on from, whether that is all of the batch). Runs in the caller's transaction."""
    taken, cursor = 0, ""
    for start in range(0, len(batch.releases), CHUNK):
        chunk = batch.releases[start : start + CHUNK]
        known = _known(feed, chunk)
        for release in chunk:
            key = (release.name, release.version)
            if key not in known and _is_sound(release):
                if taken == limit:
                    return taken, cursor, False
                known.add(key)
                _take(feed, kind, release)
                taken += 1
            cursor = release.cursor
    return taken, batch.cursor, True


def _is_sound(release: Release) -> bool:
    """Whether it can be written down at all; a feed may name anything."""
    return all(len(text) <= MAX_TEXT_CHARS and text.isprintable() for text in (release.name, release.version))


def _known(feed: str, chunk: Sequence[Release]) -> set[tuple[str, str]]:
    sound = [release for release in chunk if _is_sound(release)]
    rows = SeenRelease.objects.filter(feed=feed, name__in={release.name for release in sound})
    return set(rows.filter(version__in={release.version for release in sound}).values_list("name", "version"))


def _take(feed: str, kind: Kind, release: Release) -> None:
    outcome, analysis = _submitted(feed, kind, release) if kind.is_analysed else (Outcome.UNSUPPORTED, None)
    SeenRelease.objects.create(
        feed=feed,
        name=release.name,
        version=release.version,
        published_at=release.published_at,
        outcome=outcome,
        analysis=analysis,
    )


def _submitted(feed: str, kind: Kind, release: Release) -> tuple[Outcome, Analysis | None]:
    scope, _, name = release.name.rpartition("/")
    try:
        purl = PackageURL(kind.ecosystem, scope or None, name, release.version).to_string()
        claimed = submit(purl, Asker(actor=f"feed:{feed}"), Lane.FEED)
    except (TargetError, ValueError):  # the feed names what no package can be called
        return Outcome.REFUSED, None
    return (Outcome.QUEUED if claimed.is_new else Outcome.KNOWN), claimed.analysis
