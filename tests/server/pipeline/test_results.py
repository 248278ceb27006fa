"""Reports are kept by digest, whole or not at all."""

from __future__ import annotations

import gzip

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
