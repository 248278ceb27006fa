"""Keeps popular names, known bad digests and further rules fresh from one configured place.

The place, an address or a folder, has a file `lists.json`: {"files": {"known-bad.txt": "SHA-256 of it", ...}}. All of
them are fetched, checked by digest and by what they must look like, and put in use together; a refresh that fails
leaves the lists that are in use alone, and their age is shown.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from packamal.ecosystems.text import load_json
from packamal.errors import AnalysisError, FetchError, RuleError
from packamal.lists import POINTER
from packamal.server.feeds.base import Source
from packamal.server.feeds.models import ListState
from packamal.verdict.rules import RULES, read_rules

log = logging.getLogger(__name__)
MANIFEST = "lists.json"
PERIOD = timedelta(days=1)
RETRY = timedelta(hours=1)
MAX_BYTES = 8_000_000
"""Of one file; 15,000 names are 200 kB, 60,000 digests 6 MB."""
MAX_FILES = 500
MAX_KEPT = 3
"""Former lists; a scan that runs still reads those it began with."""
PART = "part-"
BROKEN_OFF = timedelta(days=1)
"""A refresh that was killed leaves its folder; one that runs takes minutes."""
MIN_NAMES = 1000
"""A list of popular names with fewer would make most imitations pass."""
ERROR_CHARS = 500
DIGEST = re.compile(r"[0-9a-f]{64}")
RULE = re.compile(r"rules/[a-z0-9-]{1,40}/[a-z0-9-]{1,80}\.yaml")
NAME_LINE = re.compile(r"(?:@[\w.~-]{1,100}/)?[\w.~!'()*-]{1,214}", re.ASCII)
BAD_LINE = re.compile(r"[0-9a-f]{64}(?:[ \t]+[^\x00-\x08\x0b-\x1f\x7f]{1,300})?")
Read = Callable[[str], bytes]


def refresh_due() -> bool:
    """Refresh when a day, or after a failure an hour, has passed; whether it was tried."""
    place = settings.PACKAMAL.feeds.lists
    if not place:
        return False
    state, _ = ListState.objects.get_or_create(name=ListState.ONLY)
    now = timezone.now()
    if not ListState.objects.filter(pk=state.pk, due_at__lte=now).update(due_at=now + RETRY, tried_at=now):
        return False
    try:
        digest = _refreshed(place, settings.PACKAMAL.lists_dir)
    except (AnalysisError, RuleError, OSError) as error:
        log.warning("the lists were not refreshed: %s", error)
        ListState.objects.filter(pk=state.pk).update(error=str(error)[:ERROR_CHARS])
        return True
    ListState.objects.filter(pk=state.pk).update(error="", succeeded_at=now, digest=digest, due_at=now + PERIOD)
    return True


def _refreshed(place: str, root: Path) -> str:
    """Put what the place holds in use; its digest. Raises AnalysisError, RuleError, OSError."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.startswith(("https://", "http://")):
        with Source(place) as source:
            return _put(lambda path: source.text(path, "*/*"), root)
    return _put(lambda path: _read_file(Path(place), path), root)


def _put(read: Read, root: Path) -> str:
    manifest = read(MANIFEST)
    digest = hashlib.sha256(manifest).hexdigest()
    part = Path(tempfile.mkdtemp(prefix=PART, dir=root))
    try:
        for path, wanted in _files(manifest).items():
            content = read(path)
            _check(path, content, wanted)
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            (part / path).write_bytes(content)
        read_rules((RULES, part / "rules"))
        with suppress(OSError):
            part.replace(root / digest)  # there already: the same content, since its manifest is the same
        if not (root / digest).is_dir():
            raise FetchError("the lists could not be put in their place")
    finally:
        shutil.rmtree(part, ignore_errors=True)
    (root / f"{POINTER}.part").write_text(digest)
    (root / f"{POINTER}.part").replace(root / POINTER)
    (root / digest).touch()
    _sweep(root)
    return digest


def _files(manifest: bytes) -> Mapping[str, str]:
    """Path -> digest. Raises FetchError."""
    value = load_json(manifest) if len(manifest) <= MAX_BYTES else None
    files = value.get("files") if isinstance(value, dict) else None
    if not isinstance(files, dict) or not 0 < len(files) <= MAX_FILES:
        raise FetchError(f"{MANIFEST} has no files")
    for path, digest in files.items():
        if path not in CHECKS and not RULE.fullmatch(path):
            raise FetchError(f"{MANIFEST} names a file that is no list: {path[:80]!r}")
        if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
            raise FetchError(f"{MANIFEST} has no SHA-256 for {path}")
    return files


def _check(path: str, content: bytes, wanted: str) -> None:
    """Raises FetchError."""
    if len(content) > MAX_BYTES:
        raise FetchError(f"{path} is larger than {MAX_BYTES} bytes")
    if hashlib.sha256(content).hexdigest() != wanted:
        raise FetchError(f"{path} is not what {MANIFEST} says")
    if path not in CHECKS:
        return
    line, least = CHECKS[path]
    try:
        lines = [one for one in content.decode().splitlines() if one and not one.startswith("#")]
    except UnicodeDecodeError as error:
        raise FetchError(f"{path} is no text") from error
    if len(lines) < least or not all(line.fullmatch(one) for one in lines):
        raise FetchError(f"{path} does not look like such a list")


CHECKS = {
    "popular-pypi.txt": (NAME_LINE, MIN_NAMES),
    "popular-npm.txt": (NAME_LINE, MIN_NAMES),
    "known-bad.txt": (BAD_LINE, 0),
}
"""File -> what each of its lines is, and how many there are at least."""


def _read_file(folder: Path, path: str) -> bytes:
    """No link is followed, and no more is read than may be."""
    if (folder / path).parent.resolve() != (folder.resolve() / path).parent:
        raise FetchError(f"{path} is behind a link")
    with os.fdopen(os.open(folder / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return file.read(MAX_BYTES + 1)


def _sweep(root: Path) -> None:
    former = [path for path in root.iterdir() if DIGEST.fullmatch(path.name) and path.is_dir()]
    former.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    before = time.time() - BROKEN_OFF.total_seconds()
    broken_off = [path for path in root.glob(f"{PART}*") if path.is_dir() and path.stat().st_mtime < before]
    for path in [*former[MAX_KEPT:], *broken_off]:
        shutil.rmtree(path, ignore_errors=True)
