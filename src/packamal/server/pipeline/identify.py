"""The first step of an attempt: ask the index which version and content is meant, and whether it is known already.

Here and not where a package is submitted: nobody waits, and an index that does not answer is tried again later.
"""

from __future__ import annotations

import dataclasses

from django.conf import settings
from packageurl import PackageURL

from packamal.errors import AnalysisError, NotFoundError
from packamal.server.analyses import transitions, twins
from packamal.server.analyses.claims import UPLOAD
from packamal.server.analyses.states import Category
from packamal.server.analyses.transitions import Lease
from packamal.server.pipeline.quarantine import find
from packamal.server.pipeline.resolving import resolve
from packamal.server.review.holding import digest_of, holding
from packamal.targets import parse_purl


def identify(lease: Lease) -> Lease | None:
    """The lease on the exact version; None when the attempt has ended here."""
    if UPLOAD in lease.options:
        return _uploaded(lease, str(lease.options[UPLOAD]))
    try:
        purl, digest = resolve(parse_purl(lease.purl))
    except NotFoundError as error:
        transitions.fail(lease.analysis_id, lease.attempt, Category.NOT_FOUND, str(error))
        return None
    except AnalysisError as error:
        said = "the package index did not answer"
        transitions.fail(lease.analysis_id, lease.attempt, Category.FETCH_FAILED, said, str(error))
        return None
    accepted = holding(purl, is_exact=True)
    if not twins.identify(lease.analysis_id, lease.attempt, twins.Content(purl, digest, digest_of(accepted))):
        return None
    if twin := twins.twin_of(lease.analysis_id):
        transitions.finish(lease.analysis_id, lease.attempt, twins.result_of(twin))
        return None
    return dataclasses.replace(lease, purl=purl.to_string(), accepted=accepted)


def _uploaded(lease: Lease, upload: str) -> Lease | None:
    purl = PackageURL.from_string(lease.purl)
    if find(settings.PACKAMAL.quarantine_dir, upload):
        accepted = holding(purl, is_exact=True, upload=upload)
        content = twins.Content(purl, upload, digest_of(accepted))
        is_wanted = twins.identify(lease.analysis_id, lease.attempt, content)
        return dataclasses.replace(lease, accepted=accepted) if is_wanted else None
    transitions.fail(
        lease.analysis_id, lease.attempt, Category.NOT_FOUND, "the upload is no longer kept; send it again"
    )
    return None
