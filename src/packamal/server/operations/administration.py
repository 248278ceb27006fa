"""What an administrator does by hand. Each is recorded in the audit trail, and says what it did."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from packageurl import PackageURL

from packamal.errors import ReportError, UsageError
from packamal.render.reading import decode
from packamal.server.accounts import audit
from packamal.server.accounts.keys import make_key
from packamal.server.accounts.models import ApiKey, Role, Scope, User
from packamal.server.analyses.claims import Asker, Question, claim
from packamal.server.analyses.models import Analysis, StoredReport
from packamal.server.analyses.states import Category, Lane, State
from packamal.server.pipeline import parts
from packamal.server.pipeline.bells import ring
from packamal.server.pipeline.resolving import is_exact
from packamal.server.pipeline.results import StoreError
from packamal.server.pipeline.submit import as_reviewed

ACTOR = "system"
MIN_PASSWORD_CHARS = 12


def prepare() -> None:
    """Bring the tables up to date and put the static files where the frontend takes them from."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def add_user(name: str, role: Role, password: str) -> bool:
    """A person who signs in; False when there is one by that name, who stays as they are. Raises UsageError."""
    if len(password) < MIN_PASSWORD_CHARS:
        raise UsageError(f"a password needs at least {MIN_PASSWORD_CHARS} characters")
    if User.objects.filter(username=name).exists():
        return False
    with transaction.atomic():
        User.objects.create_user(name, password=password, role=role)
        audit.record(ACTOR, "user.add", name, role=role.value)
    return True


def set_password(name: str, password: str) -> None:
    """Another password; the person's sessions end. Raises UsageError."""
    if len(password) < MIN_PASSWORD_CHARS:
        raise UsageError(f"a password needs at least {MIN_PASSWORD_CHARS} characters")
    with _person(name, "user.password") as user:
        user.set_password(password)


def set_role(name: str, role: Role) -> None:
    """Another role; the person's sessions end, and their keys do no more than it allows. Raises UsageError."""
    with _person(name, "user.role", role=role.value) as user:
        user.role = role


def set_active(name: str, is_active: bool) -> None:
    """Shut a person out, keys and sessions with them, or let them in again. Raises UsageError."""
    with _person(name, "user.enable" if is_active else "user.disable") as user:
        user.is_active = is_active
        user.ended_sessions += 1


@contextlib.contextmanager
def _person(name: str, action: str, **detail: str) -> Iterator[User]:
    with transaction.atomic():
        user = User.objects.select_for_update().filter(username=name).first()
        if user is None:
            raise UsageError(f"there is no user {name}")
        yield user
        user.save(update_fields=["password", "role", "is_active", "ended_sessions"])
        audit.record(ACTOR, action, name, **detail)


def add_key(user: str, name: str, scopes: Iterable[Scope], days: int | None) -> str:
    """A new API key, shown this once. Raises UsageError."""
    owner = User.objects.filter(username=user, is_active=True).first()
    if owner is None:
        raise UsageError(f"there is no user {user}")
    lifetime = datetime.timedelta(days=days) if days else None
    with transaction.atomic():
        made = make_key(owner, name, scopes, lifetime)
        audit.record(ACTOR, "key.add", made.row.prefix, owner=user)
    return made.text


def rotate_key(prefix: str, grace: datetime.timedelta) -> str:
    """A new key like the old one, which ends after the grace time. Raises UsageError."""
    old = ApiKey.objects.select_related("owner").filter(prefix=prefix, revoked_at=None).first()
    if old is None:
        raise UsageError(f"there is no key {prefix} that holds")
    ends = timezone.now() + grace
    lifetime = old.expires_at - old.created_at if old.expires_at else None
    with transaction.atomic():
        made = make_key(old.owner, old.name, [Scope(scope) for scope in old.scopes], lifetime)
        if old.expires_at is None or old.expires_at > ends:
            ApiKey.objects.filter(pk=old.pk).update(expires_at=ends)
        audit.record(ACTOR, "key.rotate", prefix, successor=made.row.prefix)
    return made.text


def revoke_key(prefix: str) -> None:
    """End a key at once. Raises UsageError."""
    with transaction.atomic():
        if not ApiKey.objects.filter(prefix=prefix, revoked_at=None).update(revoked_at=timezone.now()):
            raise UsageError(f"there is no key {prefix} that holds")
        audit.record(ACTOR, "key.revoke", prefix)


def requeue(category: Category, limit: int) -> int:
    """Queue failed analyses of a category again, each once: a row that another one has answered since is left alone."""
    failed = Analysis.objects.filter(state=State.FAILED, error_category=category).order_by("-created_at")
    count = sum(map(_requeue, failed[:limit]))
    if count:
        audit.record(ACTOR, "analysis.requeue", category.value, count=count)
    for lane in Lane:
        ring(lane)
    return count


def _requeue(row: Analysis) -> bool:
    """A final state never changes: what is queued is a new row."""
    purl, lane = PackageURL.from_string(row.purl), Lane(row.lane)
    question = Question(row.requested, purl, is_exact(purl), options=row.options, lane=lane)
    return claim(as_reviewed(question), Asker(row.owner, row.key, row.request_id)).is_new


class Fault(NamedTuple):
    """A stored report that is not what its row says."""

    digest: str
    error: str


def verify(limit: int | None = None) -> Iterator[Fault | None]:
    """Read stored reports back, newest first: None for each good one."""
    store = parts.store()
    for row in StoredReport.objects.order_by("-created_at")[:limit].iterator():
        try:
            decode(store.get(row.digest))
        except (StoreError, ReportError) as error:
            yield Fault(row.digest, str(error))
        else:
            yield None
