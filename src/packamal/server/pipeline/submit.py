"""Takes a purl in: understand, claim, ring. The API, the pages, batches and feeds all come through here.

The index is not asked: that is the worker's first step (`identify`), so that a submission costs a few statements.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from packageurl import PackageURL

from packamal.errors import TargetError
from packamal.server.accounts import audit
from packamal.server.accounts.quota import spend
from packamal.server.analyses.claims import UPLOAD, Asker, Claimed, Question, claim
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane
from packamal.server.pipeline.bells import ring
from packamal.server.pipeline.quarantine import UNSAFE
from packamal.server.pipeline.resolving import is_exact
from packamal.server.review.holding import digest_of, holding
from packamal.targets import MAX_PART_CHARS, TargetKind, parse_target

SCHEME = "pkg:"
EXAMPLE = "pkg:pypi/requests@2.32.3"


def submit(text: str, asker: Asker, lane: Lane, is_forced: bool = False) -> Claimed:
    """The row that answers. Raises TargetError (wrong input), QuotaError."""
    text = text.strip()
    if not text.lower().startswith(SCHEME):
        raise TargetError(f"a package address is needed, like {EXAMPLE}")  # never a path of this machine
    target = parse_target(text)
    if target.kind is not TargetKind.PACKAGE or target.purl is None:
        raise TargetError(f"a package address is needed, like {EXAMPLE}")
    purl = target.purl
    question = Question(purl.to_string(), purl, is_exact(purl), lane=lane, is_forced=is_forced)
    return accept(question, asker)


def submit_upload(digest: str, name: str, asker: Asker, lane: Lane) -> Claimed:
    """The row that answers for a file in quarantine. Raises QuotaError."""
    shown = UNSAFE.sub("_", name)[:MAX_PART_CHARS] or "upload"
    purl = PackageURL("generic", None, shown, None, {"checksum": f"sha256:{digest}"})
    return accept(Question(shown, purl, options={UPLOAD: digest}, lane=lane), asker)


def submit_again(row: Analysis, asker: Asker) -> Claimed:
    """Judge what a final row judged once more. Raises QuotaError."""
    purl = PackageURL.from_string(row.purl)
    question = Question(row.requested, purl, is_exact(purl), options=row.options, lane=Lane(row.lane), is_forced=True)
    return accept(question, asker)


def as_reviewed(question: Question) -> Question:
    """The question under the accepted findings that hold now."""
    return replace(question, accepted=digest_of(holding(question.purl, question.is_exact, question.release_digest)))


def accept(question: Question, asker: Asker) -> Claimed:
    """Claim, count, write down who asked, and ring for it. Raises QuotaError."""

    def write_down(row: Analysis) -> None:
        audit.record(asker.said, "analysis.submit", str(row.pk), purl=row.purl)
        if asker.key:
            spend(asker.key)  # last: it holds a row that all of the key's submissions change
        transaction.on_commit(lambda: ring(question.lane))

    return claim(as_reviewed(question), asker, write_down)
