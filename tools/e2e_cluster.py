#!/usr/bin/env python3
"""The chart on the cluster that KUBECONFIG names: build and load images, install, test, analyse, in both transports.

Every step prints its time. The release is called packamal and stays afterwards with --keep. How an image gets onto the
cluster's nodes differs: --load is a command in which {archive} stands for a file saved by `podman save`, like
`minikube image load {archive}`; without it images are pushed to --registry, or are there already (--skip-images).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from chart.rendering import CHART, NAMESPACE, RELEASE, ROOT, merge, values_of
from cluster.commands import ANALYSIS, TIMES, StepError, kubectl, missing, run, say, step, tried

IMAGES = ("packamal-backend", "packamal-frontend", "packamal-analysis", "packamal-stores")
WAIT = "10m"
TAG = "e2e"


def main(arguments: list[str]) -> int:
    """All of it; 0 when everything was as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="localhost/debian:bookworm-slim", help="a Debian 12 that images are built on")
    parser.add_argument(
        "--load", default=os.environ.get("PACKAMAL_E2E_LOAD", ""), help="puts an {archive} on the nodes"
    )
    parser.add_argument("--registry", default="localhost", help="before the names of images")
    parser.add_argument("--skip-images", action="store_true", help="they are on the nodes already")
    parser.add_argument("--values", type=Path, action="append", default=[], help="above those of minikube")
    parser.add_argument("--share", default="", help="source of a volume for the second transport, as JSON")
    parser.add_argument("--keep", action="store_true", help="leave the release")
    parser.add_argument("--again", action="store_true", help="take over, and remove, a release that is there")
    parser.add_argument("--tests", default="tests/cluster", help="what pytest runs against the release")
    options = parser.parse_args(arguments)
    if lacking := missing("kubectl", "helm", *([] if options.skip_images else ["podman"])):
        say(f"not installed: {' '.join(lacking)}")
        return 2
    if not options.again and tried("get", "namespace", NAMESPACE).returncode == 0:
        say(f"namespace {NAMESPACE} is there already, and this test removes it with its volumes; --again takes it over")
        return 2
    try:
        return everything(options)
    except StepError as error:
        say(f"FAILED: {error}")
        return 1
    finally:
        if not options.keep:
            remove()
        say("\n".join(["", *(f"{seconds:7.1f} s  {what}" for what, seconds in TIMES)]))


def everything(options: argparse.Namespace) -> int:
    """The steps in their order."""
    say(run(["kubectl", "version", "--output", "yaml"], is_quiet=True))
    if not options.skip_images:
        make_images(options)
    values = release_values(options)
    with step("namespace and secrets"):
        made = tried("create", "--filename", "-", text=run(["sh", CHART / "secrets.sh", NAMESPACE], is_quiet=True))
        if made.returncode and "already exists" not in made.stderr:
            raise StepError(made.stderr)
    transports = ["upload", *(["volume"] if options.share else [])]
    code = 0
    for transport in transports:
        more = {
            "results": {"transport": transport, "source": json.loads(options.share) if transport == "volume" else {}}
        }
        install(merge(values, more), transport)
        with step(f"helm test, {transport}"):
            run(["helm", "test", RELEASE, "--namespace", NAMESPACE, "--timeout", WAIT, "--logs"])
        with step(f"pytest {options.tests}, {transport}"):
            code = pytest(options.tests, transport) or code
    return code


def make_images(options: argparse.Namespace) -> None:
    """Build what the repository has a Containerfile for, and bring it to the nodes."""
    with step("build images"):
        run(["make", "images", f"BASE={options.base}", f"TAG={TAG}"])
        stores = f"localhost/packamal-stores:{TAG}"
        run(
            [
                "podman",
                "build",
                "--quiet",
                "--build-arg",
                f"BASE={options.base}",
                "--tag",
                stores,
                ROOT / "images/stores",
            ]
        )
    with step("load images"), tempfile.TemporaryDirectory() as folder:
        for name in IMAGES:
            image, archive = f"localhost/{name}:{TAG}", Path(folder) / f"{name}.tar"
            if not options.load:
                run(["podman", "push", image, f"{options.registry}/{name}:{TAG}"])
                continue
            run(["podman", "save", "--quiet", "--output", archive, image])
            run(shlex.split(options.load.replace("{archive}", str(archive))))
            archive.unlink()


def release_values(options: argparse.Namespace) -> dict[str, object]:
    """Those of one node, with the images of this test."""
    ours = {name.removeprefix("packamal-"): {"repository": name, "tag": TAG} for name in IMAGES[:3]}
    stores = {name: {"repository": IMAGES[3], "tag": TAG} for name in ("postgresql", "redis")}
    values = merge(values_of("minikube"), {"images": {"registry": options.registry, **ours, **stores}})
    for path in options.values:
        values = merge(values, yaml.safe_load(path.read_text(encoding="utf-8")))
    return values


def install(values: dict[str, object], what: str) -> None:
    """Or upgrade, and wait until all of it is ready."""
    with step(f"helm upgrade --install --wait, {what}"), tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file)
        file.flush()
        words = ["--namespace", NAMESPACE, "--values", file.name, "--wait", "--timeout", WAIT]
        run(["helm", "upgrade", "--install", RELEASE, CHART, *words], is_quiet=True)


def pytest(tests: str, transport: str) -> int:
    """The tests of a running release."""
    environment = {**os.environ, "PACKAMAL_E2E_TRANSPORT": transport}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:randomly",
        "-m",
        "cluster",
        "--force-enable-socket",
        "-s",
        tests,
    ]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def remove() -> None:
    """The release with its volumes."""
    with step("helm uninstall"):
        with contextlib.suppress(StepError):
            run(["helm", "uninstall", RELEASE, "--namespace", NAMESPACE, "--wait"], is_quiet=True)
        for namespace in (NAMESPACE, ANALYSIS, f"{NAMESPACE}-node"):
            kubectl("delete", "namespace", namespace, "--ignore-not-found", "--timeout=120s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
