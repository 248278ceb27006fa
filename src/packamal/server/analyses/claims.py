"""One row for one question: the same package under the same rules and options is analysed once, whoever asks.

Nothing is looked up here, so that a submission costs one insert: which version "the newest" is, and whether the index
still lists the same files, is the worker's to ask (`twins`). An answer is therefore given again for a while only.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from packageurl import PackageURL

from packamal.rules_version import rules_version
from packamal.server.accounts.models import ApiKey, User
from packamal.server.analyses.lanes import due_at
from packamal.server.analyses.models import AlsoAsked, Analysis
from packamal.server.analyses.states import Lane, State

UPLOAD = "upload"
"""The option that holds the digest of an uploaded file."""
FRESH = datetime.timedelta(hours=1)
"""How long an answer on an exact version is given again without asking the index: files can be added to a version."""
NEWEST_FRESH = datetime.timedelta(minutes=5)
"""The same where the index chooses the version."""
TRIES = 3
"""A claim that is there when we insert and gone when we look was given up in between; that does not happen often."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks."""

    owner: User | None = None
    key: ApiKey | None = None
    request_id: str = ""
    actor: str = ""
    """Who stands in the trail when it is no person: `feed:pypi`."""

    @property
    def said(self) -> str:
        """For the trail."""
        return self.actor or (f"key:{self.key.prefix}" if self.key else f"user:{self.owner}")


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be judged."""

    requested: str
    purl: PackageURL
    is_exact: bool = True
    """Whether the version is one, and no range, tag or the newest."""
    options: Mapping[str, str | int | bool] = field(default_factory=dict)
    """What changes the answer; nothing else."""
    lane: Lane = Lane.BULK
    is_forced: bool = False
    """Judge again though there is an answer."""
    accepted: str = ""
    """Digest of the accepted findings that hold for it; empty for none."""

    @property
    def release_digest(self) -> str:
        """Known for an upload; else the worker asks the index."""
        return str(self.options.get(UPLOAD, ""))

    @property
    def claim(self) -> str:
        """What is unique in the database among rows that answer."""
        parts = [self.purl.to_string(), self.release_digest, rules_version(), json.dumps(self.options, sort_keys=True)]
        parts += [self.accepted] if self.accepted else []
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Claimed:
    """The row that answers a question."""

    analysis: Analysis
    is_new: bool


def claim(question: Question, asker: Asker, then: Callable[[Analysis], None] = lambda row: None) -> Claimed:
    """Find or insert the row; the database decides who was first. A final row's claim is taken over by force or age.

    `then` is called with a new row in the transaction that makes it.
    """
    for _ in range(TRIES):
        held, known = _found(question)
        if held and (not held.is_final or _is_answer(held, question)):
            return Claimed(_also_asked(held, asker), is_new=False)
        if not held and known:
            return Claimed(known, is_new=False)
        with contextlib.suppress(IntegrityError), transaction.atomic():
            if held:
                Analysis.objects.filter(pk=held.pk, claim=question.claim).update(claim=None)
            row = _insert(question, asker)
            then(row)
            return Claimed(row, is_new=True)
    raise IntegrityError("a claim kept changing hands")


def _also_asked(held: Analysis, asker: Asker) -> Analysis:
    """Note who waits for it besides; gives the row as it stands then."""
    if held.is_final or asker.owner is None or asker.owner.pk == held.owner_id:
        return held
    with transaction.atomic():
        row = Analysis.objects.select_for_update(no_key=True).get(pk=held.pk)  # its end has come, or comes after this
        if not row.is_final:
            AlsoAsked.objects.bulk_create([AlsoAsked(analysis=row, user=asker.owner)], ignore_conflicts=True)
    return row


def _is_answer(row: Analysis, question: Question) -> bool:
    fresh = FRESH if question.is_exact else NEWEST_FRESH
    is_fresh = bool(question.release_digest) or row.created_at > timezone.now() - fresh
    return is_fresh and not question.is_forced


def _found(question: Question) -> tuple[Analysis | None, Analysis | None]:
    """Who holds the claim; and the newest answer on this exact version that was asked for in other words."""
    mine = Q(claim=question.claim)
    if not question.is_exact or question.is_forced or question.release_digest:
        return Analysis.objects.filter(mine).first(), None
    answers = Q(
        ecosystem=question.purl.type,
        name=name_of(question.purl),
        version=question.purl.version or "",
        purl=question.purl.to_string(),
        rules_version=rules_version(),
        options=dict(question.options),
        accepted=question.accepted,
        created_at__gt=timezone.now() - FRESH,
        state=State.DONE,
    )
    rows = sorted(Analysis.objects.filter(mine | answers), key=lambda row: row.created_at, reverse=True)
    held = next((row for row in rows if row.claim == question.claim), None)
    return held, next((row for row in rows if row.state == State.DONE), None)


def name_of(purl: PackageURL) -> str:
    """As rows hold it: with its namespace, `@scope/name`."""
    return f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name


def _insert(question: Question, asker: Asker) -> Analysis:
    now, purl = timezone.now(), question.purl
    return Analysis.objects.create(
        requested=question.requested,
        purl=purl.to_string(),
        ecosystem=purl.type,
        name=name_of(purl),
        version=purl.version or "",
        release_digest=question.release_digest,
        rules_version=rules_version(),
        options=dict(question.options),
        accepted=question.accepted,
        is_forced=question.is_forced,
        claim=question.claim,
        lane=question.lane,
        due_at=due_at(question.lane, asker.owner.pk if asker.owner else None, now),
        available_at=now,
        owner=asker.owner,
        key=asker.key,
        request_id=asker.request_id,
        created_at=now,
    )
