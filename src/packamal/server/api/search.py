"""What was seen: by name, digest, indicator or rule; the versions of a package; the files of an artifact."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from packamal.ecosystems import ECOSYSTEMS
from packamal.model import Evidence, Level
from packamal.render.reading import decode
from packamal.render.safe import defang
from packamal.server.analyses.models import Analysis, Artifact
from packamal.server.analyses.states import State
from packamal.server.api import links
from packamal.server.api.auth import READ
from packamal.server.api.cursors import MAX_LIMIT, Paging, page
from packamal.server.api.fields import Text
from packamal.server.api.problems import Problem
from packamal.server.pipeline import parts

router = Router(tags=["search"])
MAX_NAME_CHARS = 512
MAX_VERSIONS = 1000
"""Rows of one package that are looked through, newest first."""
MAX_FILES = 2000
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
REFUSALS = (401, 403, 404, 422, 429)


class Wanted(Paging):
    """At least one of name, sha256, indicator and rule; all that are given must hold."""

    name: Annotated[Text, Field(max_length=MAX_NAME_CHARS)] = ""
    """Exact, with its namespace: `@scope/name`."""
    ecosystem: Annotated[Text, Field(max_length=32)] = ""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{64})?$")] = ""
    """Of a judged file."""
    indicator: Annotated[Text, Field(max_length=1000)] = ""
    """Host, address, URL, path or digest out of a suspicious or malicious report, defanged or not."""
    rule: Annotated[Text, Field(max_length=200)] = ""
    """Id of a rule: `exfil/env-to-http`."""
    level: Level | None = None


class SeenOut(Schema):
    """An answer in short."""

    id: UUID
    purl: str
    ecosystem: str
    name: str
    version: str
    level: str
    score: int
    reason: str
    rules_version: str
    created_at: datetime.datetime
    link: str


class SeenPage(Schema):
    """One page, newest first."""

    items: list[SeenOut]
    next: str | None
    """Cursor of the page that follows."""


class PackageOut(Schema):
    """What is known of a package."""

    ecosystem: str
    name: str
    versions: list[SeenOut]
    """The newest answer on each version, newest first."""


class ArtifactOut(Schema):
    """A judged file."""

    sha256: str
    filename: str
    kind: str
    purl: str
    size_bytes: int
    first_seen_at: datetime.datetime
    analyses: list[SeenOut]


class FileOut(Schema):
    """One member of an artifact that the newest report speaks of."""

    path: str
    rules: list[str]
    signals: list[str]
    evidence: list[Evidence]
    """Excerpts of the report: text of a stranger."""


class FilesOut(Schema):
    """The members that a report speaks of."""

    sha256: str
    analysis: UUID
    items: list[FileOut]


@router.get("/search", auth=READ, response={200: SeenPage, REFUSALS: Problem}, url_name="search")
def search(request: HttpRequest, wanted: Query[Wanted]) -> SeenPage:
    """Answered analyses of everybody that fit."""
    if not (wanted.name or wanted.sha256 or wanted.indicator or wanted.rule):
        raise HttpError(422, "give a name, sha256, indicator or rule")
    found, following = page(_fitting(wanted), wanted.cursor, wanted.limit)
    return SeenPage(items=[seen(row) for row in found], next=following)


@router.get(
    "/packages/{ecosystem}/{path:name}", auth=READ, response={200: PackageOut, REFUSALS: Problem}, url_name="package"
)
def get_package(
    request: HttpRequest,
    ecosystem: Annotated[Text, Path(max_length=32)],
    name: Annotated[Text, Path(max_length=MAX_NAME_CHARS)],
) -> PackageOut:
    """The versions of a package that were judged, each with its newest verdict; 404 when none was."""
    rows = _done().filter(ecosystem=ecosystem, name=name).order_by("-created_at", "-id")[:MAX_VERSIONS]
    newest: dict[str, Analysis] = {}
    for row in rows:
        newest.setdefault(row.version, row)
    if not newest:
        raise Http404
    return PackageOut(ecosystem=ecosystem, name=name, versions=[seen(row) for row in newest.values()])


@router.get("/artifacts/{sha256}", auth=READ, response={200: ArtifactOut, REFUSALS: Problem}, url_name="artifact")
def get_artifact(request: HttpRequest, sha256: Annotated[Digest, Path()]) -> ArtifactOut:
    """A judged file by its digest, and the answers on it."""
    row = get_object_or_404(Artifact, pk=sha256)
    analyses = [seen(one) for one in _on(row)[:MAX_LIMIT]]
    return ArtifactOut(
        sha256=row.sha256,
        filename=row.filename,
        kind=row.kind,
        purl=row.purl,
        size_bytes=row.size_bytes,
        first_seen_at=row.first_seen_at,
        analyses=analyses,
    )


@router.get(
    "/artifacts/{sha256}/files", auth=READ, response={200: FilesOut, REFUSALS: Problem}, url_name="artifact-files"
)
def get_files(request: HttpRequest, sha256: Annotated[Digest, Path()]) -> FilesOut:
    """The members of a file that its newest report speaks of, with the excerpts it holds."""
    artifact = get_object_or_404(Artifact, pk=sha256)
    row = _on(artifact).first()
    if row is None or row.report_id is None:
        raise Http404
    report = decode(parts.store().get(row.report_id))
    files: dict[str, FileOut] = {}

    def of(where: Evidence) -> FileOut | None:
        if where.artifact not in ("", artifact.filename) or not where.path or len(files) >= MAX_FILES:
            return files.get(where.path)
        return files.setdefault(where.path, FileOut(path=where.path, rules=[], signals=[], evidence=[]))

    for signal in report.signals:
        if (file := of(signal.evidence)) and signal.id.value not in file.signals:
            file.signals.append(signal.id.value)
    for finding in report.findings:
        for where in finding.evidence:
            if file := of(where):
                file.evidence.append(where)
                file.rules += [] if finding.rule in file.rules else [finding.rule]
    return FilesOut(sha256=sha256, analysis=row.pk, items=sorted(files.values(), key=lambda one: one.path))


def seen(row: Analysis) -> SeenOut:
    """A row for callers who did not ask for it."""
    return SeenOut(
        id=row.pk,
        purl=row.purl,
        ecosystem=row.ecosystem,
        name=row.name,
        version=row.version,
        level=row.level,
        score=row.score or 0,
        reason=row.reason,
        rules_version=row.rules_version,
        created_at=row.created_at,
        link=links.analysis(row.pk),
    )


def _done() -> QuerySet[Analysis]:
    return Analysis.objects.filter(state=State.DONE)


def _on(artifact: Artifact) -> QuerySet[Analysis]:
    return _done().filter(artifacts=artifact).order_by("-created_at", "-id")


def _fitting(wanted: Wanted) -> QuerySet[Analysis]:
    rows = _done()
    if wanted.name:
        rows = rows.filter(name=wanted.name, ecosystem__in=[wanted.ecosystem] if wanted.ecosystem else list(ECOSYSTEMS))
    elif wanted.ecosystem:
        rows = rows.filter(ecosystem=wanted.ecosystem)
    if wanted.sha256:
        rows = rows.filter(artifacts__sha256=wanted.sha256.lower())
    if wanted.indicator:
        rows = rows.filter(indicators__value__in=_spellings(wanted.indicator.strip())).distinct()
    if wanted.rule:
        rows = rows.filter(rules__rule=wanted.rule)
    return rows.filter(level=wanted.level.value) if wanted.level else rows


def _spellings(text: str) -> Sequence[str]:
    plain = text.replace("[.]", ".").replace("hxxp", "http").replace("[:]", ":").replace("[@]", "@")
    return list(dict.fromkeys([text, defang(plain), plain.replace(".", "[.]")]))
