"""A million analyses, made in the database: ninety days of packages with verdicts, rules, indicators and files.

One in fifty is malicious, one in twenty suspicious, one in thirty incomplete, one in forty failed; ten versions a name.
"""

from __future__ import annotations

import psycopg

DAYS = 90
VERSIONS = 10
RULES = ("exfil/env-to-http", "exec/decoded", "install/download-and-run", "cred/browser", "persist/startup")
SETTINGS = ("SET synchronous_commit = off", "SET work_mem = '256MB'", "SET maintenance_work_mem = '512MB'")
ROWS = """
CREATE TEMP TABLE seeded AS
SELECT n, md5('analysis' || n)::uuid AS id, name, ecosystem, version, level, state,
       'pkg:' || ecosystem || '/' || name || '@' || version AS purl,
       now() - (n::float8 * interval '{days} days' / {count}) - interval '1 minute' AS at,
       CASE level WHEN 'malicious' THEN 80 + n % 20 WHEN 'suspicious' THEN 40 + n % 40 ELSE n % 10 END AS score
  FROM (SELECT n, ecosystem, state,
               ecosystem || '-' || substr(md5('name' || (n * 7919::bigint) % ({count} / {versions})), 1, 9) AS name,
               '1.' || n % {versions} || '.' || n / 100000 AS version,
               CASE WHEN state = 'failed' THEN '' WHEN n % 50 = 0 THEN 'malicious' WHEN n % 20 = 1 THEN 'suspicious'
                    WHEN n % 30 = 2 THEN 'incomplete' ELSE 'clean' END AS level
          FROM (SELECT n, CASE WHEN n % 40 = 3 THEN 'failed' ELSE 'done' END AS state,
                       (ARRAY['npm', 'npm', 'npm', 'pypi', 'pypi', 'npm', 'pypi', 'npm', 'gem', 'cargo'])[1 + n % 10]
                       AS ecosystem
                  FROM generate_series(1, {count}) AS n) AS one) AS two
"""
ANALYSES = """
INSERT INTO analyses_analysis (id, requested, purl, ecosystem, name, version, release_digest, rules_version, options,
    is_forced, claim, lane, due_at, available_at, owner_id, request_id, created_at, state, attempt, worker, started_at,
    stage, steps_done, steps_total, finished_at, error_category, error, level, score, reason, findings_count)
SELECT id, purl, purl, ecosystem, name, version, md5(purl) || md5(name), 'seeded', '{{}}', false,
       encode(sha256(n::text::bytea), 'hex'), 'feed', at, at, (SELECT min(id) FROM accounts_user), md5('request' || n),
       at, state, 1, 'seed', at + interval '2 seconds', 'verdict', 6, 6, at + (3 + n % 20) * interval '1 second',
       CASE state WHEN 'failed' THEN 'timeout' ELSE '' END, CASE state WHEN 'failed' THEN 'took too long' ELSE '' END,
       level, CASE state WHEN 'failed' THEN NULL ELSE score END,
       CASE WHEN level IN ('malicious', 'suspicious') THEN 'reads the environment and sends it' ELSE '' END,
       CASE WHEN level IN ('malicious', 'suspicious') THEN 3 ELSE 0 END
  FROM seeded
"""
OTHERS = (
    """INSERT INTO analyses_foundrule (analysis_id, rule, severity, places)
       SELECT id, rules[1 + (n / 50 + k) % 5], 'high', 1 FROM seeded, generate_series(1, 3) AS k,
              (SELECT ARRAY[{rules}] AS rules) AS r WHERE level IN ('malicious', 'suspicious')""",
    """INSERT INTO analyses_foundindicator (analysis_id, kind, value)
       SELECT id, 'host', 'host' || n % 5000 || '[.]exfil[.]example' FROM seeded
        WHERE level IN ('malicious', 'suspicious')""",
    """INSERT INTO analyses_artifact (sha256, filename, kind, purl, size_bytes, first_seen_at)
       SELECT encode(sha256(('file' || n)::bytea), 'hex'), name || '-' || version || '.tgz', 'sdist', purl, 4000, at
         FROM seeded""",
    """INSERT INTO analyses_analysis_artifacts (analysis_id, artifact_id)
       SELECT id, encode(sha256(('file' || n)::bytea), 'hex') FROM seeded""",
    """INSERT INTO accounts_auditevent (at, actor, action, subject, request_id, detail)
       SELECT at, 'system', 'analysis.submit', id::text, md5('request' || n), '{{}}' FROM seeded""",
)
TABLES = (
    "analyses_analysis", "analyses_foundrule", "analyses_foundindicator", "analyses_artifact",
    "analyses_analysis_artifacts", "accounts_auditevent",
)  # fmt: skip


def seed(database: psycopg.Connection[tuple[object, ...]], count: int) -> None:
    """Make `count` rows, then what autovacuum would have done for rows that came over ninety days."""
    for setting in SETTINGS:
        database.execute(setting.encode())
    rules = ", ".join(f"'{rule}'" for rule in RULES)
    values = {"days": DAYS, "count": count, "versions": VERSIONS, "rules": rules}
    with database.transaction():
        for table in TABLES:
            database.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())  # foreign keys: they hold by making
        indexes = _drop_indexes(database)
        for statement in (ROWS, ANALYSES, *OTHERS):
            database.execute(statement.format(**values).encode())
        for table in TABLES:
            database.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL".encode())
        for index in indexes:
            database.execute(index.encode())
    for table in TABLES:
        database.execute(f"VACUUM ANALYZE {table}".encode())
    database.execute(b"DROP TABLE seeded")
    database.execute(b"CHECKPOINT")


def _drop_indexes(database: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Building an index at the end takes a third of the time; gives what makes them again."""
    rows = database.execute(
        b"SELECT schemaname || '.' || indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND NOT EXISTS"
        b" (SELECT 1 FROM pg_constraint WHERE conname = indexname)",
        [list(TABLES)],
    ).fetchall()
    for name, _ in rows:
        database.execute(f'DROP INDEX "{str(name).partition(".")[2]}"'.encode())
    return [str(made) for _, made in rows]
