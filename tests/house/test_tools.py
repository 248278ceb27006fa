"""The scripts of the project do what their callers lean on."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(autouse=True, scope="module")
def both_folders(root: Path) -> Iterator[None]:
    sys.path[:0] = [str(root / "tools"), str(root / "evals")]
    yield
    del sys.path[:2]


def load(root: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name.replace("/", "_"), root / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pip_settings_reach_uv_under_its_own_names(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bootstrap = load(root, "tools/bootstrap")
    for name in (name for names in bootstrap.PIP_TO_UV.values() for name in names):
        monkeypatch.delenv(name, raising=False)
    given = {
        "index-url": "https://user:word@index.example/simple",
        "find-links": f"/no/such/folder {tmp_path}",
        "extra-index-url": "https://one.example\nhttps://two.example",
        "cert": "/etc/company.pem",
        "verbose": "1",
    }
    assert bootstrap.uv_settings(given) == {
        "UV_DEFAULT_INDEX": "https://user:word@index.example/simple",
        "UV_FIND_LINKS": str(tmp_path),
        "UV_INDEX": "https://one.example https://two.example",
        "SSL_CERT_FILE": "/etc/company.pem",
    }


def test_what_is_set_for_uv_itself_wins(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example")
    assert "UV_DEFAULT_INDEX" not in load(root, "tools/bootstrap").uv_settings({"index-url": "https://index.example"})


@pytest.mark.parametrize(("text", "value"), [("4 << 20", 4 << 20), ("10**6", 10**6), ("2 * 0.5", None), ("'x'", None)])
def test_a_limit_is_read_out_of_its_source(root: Path, text: str, value: int | None) -> None:
    assert load(root, "tools/documents/limits").number(ast.parse(text, mode="eval").body) == value


def test_a_share_carries_the_interval_of_wilson(root: Path) -> None:
    share = load(root, "evals/accuracy").share(list(range(100)), lambda row: row < 85)
    assert (share["count"], share["of"], share["share"]) == (85, 100, 0.85)
    assert (share["low"], share["high"]) == pytest.approx((0.7672, 0.9069), abs=1e-4)


def test_no_sample_gives_no_share_but_no_certainty_either(root: Path) -> None:
    share = load(root, "evals/accuracy").share([], lambda row: True)
    assert (share["low"], share["high"]) == (0.0, 1.0)
