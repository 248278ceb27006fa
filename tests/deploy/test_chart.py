"""The chart renders for every set of values, into objects that each version we name takes; what is wrong is refused."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import jsonschema_rs
import kubernetes_validate
import pytest
import yaml
from chart.matrix import REFUSED, SETS
from chart.release import of_kind
from chart.rendering import CHART, NAMESPACE, RENDERED, golden, objects, render, render_with, values_of

VERSIONS = ("1.33", "1.34", "1.35", "1.36")
LARGEST_BYTES = 900_000
"""Of a release, which Helm keeps in one Secret."""
CRDS = yaml.safe_load((Path(__file__).parent / "crds.yaml").read_text())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", SETS)
def test_helm_has_nothing_to_say_about_it(name, version):
    from helm_python import lint

    found = lint(CHART, SETS[name], strict=True, namespace=NAMESPACE, kube_version=f"v{version}.0")
    messages = [one["error"] for one in found["messages"] if one["severity"] > 1]
    assert (messages, found["errors"], found["total_charts_linted"]) == ([], [], 1)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_one_of_kubernetes(release, version):
    ours = [json.dumps(one, sort_keys=True) for one in release if crd(one) is None]
    for text in ours:
        check(text, version)
    assert len(ours) >= 50


@cache
def check(text, version):
    """Most objects are the same in most sets."""
    kubernetes_validate.validate(json.loads(text), version, strict=True)


def test_every_other_object_is_one_of_its_own_definition(set_of):
    seen = set()
    for name in SETS:
        for one in set_of(name):
            if schema := crd(one):
                seen.add(one["kind"])
                jsonschema_rs.validator_for({**schema, "$defs": CRDS["$defs"]}).validate(one)
    assert seen == CRDS.keys() - {"$defs"}


def crd(one):
    is_ours = "." in one["apiVersion"] and not one["apiVersion"].split("/")[0].endswith((".k8s.io", "apps", "batch"))
    is_gateway = one["apiVersion"].startswith("gateway.networking.k8s.io/")
    return CRDS[one["kind"]] if is_ours or is_gateway else None


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_wrong_is_refused_with_the_name_of_the_value(why):
    from helm_python import HelmError

    values, named = REFUSED[why]
    with pytest.raises(HelmError, match=re.escape(named)):
        render(values)


@pytest.mark.parametrize("name", ["minikube", "aks"])
def test_what_is_committed_is_what_is_rendered(name):
    assert (RENDERED / f"{name}.yaml").read_text() == golden(values_of(name)), "run `make docs`"


@pytest.mark.parametrize("name", ["default", "everything", "volume"])
def test_the_wheel_renders_what_helm_renders(name):
    helm = shutil.which("helm")
    if helm is None:
        pytest.skip("there is no Helm here to compare with")
    theirs, ours = render_with(Path(helm), SETS[name]), objects(SETS[name])
    assert sorted(map(shape, theirs)) == sorted(map(shape, ours))


def shape(one):
    if one["kind"] == "Secret":
        one = {**one, "data": sorted(one["data"])}  # made anew each time
    return json.dumps(one, sort_keys=True)


def test_names_are_once_and_fit(release):
    names = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in release]
    assert sorted(set(names), key=str) == sorted(names, key=str)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?", name) for _, _, name in names)


def test_labels_say_what_an_object_is_part_of(release):
    wanted = {"name", "instance", "component", "part-of", "version", "managed-by"}
    for one in release:
        labels = one["metadata"].get("labels", {})
        assert {f"app.kubernetes.io/{word}" for word in wanted} <= labels.keys(), one["metadata"]["name"]
        assert all(len(value) <= 63 for value in labels.values())


def test_every_selector_finds_its_pod(release, made):
    for one in of_kind(release, "Deployment", "StatefulSet", "DaemonSet"):
        chosen = one["spec"]["selector"]["matchLabels"].items()
        assert [pod.name for pod in made if chosen <= pod.labels.items()] == [
            f"{one['kind']}/{one['metadata']['name']}"
        ]
        assert not {"helm.sh/chart", "app.kubernetes.io/version"} & dict(chosen).keys()
    for one in of_kind(release, "Service"):
        chosen = one["spec"]["selector"].items()
        found = [pod for pod in made if chosen <= pod.labels.items() and pod.namespace == NAMESPACE]
        ports = {port.get("name") for pod in found for c in pod.containers for port in c.get("ports", [])}
        assert found, one["metadata"]["name"]
        assert {port["targetPort"] for port in one["spec"]["ports"]} <= ports


def test_only_the_frontend_is_ever_public(release):
    for one in of_kind(release, "Service"):
        is_frontend = one["metadata"]["name"].endswith("-frontend")
        assert is_frontend or one["spec"].get("type", "ClusterIP") == "ClusterIP", one["metadata"]["name"]
    for one in of_kind(release, "HTTPRoute", "Ingress"):
        names = re.findall(r'"name": "([a-z-]+)", "port"|"service": {"name": "([a-z-]+)"', json.dumps(one))
        assert {first or second for first, second in names} <= {"packamal-frontend"}


def test_beat_is_one_and_never_two(release):
    beat = next(one for one in of_kind(release, "Deployment") if one["metadata"]["name"].endswith("-beat"))
    assert (beat["spec"]["replicas"], beat["spec"]["strategy"]) == (1, {"type": "Recreate"})


def test_who_is_scaled_has_no_number_of_its_own(release):
    scaled = {
        one["spec"]["scaleTargetRef"]["name"] for one in of_kind(release, "HorizontalPodAutoscaler", "ScaledObject")
    }
    for one in of_kind(release, "Deployment"):
        assert ("replicas" in one["spec"]) is (one["metadata"]["name"] not in scaled)
    both = [
        one["spec"]["scaleTargetRef"]["name"] for one in of_kind(release, "HorizontalPodAutoscaler", "ScaledObject")
    ]
    assert len(both) == len(scaled)


def test_a_disruption_budget_never_forbids_every_disruption(release, made):
    for one in of_kind(release, "PodDisruptionBudget"):
        assert one["spec"]["maxUnavailable"] == 1
        assert "minAvailable" not in one["spec"]


def test_tables_are_made_before_they_are_used(set_of):
    job = next(one for one in of_kind(set_of("external"), "Job"))
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    first = next(one for one in of_kind(set_of("default"), "Job"))
    assert "annotations" not in first["metadata"]
    later = next(one for one in objects({}, is_upgrade=True) if one["kind"] == "Job")
    assert later["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_volumes_are_those_of_the_plan_and_stay(release):
    claims = {one["metadata"]["name"]: one for one in of_kind(release, "PersistentVolumeClaim")}
    kept = {
        name for name, one in claims.items() if one["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
    }
    assert {"packamal-app-shared", "packamal-analysis-results"} <= kept
    sizes = {
        one["spec"]["resources"]["requests"]["storage"]
        for one in of_kind(release, "StatefulSet")
        for one in one["spec"]["volumeClaimTemplates"]
    }
    assert sizes <= {"5Gi", "1Gi"}
    assert claims["packamal-app-shared"]["spec"]["resources"]["requests"]["storage"] == "2Gi"
    assert claims["packamal-analysis-results"]["spec"]["resources"]["requests"]["storage"] == "10Gi"


def test_a_release_fits_into_what_helm_keeps(set_of):
    assert sum(len(json.dumps(one)) for one in set_of("everything")) < LARGEST_BYTES


def test_a_release_of_any_name_stays_within_the_limits_of_names():
    from helm_python import Chart

    with Chart.load(CHART) as chart:
        rendered = chart.render({}, name="r" * 53, namespace="n" * 40)
    texts = {name: text for name, text in rendered.items() if name.endswith(".yaml")}
    names = [
        one["metadata"]["name"] for text in texts.values() for one in yaml.safe_load_all(text) if isinstance(one, dict)
    ]
    assert max(map(len, names)) <= 63


def test_the_versions_agree(pytestconfig):
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    about = (pytestconfig.rootpath / "src/packamal/__init__.py").read_text()
    assert f'__version__ = "{chart["appVersion"]}"' in about


def test_secrets_are_made_once_and_random(tmp_path):
    script = CHART / "secrets.sh"
    first, second = (
        subprocess.run(["sh", script], capture_output=True, text=True, check=True).stdout for _ in range(2)
    )
    namespace, secret = yaml.safe_load_all(first)
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert secret["metadata"] == {"name": "packamal", "namespace": "packamal"}
    assert all(len(value) >= 32 for value in secret["stringData"].values())
    assert {"secret-key", "admin-password", "flower-config"} == secret["stringData"].keys()
    assert first != second
