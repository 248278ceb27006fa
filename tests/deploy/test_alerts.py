"""Alerts fire on what they are about, and alerts and dashboards ask for metrics that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from chart.release import of_kind
from chart.rendering import CHART
from services import find

HERE = Path(__file__).parent
FOREIGN = {
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "kube_cronjob_created",
    "kube_cronjob_status_last_successful_time",
    "kube_deployment_status_replicas_available",
    "kube_horizontalpodautoscaler_spec_max_replicas",
    "kube_horizontalpodautoscaler_status_current_replicas",
    "kube_pod_container_status_last_terminated_reason",
    "kube_pod_container_status_restarts_total",
    "kube_pod_created",
    "kube_pod_status_phase",
    "kube_pod_status_reason",
    "kube_statefulset_status_replicas_ready",
    "kubelet_volume_stats_available_bytes",
    "kubelet_volume_stats_capacity_bytes",
}
"""Of kube-state-metrics, cAdvisor and the kubelet."""
METRIC = re.compile(r"\b((?:packamal|kube|kubelet|container)_[a-z0-9_]+)\b(?=[{\[)]|$)")


@pytest.fixture
def rules(set_of):
    (rule,) = of_kind(set_of("everything"), "PrometheusRule")
    return rule["spec"]


@pytest.fixture
def boards(set_of):
    (found,) = [
        one for one in of_kind(set_of("everything"), "ConfigMap") if one["metadata"]["name"].endswith("-dashboards")
    ]
    return [json.loads(text) for text in found["data"].values()]


def test_alerts_fire_when_they_should_and_not_else(rules, tmp_path):
    promtool = find("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    (tmp_path / "alerts.yaml").write_text(yaml.safe_dump(rules))
    shutil.copy(HERE / "alerts.test.yaml", tmp_path)
    for words in (["check", "rules", "alerts.yaml"], ["test", "rules", "alerts.test.yaml"]):
        done = subprocess.run([promtool, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_test_a_severity_and_a_page_that_says_what_to_do(rules, pytestconfig):
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    tests = yaml.safe_load((HERE / "alerts.test.yaml").read_text())["tests"]
    tested = {one["alertname"] for test in tests for one in test["alert_rule_test"] if one["exp_alerts"]}
    assert {alert["alert"] for alert in alerts} == tested
    headings = re.findall(r"(?m)^## (.+)$", (pytestconfig.rootpath / "docs/kubernetes.md").read_text())
    anchors = {f"docs/kubernetes.md#{heading.lower().replace(' ', '-')}" for heading in headings}
    for alert in alerts:
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"]["runbook"] in anchors, alert["alert"]


def test_alerts_and_dashboards_ask_for_metrics_that_there_are(rules, boards):
    from packamal.server import metrics

    source = (Path(metrics.__file__).parent / "operations/collector.py").read_text()
    gauges = {
        name for kind in ("queue", "running") for name in (f"packamal_{kind}_depth", f"packamal_{kind}_oldest_seconds")
    }
    gauges |= set(re.findall(r'"(packamal_[a-z_]+)"', source))
    ours = {f"packamal_{name}_total" for name in ("requests", "scans", "reconciled", "callbacks")}
    ours |= {"packamal_request_seconds_bucket", "packamal_scan_seconds_bucket"} | gauges
    assert metrics.SCANS._name == "packamal_scans"
    texts = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    texts += [target["expr"] for board in boards for panel in board["panels"] for target in panel["targets"]]
    asked = {name for text in texts for name in METRIC.findall(text)}
    assert asked <= ours | FOREIGN
    assert len(asked) >= 20


def test_no_alert_and_no_board_looks_at_another_namespace(rules, boards):
    texts = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    texts += [target["expr"] for board in boards for panel in board["panels"] for target in panel["targets"]]
    for text in texts:
        for selector in re.findall(r"(?:packamal|kube|kubelet|container)_[a-z0-9_]+(\{[^}]*\})?", text):
            assert "namespace=" in selector, text


def test_boards_are_told_apart(boards):
    assert len({board["uid"] for board in boards}) == len(boards) == len(list((CHART / "files/dashboards").iterdir()))
    for board in boards:
        titles = [panel["title"] for panel in board["panels"]]
        assert len(set(titles)) == len(titles)
