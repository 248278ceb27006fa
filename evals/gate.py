#!/usr/bin/env python3
"""What the gate lets pass: share of malicious samples by reason, and benign source that is parsed for nothing.

    gate.py --benign DIR [--malware DIR] [--budget BYTES] [--limit N]

Samples are read in memory from the encrypted archives of a corpus folder (labels.jsonl beside them), never written.
"""

from __future__ import annotations

import argparse
import json
import time
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from floor import archives
from measuring import keep, print_table, provenance

from packamal.archive import unpack
from packamal.detectors.gate import BUDGET_BYTES, select
from packamal.detectors.language import SCRIPTS
from packamal.detectors.roles import assign
from packamal.errors import ArchiveError

PASSWORD = b"infected"
"""The usual word on archives of samples; it keeps them from being opened by accident."""
REASONS = ("role", "strong", "near", "hides", "budget")


@dataclass
class Count:
    """Sums over one group of artifacts."""

    artifacts: int = 0
    passing: int = 0
    passing_by: Counter[str] = field(default_factory=Counter)
    source_bytes: int = 0
    selected: Counter[str] = field(default_factory=Counter)
    units: int = 0
    selected_units: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    missed: list[str] = field(default_factory=list)
    cpu_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benign", type=Path, metavar="DIR", help="folder with benign archives")
    parser.add_argument("--malware", type=Path, metavar="DIR", help="corpus folder with encrypted samples")
    parser.add_argument("--budget", type=int, default=BUDGET_BYTES, help="bytes parsed of any package")
    parser.add_argument("--limit", type=int, help="at most so many artifacts of each group")
    arguments = parser.parse_args()
    groups: dict[str, Count] = {}
    for ecosystem in ("pypi", "npm"):
        if arguments.malware:
            samples = malware(arguments.malware, ecosystem, arguments.limit)
            groups[f"{ecosystem} malware"] = tally(samples, arguments.budget)
        if arguments.benign:
            paths = archives(arguments.benign)[ecosystem][: arguments.limit]
            benign = ((path.name, path.read_bytes(), ecosystem) for path in paths)
            groups[f"{ecosystem} benign"] = tally(benign, arguments.budget)
    for title, count in groups.items():
        show(title, count)
    if not arguments.limit:
        figures = {title: figure(count) for title, count in groups.items()}
        print(
            "\nkept in",
            keep("gate", {**provenance("packamal", "ahocorasick-rs"), "budget": arguments.budget} | figures),
        )


def figure(count: Count) -> dict[str, float]:
    """What is kept of one group."""
    return {
        "artifacts": count.artifacts,
        "with_source": count.artifacts - count.empty,
        "passing": count.passing,
        "source_mb": round(count.source_bytes / 1e6, 1),
        "parsed_mb": round(sum(count.selected.values()) / 1e6, 1),
        "roles_x_floor": round(count.cpu_s["roles"] / count.cpu_s["floor"], 2),
        "gate_x_floor": round(count.cpu_s["gate"] / count.cpu_s["floor"], 2),
    }


def malware(folder: Path, ecosystem: str, limit: int | None) -> Iterator[tuple[str, bytes, str]]:
    """(file name, bytes, ecosystem) of the samples in which somebody found a payload."""
    rows = [json.loads(line) for line in (folder / "labels.jsonl").read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["ecosystem"] == ecosystem and not row.get("note")]
    with zipfile.ZipFile(folder / f"malware-dev-{ecosystem}.zip") as samples:
        for row in rows[:limit]:
            yield row["filename"], samples.read(row["sha256"] + ".bin", pwd=PASSWORD), ecosystem


def kind_of(name: str, ecosystem: str) -> str:
    """The kind that an index would state."""
    if name.endswith(".whl"):
        return "wheel"
    return "npm" if ecosystem == "npm" else "sdist"


def tally(artifacts: Iterator[tuple[str, bytes, str]], budget: int) -> Count:
    """Run unpacking, roles and the gate over artifacts."""
    count = Count()
    for name, data, ecosystem in artifacts:
        started = time.process_time()
        try:
            unpacked = unpack(data, name)
        except ArchiveError:
            continue
        for member in unpacked.members:
            zlib.crc32(member.data)
        floored = time.process_time()
        units = assign(unpacked, kind_of(name, ecosystem), ecosystem)
        assigned = time.process_time()
        selection = select(units, budget)
        count.cpu_s["gate"] += time.process_time() - assigned
        count.cpu_s["roles"] += assigned - floored
        count.cpu_s["floor"] += floored - started
        source = [unit for unit in units if unit.language in SCRIPTS]
        count.artifacts += 1
        count.empty += not source
        count.passing += bool(selection.units)
        count.passing_by.update(set(selection.reasons))
        count.units += len(source)
        count.source_bytes += sum(len(unit.data) for unit in source)
        count.selected_units.update(selection.reasons)
        for reason, unit in zip(selection.reasons, selection.units, strict=True):
            count.selected[reason] += len(unit.data)
        if source and not selection.units:
            count.missed.append(name)
    return count


def show(title: str, count: Count) -> None:
    """Print one group's table."""
    if not count.artifacts:
        return
    total = sum(count.selected.values())
    print(f"\n{title}: {count.artifacts} artifacts, {count.empty} without source; one unit or more passes in ", end="")
    print(f"{count.passing} ({share(count.passing, count.artifacts - count.empty)} of those with source)")
    print(
        f"parsed {total / 1e6:.1f} of {count.source_bytes / 1e6:.1f} MB source ({share(total, count.source_bytes)}), ",
        end="",
    )
    print(f"{sum(count.selected_units.values())} of {count.units} units")
    floor_s = count.cpu_s["floor"]
    print(
        ", ".join(
            f"{name} {value:.2f} s ({value / floor_s:.2f} x floor)" for name, value in sorted(count.cpu_s.items())
        )
    )
    rows = [
        (
            reason,
            share(count.passing_by[reason], count.artifacts),
            share(count.selected_units[reason], count.units),
            share(count.selected[reason], count.source_bytes),
        )
        for reason in REASONS
    ]
    print_table(("reason", "artifacts", "units", "bytes"), rows)
    if count.missed:
        print("nothing selected in:", ", ".join(count.missed[:20]))


def share(part: float, whole: float) -> str:
    """A percentage with one digit."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


if __name__ == "__main__":
    main()
