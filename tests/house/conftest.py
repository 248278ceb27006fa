"""What the house tests look at: the files of the project as they would be committed."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def tree() -> tuple[Path, ...]:
    """Every file of the project, new ones included, ignored ones not."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(ROOT / name for name in listed if name and (ROOT / name).is_file())


@pytest.fixture(scope="session")
def modules(tree: tuple[Path, ...]) -> dict[str, ast.Module]:
    """Path below the root -> syntax tree of every Python file outside the tests."""
    sources = {str(path.relative_to(ROOT)): path for path in tree if path.suffix == ".py"}
    return {name: ast.parse(path.read_bytes()) for name, path in sources.items() if not name.startswith("tests/")}
