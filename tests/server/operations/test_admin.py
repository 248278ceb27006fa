"""`packamal admin`, called as on the command line."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from packamal.cli import run
from packamal.server.accounts.keys import find_key
from packamal.server.accounts.models import ApiKey, AuditEvent, User
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker, claim
from packamal.server.analyses.models import Analysis, StoredReport
from packamal.server.analyses.states import Category, State
from packamal.server.pipeline import parts

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def admin(capsys, tmp_path):
    def call(*words):
        status = run(["admin", *map(str, words)])
        said = capsys.readouterr()
        return status, said.out.strip(), said.err.strip()

    return call


@pytest.fixture
def person(admin, tmp_path):
    (tmp_path / "password").write_text(PASSWORD + "\n")
    assert admin("add-user", "ada", "--role", "analyst", "--password-file", tmp_path / "password")[0] == 0
    return User.objects.get(username="ada")


def test_a_person_is_added_once_and_can_sign_in(admin, person, tmp_path):
    assert (person.role, person.check_password(PASSWORD)) == ("analyst", True)
    (tmp_path / "other").write_text("another one, also long")
    assert "there already" in admin("add-user", "ada", "--password-file", tmp_path / "other")[2]
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_short_password_is_refused(admin, tmp_path):
    (tmp_path / "short").write_text("short")
    assert admin("add-user", "bob", "--password-file", tmp_path / "short")[0] == 2
    assert not User.objects.filter(username="bob").exists()


def test_a_key_is_shown_once_and_only_its_digest_is_kept(admin, person):
    status, text, _ = admin("add-key", "ada", "--scope", "read", "--days", 10)
    row = find_key(text)
    assert (status, row.owner, row.scopes) == (0, person, ["read"])
    assert row.expires_at < timezone.now() + datetime.timedelta(days=11)
    assert text not in str(vars(row))
    assert admin("add-key", "nobody")[0] == 2


def test_a_rotated_key_holds_for_its_grace_time(admin, person):
    _, old, _ = admin("add-key", "ada")
    status, new, _ = admin("rotate-key", find_key(old).prefix)
    assert status == 0
    assert find_key(new).scopes == find_key(old).scopes
    ApiKey.objects.filter(prefix=old.split("_")[1]).update(expires_at=timezone.now())
    assert find_key(old) is None
    assert find_key(new) is not None
    assert admin("rotate-key", "nothing")[0] == 2


def test_a_key_rotated_without_grace_or_revoked_ends_at_once(admin, person):
    _, old, _ = admin("add-key", "ada")
    _, new, _ = admin("rotate-key", find_key(old).prefix, "--grace", 0)
    assert find_key(old) is None
    assert admin("revoke-key", find_key(new).prefix)[0] == 0
    assert find_key(new) is None
    assert {"user.add", "key.add", "key.rotate", "key.revoke"} <= set(
        AuditEvent.objects.values_list("action", flat=True)
    )
    assert not [event for event in AuditEvent.objects.all() if new in str(vars(event)) or PASSWORD in str(vars(event))]


def test_what_failed_is_queued_again_once_as_a_new_row(admin, question):
    failed = claim(question(), Asker()).analysis
    transitions.start(failed.pk, "w", 10)
    transitions.fail(failed.pk, 1, Category.TIMEOUT, "too long")
    assert "1 queued" in admin("requeue", "timeout")[2]
    assert "0 queued" in admin("requeue", "timeout")[2]
    assert Analysis.objects.exclude(pk=failed.pk).get().state == State.QUEUED
    failed.refresh_from_db()
    assert failed.state == State.FAILED
    assert admin("requeue", "nonsense")[0] == 2


def test_verify_names_each_report_that_is_not_what_it_was(admin):
    store = parts.store()
    for content in (b"{}", b"lost"):
        StoredReport.objects.create(digest=store.put(content), size_bytes=1, schema_version="1.0")
    lost = StoredReport.objects.latest("created_at").digest
    (store.folder / lost[:2] / f"{lost}.json.gz").unlink()
    status, listed, said = admin("verify")
    assert (status, said) == (3, "0 good, 2 not")
    assert lost in listed


def test_a_person_gets_another_password_role_and_is_shut_out(admin, person, tmp_path):
    (tmp_path / "other").write_text("another horse battery\n")
    assert admin("set-password", "ada", "--password-file", tmp_path / "other") == (0, "", "")
    assert admin("set-role", "ada", "admin") == (0, "", "")
    assert admin("disable-user", "ada") == (0, "", "")
    person.refresh_from_db()
    assert person.check_password("another horse battery")
    assert (person.role, person.is_active) == ("admin", False)
    assert admin("disable-user", "ada", "--enable") == (0, "", "")
    person.refresh_from_db()
    assert person.is_active
    actions = list(AuditEvent.objects.filter(subject="ada").order_by("pk").values_list("action", flat=True))
    assert actions == ["user.add", "user.password", "user.role", "user.disable", "user.enable"]


def test_a_person_there_is_not_cannot_be_changed(admin, db):
    for words in (("set-role", "nobody", "admin"), ("disable-user", "nobody")):
        status, _, said = admin(*words)
        assert (status, "there is no user nobody" in said) == (2, True)
