#!/usr/bin/env python3
"""CPU seconds of a batch scan as a ratio to the floor, and to hexora and GuardDog on the same archives in the same run.

    speed.py --benign DIR [--limit 60] [--peer-limit 40] [--without-peers]

Only benign archives: the peers write them to a folder of their own. The peers are installed below the user's cache.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import statistics
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from floor import archives, floor
from measuring import PACKAMAL, keep, print_table, provenance, run
from peers import install, peers
from platformdirs import user_cache_path

REPEATS = 11
ALL = "all"
BOUNDS = {"batch, x floor": 6.0, "scan a small package, s": 0.5, "scan a small wheel, s": 0.5, "--help, s": 0.15}
SMALL = {
    "package/package.json": b'{"name": "small", "version": "1.0.0", "main": "index.js", "license": "MIT"}',
    "package/index.js": b"'use strict';\nmodule.exports = (left, right) => left + right;\n",
    "package/readme.md": b"# small\n\nAdds two numbers.\n",
}
SMALL_WHEEL = {
    "small/__init__.py": "def add(left, right):\n    return left + right\n",
    "small-1.0.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: small\nVersion: 1.0.0\nSummary: Adds two numbers\n",
    "small-1.0.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "small-1.0.0.dist-info/RECORD": "small/__init__.py,,\n",
}


def main() -> int:
    """Measure, print, keep; 1 when a bound is missed."""
    arguments = parse()
    found = {ecosystem: pick(paths, arguments.limit) for ecosystem, paths in archives(arguments.benign).items()}
    fewer = {f"{name}, some": paths[: arguments.peer_limit] for name, paths in found.items()}
    result: dict[str, object] = provenance("packamal", "yara-x", "tree-sitter", "ahocorasick-rs")
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        starts = one_shot(Path(scratch))
        for name, paths in found.items():
            rows += batch(name, paths, Path(scratch))
        rows += together(rows)
        if not arguments.without_peers:
            for name, paths in fewer.items():
                rows += batch(name, paths, Path(scratch))
            rows += beside(fewer, result)
    for row in rows:
        ground = next(other["cpu_s"] for other in rows if (other["tool"], other["on"]) == ("floor", row["on"]))
        row["x_floor"] = round(float(str(row["cpu_s"])) / float(str(ground)), 2)
    counts = {name: len(paths) for name, paths in {**found, **fewer}.items()}
    counts[ALL] = sum(map(len, found.values()))
    result |= {"batch": rows, "one_shot_cpu_s": starts, "archives": counts}
    show(result, rows, starts)
    print("kept in", keep("speed", result))
    return verdict(rows, starts)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benign", type=Path, required=True, metavar="DIR", help="folder with benign archives")
    parser.add_argument("--limit", type=int, help="at most so many archives of each ecosystem")
    parser.add_argument("--peer-limit", type=int, default=40, help="the peers see at most so many of each (40)")
    parser.add_argument("--without-peers", action="store_true", help="only the floor and packamal")
    return parser.parse_args()


def pick(paths: list[Path], limit: int | None) -> list[Path]:
    """The same mixed choice every time."""
    return sorted(paths, key=lambda path: hashlib.sha256(path.name.encode()).digest())[:limit]


def batch(name: str, paths: list[Path], scratch: Path) -> list[dict[str, object]]:
    """The floor before and after, and between them one batch scan with one worker."""
    before = floor(paths)
    listing, output = scratch / f"{name}.txt", scratch / f"{name}.jsonl"
    listing.write_text("".join(f"{path.resolve()}\n" for path in paths), encoding="utf-8")
    options = ["--jobs", "1", "--fail-on", "never", "--progress", "none"]
    used = run([PACKAMAL, "scan", "--jsonl", listing, *options, "--output", output])
    after = floor(paths)
    ground = {"tool": "floor", "on": name, "cpu_s": round((before.cpu_s + after.cpu_s) / 2, 3)}
    mine = {"tool": "packamal", "on": name, "cpu_s": round(used.cpu_s, 2), "wall_s": round(used.wall_s, 2)}
    return [
        {**ground, "megabytes": round(before.megabytes), "files": before.files},
        {**mine, "peak_mb": round(used.peak_mb), "exit": used.code},
    ]


def together(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The same over all archives."""
    return [
        {
            "tool": tool,
            "on": ALL,
            "cpu_s": round(sum(float(str(row["cpu_s"])) for row in rows if row["tool"] == tool), 2),
        }
        for tool in ("floor", "packamal")
    ]


