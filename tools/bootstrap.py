#!/usr/bin/env python3
"""Make .venv and fill it from the locked requirements: `bootstrap.py base` to scan, `server` to serve, `cluster` to
serve on a cluster, `dev` to work.

Runs on the system's Python before anything is installed, so it uses the standard library alone. A second run finds
the stamp of the first and does nothing. uv installs (seconds instead of minutes) but reads no pip configuration, so
the user's own pip settings (index, certificates, wheels folder, proxy) are handed to it.
"""

from __future__ import annotations

import ast
import compileall
import contextlib
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

with contextlib.suppress(ImportError):  # missing on a Python that main() refuses
    import tomllib

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "packamal-stamp.json"
LOCKS = ROOT / "requirements"
LEVELS = ("base", "server", "cluster", "dev")
"""Each holds what the one before it holds."""
OLDEST_PYTHON = (3, 11)
PIP_SECTIONS = ("global", "install", ":env:")  # in pip's own order: later ones win
PIP_TO_UV = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "extra-index-url": ("UV_INDEX",),
    "find-links": ("UV_FIND_LINKS",),
    "no-index": ("UV_NO_INDEX",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "proxy": ("HTTP_PROXY", "HTTPS_PROXY"),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
}


def main(level: str) -> int:
    """Bring .venv up to the level; 0 when it is there."""
    if sys.version_info < OLDEST_PYTHON:
        return refuse("Python 3.11 or newer is needed, this is " + sys.version.split()[0])
    wanted = {"level": level, "digest": digest(), "python": sys.version}
    have = read_stamp()
    if have in [{**wanted, "level": higher} for higher in LEVELS[LEVELS.index(level) :]]:
        compile_source()
        return 0
    if not has_venv():
        return refuse("Python's venv module is missing. Install it: apt-get install python3-venv")
    say(f"setting up .venv ({level}) ...")
    if have.get("python") != sys.version:
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if have.get("level") in LEVELS[LEVELS.index(level) :]:
        wanted["level"] = level = have["level"]  # a scan must not take the developer's tools away
    STAMP.unlink(missing_ok=True)
    install(level)
    compile_source()
    STAMP.write_text(json.dumps(wanted), encoding="utf-8")
    return 0


def install(level: str) -> None:
    """Install the locked set and this project itself, by hash."""
    run([str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(LOCKS / "uv.txt")])
    uv = [str(VENV / "bin" / "uv"), "pip"]
    target = ["--quiet", "--python", str(PYTHON)]
    environment = {**os.environ, **uv_settings(pip_settings()), "UV_NO_CONFIG": "1"}
    run([*uv, "sync", *target, "--compile-bytecode", "--require-hashes", str(LOCKS / f"{level}.txt")], environment)
    build = ["--no-deps", "--build-constraints", str(LOCKS / "build.txt"), "--editable", str(ROOT)]
    run([*uv, "install", *target, *build], environment)


def compile_source() -> None:
    """Compile what changed: without it a start takes twice as long wherever Python is told to write no bytecode."""
    compileall.compile_dir(str(ROOT / "src"), quiet=2)


def pip_settings() -> dict[str, str]:
    """What pip would use, by option name. Values may hold passwords: they are never printed."""
    listed = subprocess.run([str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    found: dict[str, dict[str, str]] = {section: {} for section in PIP_SECTIONS}
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if section in found:
            found[section][option] = str(ast.literal_eval(value))
    return {option: value for section in PIP_SECTIONS for option, value in found[section].items()}


def uv_settings(pip: dict[str, str]) -> dict[str, str]:
    """The same settings under uv's names; what the user has set for uv itself wins."""
    settings = {name: " ".join(value.split()) for option, value in pip.items() for name in PIP_TO_UV.get(option, ())}
    if links := settings.pop("UV_FIND_LINKS", ""):
        # pip passes over a folder that is not there, uv ends; this list is the one that uv separates by commas
        there = [link for link in links.split() if "://" in link or Path(link).expanduser().exists()]
        settings |= {"UV_FIND_LINKS": ",".join(there)} if there else {}
    return {name: value for name, value in settings.items() if name not in os.environ}


def digest() -> str:
    """Names the state of everything that decides what is installed."""
    project = json.dumps(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])
    locks = [path.read_bytes() for path in sorted(LOCKS.glob("*.txt"))]
    return hashlib.sha256(b"".join([project.encode(), *locks])).hexdigest()


def read_stamp() -> dict[str, str]:
    """What the last complete run left; empty when there was none."""
    try:
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def has_venv() -> bool:
    """Debian ships Python without the half of venv that makes pip."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


def run(command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run one step and end with its own exit status when it fails."""
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode:
        say(f"failed: {Path(command[0]).name} {' '.join(command[1:4])} ... (exit {done.returncode})")
        sys.exit(done.returncode)


def say(text: str) -> None:
    """Progress goes to stderr: stdout belongs to the command that follows."""
    print(text, file=sys.stderr, flush=True)


def refuse(text: str) -> int:
    """Say in one line what is missing."""
    say("packamal: " + text)
    return 2


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LEVELS:
        sys.exit("usage: bootstrap.py base|server|dev")
    sys.exit(main(sys.argv[1]))
