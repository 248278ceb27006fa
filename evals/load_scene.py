"""Run with the settings of the set: a key without limits, somebody signed in, and a report of two megabytes."""

from __future__ import annotations

import hashlib
import json
import sys
from importlib import import_module
from pathlib import Path

from packamal.server.start import set_up

REPORT_BYTES = 2_000_000


def main(source: str) -> None:
    """Print the key, the session's cookie, its name, and the analysis with a long report; `source`: a small one."""
    set_up()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from packamal.server.accounts.keys import make_key
    from packamal.server.accounts.models import ApiKey, Scope, User
    from packamal.server.analyses.models import Analysis, StoredReport
    from packamal.server.pipeline import parts

    person = User.objects.get(username="admin")
    key = make_key(person, "load", [Scope.ADMIN])
    ApiKey.objects.filter(pk=key.row.pk).update(rate_per_minute=10_000_000, daily_quota=10_000_000)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    content = long_report(json.loads(Path(source).read_text()))
    digest = parts.store().put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    StoredReport.objects.create(digest=digest, size_bytes=len(content), schema_version="1.0")
    row = Analysis.objects.filter(state="done", level="malicious").order_by("-created_at")[:1].get()
    Analysis.objects.filter(pk=row.pk).update(report=digest)
    print(
        json.dumps(
            {
                "key": key.text,
                "cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}",
                "report": str(row.pk),
                "report_bytes": len(content),
                "name": row.name,
                "sha256": row.artifacts.get().pk,
            }
        )
    )


def long_report(report: dict[str, object]) -> bytes:
    """The same findings and signals in file after file until it is long enough."""
    findings, signals = report["findings"], report["signals"]
    assert isinstance(findings, list) and isinstance(signals, list)
    each = len(json.dumps(findings)) + len(json.dumps(signals))
    report["findings"], report["signals"] = [], []
    for number in range(REPORT_BYTES // each):
        for kind, rows in (("findings", findings), ("signals", signals)):
            text = json.dumps(rows).replace("setup.py", f"part{number}.py")
            report[kind] += json.loads(text)
    return json.dumps(report).encode()


if __name__ == "__main__":
    main(sys.argv[1])
