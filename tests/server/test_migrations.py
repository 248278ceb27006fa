"""An update meets a database in use: rows of an older state come through, and older processes go on meanwhile."""

from __future__ import annotations

import datetime

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.migrations import operations as ops
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from packamal.server.accounts.keys import digest_of, find_key
from packamal.server.analyses import transitions
from packamal.server.analyses.models import Analysis

OURS = sorted(config.label for config in apps.get_app_configs() if config.name.startswith("packamal."))
OLDEST = ("accounts", "analyses", "operations", "review")
"""What the first state that held rows was made of; apps that came later begin empty."""
BEFORE_THE_RULE = {("analyses", "0002_drop_token"), ("analyses", "0003_forced"), ("accounts", "0003_sign_in")}
"""Older than the first release: no service ran between them."""
KEY = f"pkm_0123456789ab_{'s' * 43}"
NEVER = (ops.RemoveField, ops.DeleteModel, ops.RenameField, ops.RenameModel, ops.AlterModelTable)


@pytest.fixture
def migrate_to(transactional_db):
    """Bring the apps to a state and give its models; the newest state is put back at the end."""

    def move(targets):
        executor = MigrationExecutor(connection)
        executor.migrate(targets)
        reached = [target for target in targets if target[1]]
        return MigrationExecutor(connection).loader.project_state(reached).apps

    yield move
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def fill(old):
    """Something in every table that an answer, a running and a waiting analysis leave behind."""
    now = timezone.now()
    user = old.get_model("accounts", "User").objects.create(username="ada", role="admin")
    key = old.get_model("accounts", "ApiKey").objects.create(
        owner=user, name="ci", prefix="0123456789ab", digest=digest_of(KEY), scopes=["read", "submit"]
    )
    old.get_model("accounts", "AuditEvent").objects.create(
        actor="user:ada", action="key.create", subject=str(key.pk), detail={"scopes": ["read"]}
    )
    digest = "a" * 64
    report = old.get_model("analyses", "StoredReport").objects.create(digest=digest, size_bytes=9, schema_version="1.0")
    file = old.get_model("analyses", "Artifact").objects.create(
        sha256=digest, filename="a-1.tar.gz", kind="sdist", purl="pkg:pypi/a@1", size_bytes=3
    )
    rows = old.get_model("analyses", "Analysis").objects
    common = {"ecosystem": "pypi", "name": "a", "version": "1", "rules_version": "0", "owner": user, "key": key}
    asked = {"requested": "pkg:pypi/a", "purl": "pkg:pypi/a@1", "release_digest": digest, **common}
    done = rows.create(**asked, state="done", attempt=1, level="malicious", score=90, report=report, finished_at=now)
    done.artifacts.add(file)
    rows.create(**asked, state="queued", claim="c" * 64)
    running = rows.create(**asked, state="running", attempt=2, lease_until=now, deadline_at=now, claim="d" * 64)
    old.get_model("analyses", "Attempt").objects.create(
        analysis=running, number=2, worker="w", detail="\u202etraceback"
    )
    old.get_model("analyses", "FoundRule").objects.create(analysis=done, rule="exfil/a", severity="high", places=1)
    old.get_model("analyses", "FoundIndicator").objects.create(analysis=done, kind="host", value="exfil[.]example")
    old.get_model("operations", "BeatLease").objects.create(name="beat", holder="b", until=now)
    old.get_model("operations", "CallbackToken").objects.create(
        digest="e" * 64, analysis=running, attempt=2, scope="result", expires_at=now + datetime.timedelta(hours=1)
    )
    decision = old.get_model("review", "Decision").objects.create(
        analysis=done, kind="suppress", reason="ours", author=user, author_name="ada"
    )
    old.get_model("review", "Suppression").objects.create(
        decision=decision, rule="exfil/a", purl="pkg:pypi/a@*", path="*", sha256=digest,
        ends_on=now.date() + datetime.timedelta(days=30), owner="team",
    )  # fmt: skip


def held(models_of, fields_of):
    """Every row as far as both states know its columns."""
    found = {}
    for label, name, fields in fields_of:
        model = models_of.get_model(label, name)
        found[label, name] = sorted(map(repr, model.objects.values_list(*fields)))
    return found


def shared_fields(old):
    kept = []
    for label in OLDEST:
        for model in old.get_app_config(label).get_models():
            try:
                newest = apps.get_model(label, model.__name__)
            except LookupError:
                continue
            names = {field.attname for field in newest._meta.concrete_fields}
            kept.append((label, model.__name__, [f.attname for f in model._meta.concrete_fields if f.attname in names]))
    return kept


def test_rows_of_the_oldest_state_come_through(migrate_to):
    migrate_to([(label, None) for label in OURS])
    old = migrate_to([(label, "0001_initial") for label in OLDEST])
    fill(old)
    fields = shared_fields(old)
    before = held(old, fields)
    assert len([rows for rows in before.values() if rows]) >= 11
    migrate_to(MigrationLoader(connection).graph.leaf_nodes())
    assert held(apps, fields) == before
    done = Analysis.objects.get(state="done")
    assert [file.filename for file in done.artifacts.all()] == ["a-1.tar.gz"]
    assert (done.is_forced, done.key.owner.username) == (False, "ada")
    assert find_key(KEY).name == "ci"
    lease = transitions.start_next("w", 60)
    assert lease.attempt == 1
    assert transitions.renew(lease.analysis_id, 1)


def unsafe(operation):
    """What a process of the version before would fall over: a column it does not know of and has to fill, or one that
    it still asks for.
    """
    if isinstance(operation, ops.AddField):
        field = operation.field
        return not (field.null or field.many_to_many or field.has_db_default())
    if isinstance(operation, ops.AlterField):
        return not operation.field.null and not operation.field.has_db_default() and operation.field.has_default()
    return isinstance(operation, NEVER)


def test_an_older_process_goes_on_while_the_database_is_migrated():
    """Expand, then contract: columns come with a default that the database knows, and go in a later release."""
    found = [
        (label, name, operation.describe())
        for (label, name), migration in MigrationLoader(None).disk_migrations.items()
        if label in OURS and (label, name) not in BEFORE_THE_RULE
        for operation in migration.operations
        if unsafe(operation)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("operation", "is_unsafe"),
    [
        (ops.AddField("a", "b", models.BooleanField(default=False)), True),
        (ops.AddField("a", "b", models.BooleanField(db_default=False)), False),
        (ops.AddField("a", "b", models.TextField(null=True)), False),
        (ops.RemoveField("a", "b"), True), (ops.RenameField("a", "b", "c"), True), (ops.DeleteModel("a"), True),
    ],
)  # fmt: skip
def test_the_rule_tells_them_apart(operation, is_unsafe):
    assert unsafe(operation) is is_unsafe
