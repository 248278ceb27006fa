"""A start is quick because what is slow to load is loaded only by what needs it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

SLOW = {"pydantic", "rich", "httpx2", "pypi_simple", "jinja2", "pygments", "requests", "hypothesis", "cryptography"}
PROGRAM = """
import contextlib, io, json, sys
out, err = io.StringIO(), io.StringIO()
{body}
json.dump(sorted({{name.partition(".")[0] for name in sys.modules}}), sys.stdout)
"""
HELP = """
from packamal.cli import run
with contextlib.redirect_stdout(out):
    assert run(["--help"]) == 0
assert "scan" in out.getvalue()
"""
COMMAND = """
from packamal.cli import run
with contextlib.redirect_stderr(err):
    words = ["scan", sys.argv[1], "--format", "json", "--cache-dir", sys.argv[2], "--output", sys.argv[2] + ".json"]
    assert run(words) == 0, err.getvalue()
assert json.load(open(sys.argv[2] + ".json"))
"""
ENGINE = """
from pathlib import Path
from packamal.config import Settings
from packamal.engine.scan import scan
from packamal.targets import parse_target
report = scan(parse_target(sys.argv[1]), Settings(cache_dir=Path(sys.argv[2])), lambda progress: None)
assert report.verdict.level == "clean", report
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small harmless npm package."""
    path = tmp_path / "small-1.0.0.tgz"
    files = {
        "package/package.json": b'{"name": "small", "version": "1.0.0", "main": "index.js"}',
        "package/index.js": b"module.exports = (left, right) => left + right;\n",
    }
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("body", [HELP, COMMAND, ENGINE], ids=["help", "command", "engine"])
def test_a_start_loads_nothing_slow(body: str, package: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM.format(body=body), str(package), str(tmp_path / "cache")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert SLOW & set(json.loads(done.stdout)) == set()


def test_a_package_loads_only_the_front_end_of_its_language(package: Path, tmp_path: Path) -> None:
    names = "[name for name in ('javascript', 'python', 'shell') if f'packamal.detectors.{name}.read' in sys.modules]"
    command = [sys.executable, "-c", f"import sys\n{ENGINE}print({names})", str(package), str(tmp_path / "cache")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "['javascript']\n"), done.stderr


def test_what_was_parsed_before_needs_no_parser(package: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM.format(body=ENGINE), str(package), str(tmp_path / "cache")]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2))
    assert "yaml" in json.loads(first)
    assert "yaml" not in json.loads(second)
