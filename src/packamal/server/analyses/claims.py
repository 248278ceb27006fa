"""One row for one question: the same release under the same rules and options is analysed once, whoever asks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.utils import timezone
from packageurl import PackageURL

from packamal.rules_version import rules_version
from packamal.server.accounts.models import ApiKey, User
from packamal.server.analyses.lanes import due_at
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane

TRIES = 3
"""A claim that is there when we insert and gone when we look was given up in between; that does not happen often."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks."""

    owner: User | None = None
    key: ApiKey | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be judged."""

    requested: str
    purl: PackageURL
    """With the exact version."""
    release_digest: str
    options: Mapping[str, str | int | bool] = field(default_factory=dict)
    """What changes the answer; nothing else."""
    lane: Lane = Lane.BULK
    is_forced: bool = False
    """Judge again though there is an answer."""

    @property
    def claim(self) -> str:
        """What is unique in the database."""
        parts = [self.purl.to_string(), self.release_digest, rules_version(), json.dumps(self.options, sort_keys=True)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Claimed:
    """The row that answers a question."""

    analysis: Analysis
    is_new: bool


def claim(question: Question, asker: Asker) -> Claimed:
    """Find or insert the row; the database decides who was first. A forced one takes a final row's claim over."""
    for _ in range(TRIES):
        held = Analysis.objects.filter(claim=question.claim).first()
        if held and not (question.is_forced and held.is_final):
            return Claimed(held, is_new=False)
        try:
            with transaction.atomic():
                if held:
                    Analysis.objects.filter(pk=held.pk, claim=question.claim).update(claim=None)
                return Claimed(_insert(question, asker), is_new=True)
        except IntegrityError:
            continue
    raise IntegrityError("a claim kept changing hands")


def _insert(question: Question, asker: Asker) -> Analysis:
    now, purl = timezone.now(), question.purl
    return Analysis.objects.create(
        requested=question.requested,
        purl=purl.to_string(),
        ecosystem=purl.type,
        name=f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name,
        version=purl.version or "",
        release_digest=question.release_digest,
        rules_version=rules_version(),
        options=dict(question.options),
        claim=question.claim,
        lane=question.lane,
        due_at=due_at(question.lane, asker.owner.pk if asker.owner else None, now),
        available_at=now,
        owner=asker.owner,
        key=asker.key,
        request_id=asker.request_id,
        created_at=now,
    )