def beside(found: dict[str, list[Path]], result: dict[str, object]) -> list[dict[str, object]]:
    """The peers, one archive at a time, as their command lines work."""
    folder = user_cache_path("packamal-evals") / "peers"
    result["peers"] = install(folder)
    rows: list[dict[str, object]] = []
    for peer in peers(folder):
        for name, paths in found.items():
            ecosystem = name.partition(",")[0]
            if ecosystem not in peer.ecosystems:
                continue
            uses = [peer.scan(path, ecosystem) for path in paths]
            rows.append(
                {
                    "tool": peer.name,
                    "on": name,
                    "cpu_s": round(sum(use.cpu_s for use in uses), 2),
                    "peak_mb": round(max((use.peak_mb for use in uses), default=0)),
                    "late": sum(use.code is None for use in uses),
                }
            )
    return rows


def one_shot(scratch: Path) -> dict[str, float]:
    """Median CPU seconds of a whole process."""
    small, wheel = scratch / "small-1.0.0.tgz", scratch / "small-1.0.0-py3-none-any.whl"
    with tarfile.open(small, "w:gz") as tar:
        for name, content in SMALL.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in SMALL_WHEEL.items():
            archive.writestr(name, text)
    commands: dict[str, list[str | Path]] = {
        "bare interpreter, s": [sys.executable, "-S", "-c", "pass"],
        "--help, s": [PACKAMAL, "--help"],
        "scan a small package, s": [PACKAMAL, "scan", small],
        "scan a small wheel, s": [PACKAMAL, "scan", wheel],
        "a small package as JSON, s": [PACKAMAL, "scan", "--format", "json", small],
    }
    for command in commands.values():
        run(command)  # fills the caches of compiled rules, once for each installation
    return {
        name: round(statistics.median(run(command).cpu_s for _ in range(REPEATS)), 3)
        for name, command in commands.items()
    }


def show(result: dict[str, object], rows: list[dict[str, object]], starts: dict[str, float]) -> None:
    """The tables."""
    print(
        {
            key: result[key]
            for key in ("date", "commit", "machine", "load", "python", "versions", "peers")
            if key in result
        }
    )
    columns = ("tool", "on", "cpu_s", "x_floor", "peak_mb", "late", "exit", "megabytes", "files")
    print_table(
        columns, [[row.get(column, "") for column in columns] for row in sorted(rows, key=lambda row: str(row["on"]))]
    )
    print_table(("one-shot", f"median of {REPEATS}"), list(starts.items()))


def verdict(rows: list[dict[str, object]], starts: dict[str, float]) -> int:
    """Say which bounds are missed: the ratio to the floor holds for each set of archives, beside each peer its own."""
    cpu_s = {(row["tool"], row["on"]): float(str(row["cpu_s"])) for row in rows}
    worst = max(cpu_s["packamal", on] / cpu_s["floor", on] for tool, on in cpu_s if tool == "floor")
    seen = {"batch, x floor": worst, **starts}
    bounds = dict(BOUNDS)
    for (tool, name), spent in cpu_s.items():
        if tool not in ("floor", "packamal"):
            seen[f"{name}, beside {tool}, s"], bounds[f"{name}, beside {tool}, s"] = cpu_s["packamal", name], spent
    missed = {name: (round(seen[name], 3), bound) for name, bound in bounds.items() if seen[name] > bound}
    print("bounds missed (seen, bound):" if missed else "all bounds are met", missed or "")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
