"""The scripts of the chart with the real programs: a database made once, a backup restored, a broker, a profile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from chart.rendering import CHART
from fullset.folder import free_ports
from services import NOBODY, Postgres, find

SCRIPTS = CHART / "files/scripts"
USER = NOBODY if os.geteuid() == 0 else None
WAIT_S = 30
PASSWORD = "a-word-of-the-test"
SEED = """
CREATE TABLE packages (id serial PRIMARY KEY, name text NOT NULL);
INSERT INTO packages (name) SELECT 'package ' || n FROM generate_series(1, 500) n;
CREATE TABLE empty_one (id int);
"""
needs_postgresql = pytest.mark.skipif(find("postgres") is None, reason="postgresql is not installed")
needs_redis = pytest.mark.skipif(find("redis-server") is None, reason="redis-server is not installed")


def until(is_so):
    ends = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.fixture
def folder():
    """Not below the runner's own folder, which other users may not enter."""
    path = Path(tempfile.mkdtemp(prefix="packamal-scripts-"))
    path.chmod(0o755)
    if USER:
        shutil.chown(path, USER)
    (path / "password").write_text(PASSWORD)
    yield path
    shutil.rmtree(path)


def path_of(*programs):
    places = {str(found.parent) for program in programs if (found := find(program))}
    return ":".join([*sorted(places), os.environ["PATH"]])


def environment(folder, **more):
    return {
        "PATH": path_of("initdb", "redis-server"),
        "PASSWORD_FILE": str(folder / "password"),
        "LC_ALL": "C",
        "HOME": str(folder),
        **{name: str(value) for name, value in more.items()},
    }


