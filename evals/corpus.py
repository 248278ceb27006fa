"""Labelled artifacts: malware out of an encrypted zip, benign archives out of a folder. Bytes in memory, nothing else.

The corpus is a folder with `labels.jsonl` (sha256, ecosystem, filename, cluster, and `note` where a person found no
payload) and `malware-dev-<ecosystem>.zip`, whose members are `<sha256>.bin`. Nothing of it is ever written to disk.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import NamedTuple

from floor import archives

PASSWORD = b"infected"
ECOSYSTEMS = ("pypi", "npm")


class Sample(NamedTuple):
    """One artifact with its label."""

    path: Path
    """The benign archive, or the zip that the sample is in."""
    sha256: str
    ecosystem: str
    filename: str
    is_malicious: bool
    cluster: str = ""
    note: str = ""
    """Why a person found no payload; empty for all others."""

    def read(self) -> bytes:
        """The artifact's bytes, checked against its label."""
        if self.is_malicious:
            with zipfile.ZipFile(self.path) as archive:
                content = archive.read(f"{self.sha256}.bin", pwd=PASSWORD)
        else:
            content = self.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise ValueError(f"{self.filename} is not what its label says")
        return content


def malicious(folder: Path) -> list[Sample]:
    """Every labelled sample of the corpus."""
    rows = [json.loads(line) for line in (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines() if line]
    return [
        Sample(
            path=folder / f"malware-dev-{row['ecosystem']}.zip",
            sha256=row["sha256"],
            ecosystem=row["ecosystem"],
            filename=row["filename"],
            is_malicious=True,
            cluster=row["cluster"],
            note=row.get("note", ""),
        )
        for row in rows
        if row["label"] == "malicious"
    ]


def benign(folder: Path) -> list[Sample]:
    """Every archive below a folder."""
    return [
        Sample(path, hashlib.sha256(path.read_bytes()).hexdigest(), ecosystem, path.name, is_malicious=False)
        for ecosystem, paths in archives(folder).items()
        for path in paths
    ]


def spread(samples: list[Sample], limit: int | None) -> list[Sample]:
    """At most so many, the same choice every time, one of each cluster first."""
    ordered = sorted(samples, key=lambda sample: hashlib.sha256(sample.sha256.encode()).digest())
    seen: set[str] = set()
    first: list[Sample] = []
    rest: list[Sample] = []
    for sample in ordered:
        (rest if sample.cluster in seen else first).append(sample)
        seen.add(sample.cluster or sample.sha256)
    return (first + rest)[:limit]
