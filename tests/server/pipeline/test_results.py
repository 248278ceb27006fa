"""Reports are kept by digest, whole or not at all."""

from __future__ import annotations

import gzip
import os
import time

import pytest

from packamal.server.pipeline import results
from packamal.server.pipeline.results import DirectoryStore, StoreError


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(tmp_path / "results")


def test_what_is_stored_comes_back(store):
    digest = store.put(b"report " * 1000)
    assert store.get(digest) == b"report " * 1000
    assert store.put(b"report " * 1000) == digest


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_digest_names_a_report(store, digest):
    with pytest.raises(StoreError):
        store.get(digest)


def test_a_changed_or_cut_file_is_noticed(store):
    digest = store.put(b"report")
    path = store.folder / digest[:2] / f"{digest}.json.gz"
    for content in (gzip.compress(b"other"), path.read_bytes()[:-4], b"", b"plain"):
        path.write_bytes(content)
        with pytest.raises(StoreError):
            store.get(digest)


def test_a_bomb_is_not_read_whole(store, monkeypatch):
    monkeypatch.setattr(results, "MAX_REPORT_BYTES", 1000)
    with pytest.raises(StoreError):
        store.get(store.put(b"x" * 100_000))


def test_a_full_disk_leaves_no_half_file(store, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match="No space"):
        store.put(b"report")
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


def sweep(store, known=(), age_s=3600):
    return sum(store.sweep(turn, age_s, lambda digests: digests & set(known)) for turn in range(results.TURNS))


def age(store, days=2):
    for path in store.folder.rglob("*"):
        os.utime(path, (time.time() - days * 86400,) * 2)


def test_what_nobody_speaks_of_is_swept_when_it_is_old(store):
    kept, orphan = store.put(b"kept"), store.put(b"orphan")
    (store.folder / kept[:2] / f"{kept}.json.gz.0123.part").write_bytes(b"a writer was killed")
    age(store)
    young = store.put(b"its row is about to be written")
    part = store.folder / young[:2] / f"{young}.json.gz.4567.part"
    part.write_bytes(b"being written")
    assert sweep(store, {kept}) == 2
    assert sweep(store, {kept}) == 0
    assert store.get(kept) == b"kept"
    assert store.get(young)
    assert part.exists()
    with pytest.raises(StoreError):
        store.get(orphan)


def test_a_sweep_takes_nothing_from_whoever_puts_the_same_meanwhile(store):
    digest = store.put(b"report")
    age(store)

    def put_in_between(digests):
        store.put(b"report")
        return set()

    assert store.sweep(int(digest[:2], 16), 3600, put_in_between) == 0
    assert store.get(digest) == b"report"
    assert [path.name for path in (store.folder / digest[:2]).iterdir()] == [f"{digest}.json.gz"]


def test_an_old_report_that_is_put_again_is_young(store):
    digest = store.put(b"report")
    age(store)
    store.put(b"report")
    assert sweep(store) == 0
    assert store.get(digest) == b"report"


def test_nothing_to_sweep_is_no_fault(store):
    assert sweep(store) == 0