@contextmanager
def running(script, words, env, stop=signal.SIGTERM):
    child = subprocess.Popen(
        ["sh", SCRIPTS / script, *words],
        env=env,
        user=USER,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield child
    finally:
        child.send_signal(stop)
        child.wait(WAIT_S)


@needs_postgresql
@pytest.mark.enable_socket
class TestPostgresql:
    def serve(self, folder):
        (port,) = free_ports(1)
        env = environment(folder, PGDATA=folder / "data", SOCKETS=folder)
        return running(
            "postgresql.sh", ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1"], env, signal.SIGINT
        ), port

    def ask(self, folder, port, sql, *, by_network=False, password=PASSWORD):
        host = "127.0.0.1" if by_network else str(folder)
        command = ["psql", "--no-psqlrc", "-qAt", "-h", host, "-p", str(port), "-U", "packamal", "packamal", "-c", sql]
        env = environment(folder, PGPASSWORD=password)
        return subprocess.run(command, env=env, user=USER, cwd="/", capture_output=True, text=True, check=False)

    def test_the_database_is_made_once_and_asks_for_its_password(self, folder):
        for turn in (1, 2):
            served, port = self.serve(folder)
            with served:
                until(lambda port=port: self.ask(folder, port, "SELECT 1").stdout == "1\n")
                if turn == 1:
                    assert self.ask(folder, port, "CREATE TABLE kept (id int)").returncode == 0
                assert self.ask(folder, port, "SELECT count(*) FROM kept", by_network=True).stdout == "0\n"
                refused = self.ask(folder, port, "SELECT 1", by_network=True, password="wrong")
                assert "authentication failed" in refused.stderr
                assert self.ask(folder, port, "SHOW data_checksums").stdout == "on\n"

    def test_what_was_half_made_is_made_anew(self, folder):
        (folder / "data.part").mkdir()
        (folder / "data.part/PG_VERSION").write_text("15\n")
        if USER:
            shutil.chown(folder / "data.part", USER)
        served, port = self.serve(folder)
        with served:
            until(lambda: self.ask(folder, port, "SELECT 1").stdout == "1\n")
        assert not (folder / "data.part").exists()


@needs_postgresql
class TestBackup:
    @pytest.fixture
    def database(self):
        server = Postgres()
        yield server
        server.stop()

    @pytest.fixture
    def kept(self, folder):
        for name in ("backup", "scratch"):
            (folder / name).mkdir()
            if USER:
                shutil.chown(folder / name, USER)
        return folder / "backup"

    def run(self, what, folder, database, name="packamal", **more):
        (folder / "url").write_text(f"postgresql://packamal@/{name}?host={database.folder}")
        env = environment(
            folder, URL_FILE=folder / "url", FOLDER=folder / "backup", SCRATCH=folder / "scratch", KEEP=2, **more
        )
        done = subprocess.run(
            ["sh", SCRIPTS / "backup.sh", what],
            env=env,
            user=USER,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        for left in (folder / "scratch").iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        return done

    def sql(self, database, text, name="packamal"):
        command = ["psql", "--no-psqlrc", "-qAt", "-h", str(database.folder), "-U", "packamal", name, "-c", text]
        done = subprocess.run(command, env=environment(database.folder), capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def test_a_backup_under_writes_is_restored_into_an_empty_database(self, folder, kept, database):
        self.sql(database, SEED)
        command = ["psql", "-q", "-h", str(database.folder), "-U", "packamal", "packamal", "-f", "-"]
        writer = subprocess.Popen(command, env=environment(folder), stdin=subprocess.PIPE, text=True)
        writer.stdin.write("INSERT INTO packages (name) VALUES ('late');\n\\watch 0.01\n")
        writer.stdin.flush()
        try:
            until(lambda: int(self.sql(database, "SELECT count(*) FROM packages")) > 500)
            done = self.run("backup", folder, database)
        finally:
            writer.kill()
            writer.wait()
            writer.stdin.close()
        assert done.returncode == 0, done.stderr
        assert "restored and counted: 2 tables" in done.stdout
        assert sorted(path.suffix for path in kept.iterdir()) == [".counts", ".dump", ".sha256"]
        database.create("second")
        restored = self.run("restore", folder, database, "second")
        assert restored.returncode == 0, restored.stderr
        rows = int(self.sql(database, "SELECT count(*) FROM packages", "second"))
        assert 500 < rows <= int(self.sql(database, "SELECT count(*) FROM packages"))
        assert f"packages|{rows}" in next(kept.glob("*.counts")).read_text()
        assert int(self.sql(database, "INSERT INTO packages (name) VALUES ('next') RETURNING id", "second")) > rows

    def test_a_damaged_backup_is_not_restored(self, folder, kept, database):
        self.sql(database, SEED)
        assert self.run("backup", folder, database).returncode == 0
        (dump,) = kept.glob("*.dump")
        content = bytearray(dump.read_bytes())
        content[len(content) // 2] ^= 1
        dump.write_bytes(content)
        database.create("second")
        done = self.run("restore", folder, database, "second")
        assert done.returncode != 0
        assert self.sql(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", "second") == "0"

    def test_a_count_that_breaks_off_does_not_read_as_an_empty_database(self, folder, kept, database):
        self.sql(database, SEED)
        assert self.run("backup", folder, database).returncode == 0
        later = "INSERT INTO packages (name) VALUES ('later'); CREATE TABLE a_held (id int)"
        self.sql(database, f"{later}; ALTER DATABASE packamal SET lock_timeout = '200ms'")
        command = ["psql", "-q", "-h", str(database.folder), "-U", "packamal", "packamal", "-f", "-"]
        holder = subprocess.Popen(command, env=environment(folder), stdin=subprocess.PIPE, text=True)
        holder.stdin.write("BEGIN; LOCK TABLE a_held;\n")
        holder.stdin.flush()
        try:
            until(lambda: self.sql(database, "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'") != "0")
            done = self.run("restore", folder, database)
        finally:
            holder.kill()
            holder.wait()
            holder.stdin.close()
        assert done.returncode != 0
        assert self.sql(database, "SELECT count(*) FROM packages") == "501"

    def test_a_restore_never_overwrites(self, folder, kept, database):
        self.sql(database, SEED)
        assert self.run("backup", folder, database).returncode == 0
        done = self.run("restore", folder, database)
        assert "a restore goes into an empty one" in done.stderr
        assert done.returncode != 0
        assert self.sql(database, "SELECT count(*) FROM packages") == "500"

    def test_what_is_old_goes_and_what_failed_is_no_backup(self, folder, kept, database):
        self.sql(database, SEED)
        for day in ("20200101", "20200102", "20200103"):
            for suffix in ("dump", "counts", "sha256"):
                (kept / f"packamal-{day}T000000Z.{suffix}").touch()
        assert self.run("backup", folder, database).returncode == 0
        assert sorted(path.name[:17] for path in kept.glob("*.dump"))[0] == "packamal-20200103"
        assert len(list(kept.iterdir())) == 6
        database.stop()
        assert self.run("backup", folder, database).returncode != 0
        assert len(list(kept.glob("*.dump"))) == 2


@needs_redis
@pytest.mark.enable_socket
def test_the_broker_asks_for_its_password_and_shows_it_to_nobody(folder, set_of):
    from chart.release import of_kind

    (made,) = [one["data"] for one in of_kind(set_of("default"), "ConfigMap") if "redis.conf" in one["data"]]
    (folder / "redis.conf").write_text(
        made["redis.conf"].replace("dir /data", f"dir {folder}").replace("bind *", "bind 127.0.0.1")
    )
    (port,) = free_ports(1)
    env = environment(folder, CONFIGURATION=folder / "redis.conf", RUN=folder / "run")
    (folder / "run").mkdir()
    if USER:
        shutil.chown(folder / "run", USER)

    def ping():
        return subprocess.run(
            ["sh", SCRIPTS / "redis.sh", "ping", "-p", str(port)],
            env=env,
            user=USER,
            cwd="/",
            capture_output=True,
            check=False,
        )

    assert ping().returncode != 0
    with running("redis.sh", ["serve", "--port", str(port)], {**env}) as child:
        until(lambda: ping().returncode == 0)
        shown = "".join(Path(f"/proc/{child.pid}/{what}").read_text() for what in ("cmdline", "environ"))
        assert PASSWORD not in shown
        bare = subprocess.run(
            ["redis-cli", "-p", str(port), "ping"], env=env, capture_output=True, text=True, check=False
        )
        assert "NOAUTH" in bare.stdout + bare.stderr
        asked = ["redis-cli", "-p", str(port), "config", "get", "maxmemory-policy"]
        policy = subprocess.run(
            asked, env={**env, "REDISCLI_AUTH": PASSWORD}, capture_output=True, text=True, check=True
        )
        assert "noeviction" in policy.stdout
    assert oct((folder / "run/redis.conf").stat().st_mode & 0o077) == "0o0"


def test_the_profile_is_put_where_it_belongs_and_again_when_it_is_lost(tmp_path):
    source, target = tmp_path / "profile.json", tmp_path / "host/packamal/sandbox.json"
    source.write_text("{}")
    script = (SCRIPTS / "seccomp.sh").read_text().replace("sleep 60", "sleep 0.1")
    child = subprocess.Popen(["sh", "-c", script, "sh", source, target], stdout=subprocess.DEVNULL)
    try:
        until(target.exists)
        target.write_text("something else")
        until(lambda: target.read_text() == "{}")
        target.unlink()
        until(target.exists)
        assert [path.name for path in target.parent.iterdir()] == ["sandbox.json"]
    finally:
        child.terminate()
        assert child.wait(WAIT_S) == 0
