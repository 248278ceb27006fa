"""Takes a purl in: understand, resolve, claim, ring. The API, the pages, batches and feeds all come through here."""

from __future__ import annotations

from django.db import transaction

from packamal.errors import TargetError
from packamal.server.accounts import audit
from packamal.server.accounts.quota import spend
from packamal.server.analyses.claims import Asker, Claimed, Question, claim
from packamal.server.analyses.states import Lane
from packamal.server.pipeline.bells import ring
from packamal.server.pipeline.resolving import resolve
from packamal.targets import TargetKind, parse_target

SCHEME = "pkg:"
EXAMPLE = "pkg:pypi/requests@2.32.3"


def submit(text: str, asker: Asker, lane: Lane, is_forced: bool = False) -> Claimed:
    """The row that answers. Raises TargetError (wrong input), NotFoundError, FetchError, QuotaError."""
    text = text.strip()
    if not text.lower().startswith(SCHEME):
        raise TargetError(f"a package address is needed, like {EXAMPLE}")  # never a path of this machine
    target = parse_target(text)
    if target.kind is not TargetKind.PACKAGE or target.purl is None:
        raise TargetError(f"a package address is needed, like {EXAMPLE}")
    resolved = resolve(target.purl)
    question = Question(target.purl.to_string(), resolved.purl, resolved.digest, lane=lane, is_forced=is_forced)
    with transaction.atomic():
        claimed = claim(question, asker)
        if claimed.is_new:
            actor = f"key:{asker.key.prefix}" if asker.key else f"user:{asker.owner}"
            audit.record(actor, "analysis.submit", str(claimed.analysis.pk), purl=claimed.analysis.purl)
            if asker.key:
                spend(asker.key)  # last: it holds a row that all of the key's submissions change
            transaction.on_commit(lambda: ring(lane))
    return claimed
