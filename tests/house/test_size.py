"""Small modules, small functions, short pages."""

from __future__ import annotations

import ast
from pathlib import Path

MODULE_LINES, FUNCTION_LINES = 400, 50
PAGE_LINES = {"README.md": 120, "docs/decisions/*.md": 40}


def test_no_module_is_longer_than_a_person_reads(root: Path, modules: dict[str, ast.Module]) -> None:
    lengths = {name: len((root / name).read_bytes().splitlines()) for name in modules}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_no_function_is_longer_than_a_screen(modules: dict[str, ast.Module]) -> None:
    functions = (
        (f"{name}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for name, module in modules.items()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert {name: lines for name, lines in functions if lines > FUNCTION_LINES} == {}


def test_no_page_is_longer_than_it_may_be(root: Path) -> None:
    pages = ((path, cap) for pattern, cap in PAGE_LINES.items() for path in root.glob(pattern))
    lengths = {str(path.relative_to(root)): (len(path.read_text().splitlines()), cap) for path, cap in pages}
    assert "README.md" in lengths
    assert {name: lines for name, (lines, cap) in lengths.items() if lines > cap} == {}


def test_a_make_target_has_at_most_three_lines(root: Path) -> None:
    blocks = (root / "Makefile").read_text().split("\n\n")
    recipes = {block.splitlines()[0]: block.count("\n\t") for block in blocks if "\n\t" in block}
    assert recipes
    assert {target: lines for target, lines in recipes.items() if lines > 3} == {}
