"""No address of a registry and no path of one machine stands in the project: they come from the user's own clients."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from packageurl.contrib.purl2url import get_download_url
from pypi_simple import PYPI_SIMPLE_ENDPOINT

PIP_HOSTS = "from pip._internal.models.index import PyPI as p; print(p.url, p.file_storage_domain)"
CLIENTS = (
    [sys.executable, "-c", PIP_HOSTS],
    [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
    ["npm", "config", "get", "registry"],
    ["go", "env", "GOPROXY"],
)
SAMPLES = ("pkg:npm/x@1", "pkg:gem/x@1", "pkg:maven/x/y@1")
MAX_BYTES = 20_000_000


def asked(command: list[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout


@pytest.fixture(scope="module")
def hosts() -> set[str]:
    texts = [PYPI_SIMPLE_ENDPOINT, *(get_download_url(purl) or "" for purl in SAMPLES), *map(asked, CLIENTS)]
    sources = [Path("/etc/apt/sources.list"), *Path("/etc/apt").glob("sources.list.d/*")]
    texts += [path.read_text(errors="replace") for path in sources if path.is_file()]
    words = [word for text in texts for word in re.split(r"[\s,|\"']+", text)]
    found = {urlsplit(word if "://" in word else f"//{word}").hostname or "" for word in words}
    return {host for host in found if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}", host)}


def test_no_registry_address_stands_in_the_project(root: Path, tree: tuple[Path, ...], hosts: set[str]) -> None:
    assert len(hosts) >= 4
    pattern = re.compile(b"|".join(re.escape(host.encode()) for host in sorted(hosts)))
    small = (path for path in tree if path.stat().st_size < MAX_BYTES)
    hits = {str(path.relative_to(root)): sorted(set(pattern.findall(path.read_bytes()))) for path in small}
    assert {name: found for name, found in hits.items() if found} == {}


def test_no_path_of_this_machine_stands_in_the_project(root: Path, tree: tuple[Path, ...]) -> None:
    here = re.compile(re.escape(str(root).encode()) + rb"\b")
    assert [str(path.relative_to(root)) for path in tree if here.search(path.read_bytes())] == []


def test_nothing_large_is_committed(root: Path, tree: tuple[Path, ...]) -> None:
    assert [str(path.relative_to(root)) for path in tree if path.stat().st_size >= MAX_BYTES // 10] == []
