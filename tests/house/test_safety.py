"""What nobody is to bring back unawares: shell strings, secrets in the tree, loose images, a second code path."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

SHELLS = {
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput",
    "asyncio.create_subprocess_shell", "pty.spawn", "os.execl", "os.spawnl",
}  # fmt: skip
CREDENTIAL = re.compile(
    rb"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|-----BEGIN [A-Z ]*PRIVATE KEY-----|xox[abpr]-[0-9A-Za-z-]{10,}"
    rb"|npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{20}|AIza[0-9A-Za-z_-]{35}|pkm_[0-9a-f]{12}_[A-Za-z0-9_-]{43}"
)
EXAMPLES = {"src/packamal/rules/bytes/secrets.yar"}
"""Of what the scanner finds, invented."""
KEPT_BY_A_PROGRAM = re.compile(
    r"PG_VERSION|\.(rdb|aof|sqlite3|pem|key|p12|env|pyc|log)$|(^|/)(id_rsa|\.netrc|\.pypirc)$"
)
PIPED = re.compile(r"(curl|wget)\b[^|\n]*\|\s*(sudo\s+)?(ba|z|da)?sh\b|(ba)?sh\s+(-c\s+)?[\"']?[<$]\(\s*(curl|wget)")
NEVER_IN_WEB = (
    "packamal.engine", "packamal.detectors", "packamal.archive", "yara_x", "tree_sitter", "zstandard", "lightkube",
)  # fmt: skip
LOADS_ALL = """
import sys
from packamal.server.start import set_up
set_up()
import django.urls
django.urls.get_resolver().url_patterns
import packamal.server.pipeline.tasks, packamal.server.pipeline.threads
print("\\n".join(sys.modules))
"""


def calls(module: ast.Module) -> list[tuple[str, ast.Call]]:
    found = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    return [(ast.unparse(node.func), node) for node in found]


def test_no_command_is_a_string_for_a_shell(modules: dict[str, ast.Module]) -> None:
    hits = [
        f"{name}:{call.lineno} {called}"
        for name, module in modules.items()
        for called, call in calls(module)
        if called in SHELLS or any(word.arg == "shell" for word in call.keywords)
    ]
    assert hits == []


def test_nothing_branches_on_debug(modules: dict[str, ast.Module]) -> None:
    hits = [
        f"{name}:{node.lineno}"
        for name, module in modules.items()
        if name.startswith("src/packamal/server/")
        for node in ast.walk(module)
        if (isinstance(node, ast.Attribute) and node.attr == "DEBUG")
        or (isinstance(node, ast.Name) and node.id == "DEBUG" and isinstance(node.ctx, ast.Load))
    ]
    assert hits == []


def test_no_credential_and_no_database_stands_in_the_project(root: Path, tree: tuple[Path, ...]) -> None:
    names = {str(path.relative_to(root)): path for path in tree}
    assert [name for name in names if KEPT_BY_A_PROGRAM.search(name)] == []
    looked_at = {name: path for name, path in names.items() if name not in EXAMPLES and not name.startswith("tests/")}
    assert len(looked_at) > 300
    assert [name for name, path in looked_at.items() if CREDENTIAL.search(path.read_bytes())] == []


def test_secrets_are_compared_in_constant_time(modules: dict[str, ast.Module]) -> None:
    """An equals sign beside a digest of a secret tells how much of it was right."""
    secret = re.compile(r"\b(token|digest|nonce|secret|signature)\b")
    where = (
        "src/packamal/server/accounts/",
        "src/packamal/server/operations/tokens",
        "src/packamal/server/operations/callbacks",
    )
    hits = [
        f"{name}:{node.lineno} {ast.unparse(node)}"
        for name, module in modules.items()
        if name.startswith(where)
        for node in ast.walk(module)
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        and all(secret.search(ast.unparse(side)) for side in (node.left, *node.comparators))
    ]
    assert hits == []


def test_nothing_is_installed_by_piping_a_download_into_a_shell(root: Path, tree: tuple[Path, ...]) -> None:
    texts = {
        str(path.relative_to(root)): path
        for path in tree
        if not str(path.relative_to(root)).startswith(("src/", "tests/"))
    }
    assert len(texts) > 100
    assert [name for name, path in texts.items() if PIPED.search(path.read_text(errors="replace"))] == []


@pytest.fixture(params=["frontend", "service"])
def containerfile(request: pytest.FixtureRequest, root: Path) -> str:
    return (root / f"images/{request.param}/Containerfile").read_text()


def test_an_image_stands_on_what_was_named_by_whoever_builds_it(containerfile: str) -> None:
    assert re.findall(r"^ARG (.*)$", containerfile, re.M) == ["BASE"], "a default would float"
    assert set(re.findall(r"^FROM (\S+)", containerfile, re.M)) == {"${BASE}"}
    assert "ADD " not in containerfile


def test_an_image_holds_nothing_to_build_or_to_break_out_with(containerfile: str) -> None:
    last = containerfile[containerfile.rindex("FROM") :]
    installed = set(re.findall(r"[a-z0-9.+-]+", re.search(r"install --yes --no-install-recommends ([^\\&]+)", last)[1]))
    assert installed <= {"ca-certificates", "python3", "nginx-light"}
    assert re.search(r"^USER [1-9]\d{3,}:[1-9]\d{3,}$", last, re.M)
    assert not re.search(r"docker|podman|\bgit\b|gcc|kubectl|curl|wget|sudo|setuid", last)


def test_the_web_and_the_queue_load_nothing_that_opens_a_package(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "PACKAMAL_SERVER_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", LOADS_ALL], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "packamal.server.pages.home" in loaded
    assert {name for name in loaded if name.startswith(NEVER_IN_WEB)} == set()
