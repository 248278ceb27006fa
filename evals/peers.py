"""Other open scanners, in an environment of their own, called as their users call them; benign archives only."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from measuring import Use, run

PEER_LIMIT_S = 300.0


class Peer(NamedTuple):
    """One other scanner."""

    name: str
    ecosystems: tuple[str, ...]
    scan: Callable[[Path, str], Use]
    """Archive and ecosystem -> what one scan used; preparation is not counted."""


def install(folder: Path) -> dict[str, str]:
    """Install the newest of both below the folder, unless they are there; name -> version."""
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "hexora", "guarddog"], check=True)
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format", "json"], capture_output=True, text=True, check=True
    )
    return {row["name"]: row["version"] for row in json.loads(listed.stdout) if row["name"] in ("hexora", "guarddog")}


def peers(folder: Path) -> list[Peer]:
    """Both, ready to scan."""
    binaries, unpacked = folder / "venv" / "bin", folder / "unpacked"
    environment = fresh_lists(folder)
    rules = source_rules(binaries / "guarddog", environment)

    def hexora(archive: Path, _: str) -> Use:
        unpack(archive, unpacked)
        try:
            return run([binaries / "hexora", "audit", unpacked, "--output-format", "json"], limit_s=PEER_LIMIT_S)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)

    def guarddog(archive: Path, ecosystem: str) -> Use:
        words = [word for rule in rules[ecosystem] for word in ("--rules", rule)]
        command: list[str | Path] = [
            binaries / "guarddog",
            ecosystem,
            "scan",
            archive,
            *words,
            "--output-format",
            "json",
        ]
        return run(command, environment, PEER_LIMIT_S)

    return [Peer("hexora", ("pypi",), hexora), Peer("guarddog", ("pypi", "npm"), guarddog)]


def fresh_lists(folder: Path) -> Mapping[str, str]:
    """guarddog fetches its lists of popular names anew when they are old; a fetch would be counted against it."""
    lists = folder / "lists"
    if not lists.exists():
        [shipped] = (folder / "venv").glob("lib/python*/site-packages/guarddog/analyzer/metadata/resources")
        shutil.copytree(shipped, lists)
    for path in lists.glob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            content["downloaded_timestamp"] = int(time.time())
            path.write_text(json.dumps(content), encoding="utf-8")
    return {"GUARDDOG_TOP_PACKAGES_CACHE_LOCATION": str(lists)}


def source_rules(command: Path, environment: Mapping[str, str]) -> dict[str, list[str]]:
    """guarddog's rules over source, by ecosystem; those over metadata would ask the network."""
    found = {}
    for ecosystem in ("pypi", "npm"):
        words = [command, ecosystem, "scan", "--help"]
        text = subprocess.run(words, capture_output=True, text=True, check=True, env=dict(environment)).stdout
        choices = "".join(text.split("--rules [")[1].split("]")[0].split()).split("|")
        found[ecosystem] = [rule for rule in choices if rule.startswith(("threat-", "capability-"))]
    return found


def unpack(archive: Path, folder: Path) -> None:
    """Write a benign archive out for a scanner that reads folders."""
    folder.mkdir(parents=True)
    if archive.name.endswith((".whl", ".zip")):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)  # noqa: S202  # zipfile drops what would leave the folder
        return
    with tarfile.open(archive, errorlevel=0) as tar:
        tar.extractall(folder, filter="data")
