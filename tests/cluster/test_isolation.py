"""What a cluster really refuses: Jobs of another shape, pods with a privilege, and connections that nobody named."""

from __future__ import annotations

import json

import pytest
from chart.admission import WRONG, WRONG_JOB, changed, pod_of
from chart.edges import allowed, ends_of
from chart.rendering import NAMESPACE
from cluster.commands import ANALYSIS, component, kubectl, objects, say, tried

builder = pytest.importorskip("packamal.executors.kubernetes.job")
base = pytest.importorskip("packamal.executors.base")
settings_of = pytest.importorskip("packamal.executors.kubernetes.settings")
AS_LAUNCHER = f"--as=system:serviceaccount:{NAMESPACE}:packamal-scans"
CONNECT = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def state(line):
    host, _, port = line.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 3).close()
        return "open"
    except OSError as error:
        return "refused" if "refused" in str(error) else "closed"
lines = sys.stdin.read().split()
for line, found in zip(lines, ThreadPoolExecutor(16).map(state, lines)):
    print(line, found, flush=True)
"""
WITH_PYTHON = {"backend": "backend", "internal": "internal", "scans": "worker", "upkeep": "worker", "beat": "beat"}


@pytest.fixture(scope="module")
def job():
    """As the executor builds it for this release."""
    said = {one["name"]: one.get("value", "") for one in worker_environment()}
    settings = settings_of.JobSettings(
        ANALYSIS,
        said["PACKAMAL_SERVER_JOB_IMAGE"],
        said["PACKAMAL_SERVER_JOB_CALLBACK_URL"],
        placement=settings_of.Placement(priority_class=said["PACKAMAL_SERVER_JOB_PRIORITY_CLASS"]),
    )
    order = base.Order(
        "probe-1", "pkg:pypi/idna@3.10", 300, "request", delivery=base.Delivery("attempts/x/1", "a" * 40, "b" * 40)
    )
    return builder.build_job(order, settings)


def worker_environment():
    (pod,) = objects("pod", component("scans"))
    return next(one["env"] for one in pod["spec"]["containers"] if one["name"] == "worker")


def create(body, *words):
    return tried("create", "--dry-run=server", *words, "--filename", "-", text=json.dumps(body), namespace=ANALYSIS)


def test_the_job_of_the_executor_is_let_in(job):
    done = create(job, AS_LAUNCHER)
    assert done.returncode == 0, done.stderr


def test_every_job_with_one_thing_wrong_is_refused(job):
    wrong = WRONG | WRONG_JOB
    answers = {what: create(changed(job, change), AS_LAUNCHER) for what, change in wrong.items()}
    let_in = [what for what, done in answers.items() if done.returncode == 0]
    by_policy = sum("ValidatingAdmissionPolicy" in done.stderr for done in answers.values())
    say(f"   {len(wrong) - len(let_in)} of {len(wrong)} mutated Jobs refused, {by_policy} of them by the policy")
    assert let_in == []
    assert by_policy >= 50  # the others are no Jobs at all, which the API server sees first


def test_pods_are_refused_too_whoever_makes_them(job):
    let_in = {what for what, change in WRONG.items() if create(pod_of(changed(job, change))).returncode == 0}
    assert let_in <= {"no requests"}  # limits say them, before the policy is asked


@pytest.mark.parametrize("who", ["backend", "internal", "beat", "frontend"])
def test_nobody_else_starts_jobs_or_reads_secrets(job, who):
    account = f"--as=system:serviceaccount:{NAMESPACE}:packamal-{who}"
    assert create(job, account).returncode != 0
    for verb, kind in (("get", "secrets"), ("list", "pods"), ("create", "jobs.batch")):
        assert tried("auth", "can-i", verb, kind, account, namespace=ANALYSIS).returncode != 0, (verb, kind)


def test_the_launcher_may_do_what_it_needs_and_no_more():
    for verb, kind, is_allowed in [
        ("create", "jobs.batch", True),
        ("create", "secrets", True),
        ("get", "secrets", False),
        ("list", "secrets", False),
        ("create", "pods", False),
        ("create", "pods/exec", False),
        ("update", "jobs.batch", False),
    ]:
        done = tried("auth", "can-i", verb, kind, AS_LAUNCHER, namespace=ANALYSIS)
        assert (done.returncode == 0) is is_allowed, (verb, kind)
        elsewhere = tried("auth", "can-i", verb, kind, AS_LAUNCHER, namespace=NAMESPACE)
        assert elsewhere.returncode != 0, (verb, kind)


def test_nothing_else_has_business_among_analyses(job):
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"ports": [{"port": 80}]}}
    done = create(service)
    assert "nothing but Jobs" in done.stderr


def test_pod_security_refuses_privilege_by_itself(job, open_namespace):
    for what in ("root", "the network of the node", "the processes of the node", "a path of the node", "a capability"):
        done = create(pod_of(changed(job, WRONG[what])))
        assert "PodSecurity" in done.stderr, (what, done.stderr)


def addresses():
    """Part -> (address, ports) of one running pod each, with the fixed ones outside."""
    found = {}
    for pod in objects("pods", "--selector", "app.kubernetes.io/name=packamal"):
        if pod["status"]["phase"] == "Running":
            ports = [port["containerPort"] for one in pod["spec"]["containers"] for port in one.get("ports", [])]
            found[pod["metadata"]["labels"]["app.kubernetes.io/component"]] = (pod["status"]["podIP"], ports)
    return found


def outside():
    (node, *_) = objects("nodes")
    address = next(one["address"] for one in node["status"]["addresses"] if one["type"] == "InternalIP")
    return {"node": (address, [10250]), "metadata": ("169.254.169.254", [80]), "wire server": ("168.63.129.16", [80])}


def seen(namespace, pod, container, asked):
    command = ["exec", "-i", pod, "--container", container, "--", "python3", "-c", CONNECT]
    done = tried(*command, text="\n".join(asked), namespace=namespace)
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


def compare(source, answers, expected, places):
    """Expected edges are open, and all others are not."""
    names = {f"{address}:{port}": (name, port) for name, (address, ports) in places.items() for port in ports}
    opened = {names[line] for line, state in answers.items() if state == "open"}
    wanted = {(edge.target, edge.port) for edge in expected if edge.source == source and edge.target in places}
    wanted = {(name, port) for name, port in wanted if port in places[name][1] and name not in outside()}
    return opened - wanted, wanted - opened


def live_policies():
    found = []
    for namespace in (NAMESPACE, ANALYSIS):
        found += objects("networkpolicies", namespace=namespace)
        found += [{**one, "kind": "Deployment"} for one in objects("deployments", namespace=namespace)]
        found += [{**one, "kind": "StatefulSet"} for one in objects("statefulsets", namespace=namespace)]
    quota = [{**one, "kind": "ResourceQuota"} for one in objects("resourcequotas", namespace=ANALYSIS)]
    return [{**one, "kind": one.get("kind", "NetworkPolicy")} for one in found] + quota


def test_real_connections_are_those_of_the_matrix():
    places = addresses() | outside()
    expected = allowed(live_policies())
    assert {end.name for end in ends_of(live_policies())} >= WITH_PYTHON.keys()
    tried_count = 0
    for source, container in WITH_PYTHON.items():
        mine = {name: place for name, place in places.items() if name != source}
        asked = [f"{address}:{port}" for address, ports in mine.values() for port in ports]
        answers = seen(NAMESPACE, component(source), container, asked)
        tried_count += len(answers)
        assert compare(source, answers, expected, mine) == (set(), set()), source
    say(f"   {tried_count} connections tried, all as computed from the policies")


def test_a_job_reaches_nothing_but_its_listener(job, open_namespace):
    probe = pod_of(job)
    probe["metadata"] = {"name": "probe", "labels": job["spec"]["template"]["metadata"]["labels"]}
    spec = probe["spec"]
    spec["containers"][0] |= {"command": ["python3", "-c", "import time; time.sleep(600)"], "args": []}
    spec["volumes"] = [one for one in spec["volumes"] if "secret" not in one]
    kept = {one["name"] for one in spec["volumes"]}
    spec["containers"][0]["volumeMounts"] = [
        one for one in spec["containers"][0]["volumeMounts"] if one["name"] in kept
    ]
    kubectl("create", "--filename", "-", text=json.dumps(probe), namespace=ANALYSIS)
    kubectl("wait", "--for=condition=Ready", "pod/probe", "--timeout=120s", namespace=ANALYSIS)
    places = addresses() | outside()
    asked = [f"{address}:{port}" for address, ports in places.values() for port in ports]
    api = kubectl("get", "service", "kubernetes", "--output", "jsonpath={.spec.clusterIP}", namespace="default").strip()
    answers = seen(ANALYSIS, "probe", spec["containers"][0]["name"], [*asked, f"{api}:443", "198.51.100.7:22"])
    opened = {line for line, state in answers.items() if state != "closed"}
    assert opened == {f"{places['internal'][0]}:8001"}
    look = "import os; print(sorted(os.environ), os.path.exists('/var/run/secrets/kubernetes.io'), os.getuid())"
    said = kubectl("exec", "probe", "--", "python3", "-c", look, namespace=ANALYSIS)
    assert "False" in said
    assert "10001" in said
    assert "TOKEN" not in said
    say(f"   a Job's pod: {len(answers)} connections tried, one open")
