"""nginx of the set: the file of the container image, with the two small ones beside it that differ."""

from __future__ import annotations

import shutil
from pathlib import Path

from fullset.folder import Folder, user
from fullset.stores import program

CONFIGURATION = Path(__file__).resolve().parents[2] / "images/frontend/nginx.conf"


def make_frontend(folder: Folder) -> list[str | Path]:
    """Write its files; gives the command that runs it."""
    place, ports = folder.foreign("nginx"), folder.ports()
    temporary = place / "tmp"
    temporary.mkdir(exist_ok=True)
    if owner := user():
        shutil.chown(temporary, owner)
    shutil.copyfile(CONFIGURATION, place / "nginx.conf")
    (place / "listen.conf").write_text(f"listen 127.0.0.1:{ports['frontend']};\n")
    (place / "upstream.conf").write_text(
        f"upstream packamal_web {{\n    server 127.0.0.1:{ports['web']};\n    keepalive 16;\n}}\n"
    )
    static = place / "static"
    static.unlink(missing_ok=True)
    static.symlink_to(folder.path / "data/static")
    return [program("nginx"), "-p", f"{place}/", "-c", place / "nginx.conf"]
