"""What every pod, role and secret of a release may be, whatever the values: our own policies over the rendered set."""

from __future__ import annotations

import json
import re

import pytest
from chart.edges import ANALYSIS
from chart.release import of_kind
from chart.rendering import CHART, NAMESPACE

NODE = f"{NAMESPACE}-node"
PINNED = re.compile(r"[a-z0-9./:_-]+:(?!latest)[A-Za-z0-9_][A-Za-z0-9_.-]*\d[A-Za-z0-9_.-]*(@sha256:[0-9a-f]{64})?")
WITH_TOKEN = {"scans", "upkeep"}
READS = {"get", "list", "watch"}
SECRET_WORDS = re.compile(r"(?i)(password|secret|token|credential|private|basic_auth)")


def test_every_image_says_which_one_it_is(made):
    images = {container["image"] for pod in made for container in pod.containers}
    assert {image for image in images if not PINNED.fullmatch(image)} == set()


def test_no_pod_has_a_privilege(made):
    for pod in made:
        is_installer = pod.component == "seccomp"
        context = pod.spec["securityContext"]
        assert not {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostAliases"} & pod.spec.keys()
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, pod.name
        assert context.get("runAsNonRoot", False) is not is_installer, pod.name
        assert (context["runAsUser"] >= 999) is not is_installer, pod.name
        assert not {"sysctls", "supplementalGroups"} & context.keys()
        for container in pod.containers:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, pod.name
            assert not {"hostPort"} & {key for port in container.get("ports", []) for key in port}


def test_the_only_path_of_a_node_is_the_folder_of_profiles(made):
    paths = [
        (pod.component, volume["hostPath"]["path"])
        for pod in made
        for volume in pod.spec.get("volumes", [])
        if "hostPath" in volume
    ]
    assert set(paths) <= {("seccomp", "/var/lib/kubelet/seccomp")}
    assert len(paths) <= 1
    assert all(pod.namespace == NODE for pod in made if pod.component == "seccomp")
    assert all(pod.namespace == NAMESPACE for pod in made if pod.component != "seccomp")


def test_volumes_are_read_where_they_lie_and_folders_have_a_size(made):
    for pod in made:
        volumes = {volume["name"]: volume for volume in pod.spec.get("volumes", [])}
        mounts = {mount["name"] for container in pod.containers for mount in container.get("volumeMounts", [])}
        claims = {one["metadata"]["name"] for one in pod.owner["spec"].get("volumeClaimTemplates", [])}
        assert mounts == volumes.keys() | claims, pod.name
        assert all("sizeLimit" in one["emptyDir"] for one in volumes.values() if "emptyDir" in one), pod.name


def test_what_a_pod_refers_to_is_there(release, made):
    there = {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in release}
    for pod in made:
        account = pod.spec["serviceAccountName"]
        assert account == "default" or ("ServiceAccount", pod.namespace, account) in there, pod.name
        for volume in pod.spec.get("volumes", []):
            if claim := volume.get("persistentVolumeClaim"):
                assert ("PersistentVolumeClaim", pod.namespace, claim["claimName"]) in there
            if configuration := volume.get("configMap"):
                assert ("ConfigMap", pod.namespace, configuration["name"]) in there


def test_a_token_of_the_cluster_is_where_it_is_used_and_nowhere_else(release, made):
    assert all(one["automountServiceAccountToken"] is False for one in of_kind(release, "ServiceAccount"))
    holders = set()
    for pod in made:
        assert pod.spec["automountServiceAccountToken"] is False, pod.name
        assert pod.spec["enableServiceLinks"] is False, pod.name
        tokens = [
            volume["name"] for volume in pod.spec.get("volumes", []) if "serviceAccountToken" in json.dumps(volume)
        ]
        for container in pod.containers:
            if any(mount["name"] in tokens for mount in container.get("volumeMounts", [])):
                holders.add((pod.component, container["name"]))
    assert holders == {("scans", "worker"), ("upkeep", "worker")}


def test_rights_are_those_of_the_launcher_alone(release):
    assert of_kind(release, "ClusterRole", "ClusterRoleBinding") == []
    (role,) = of_kind(release, "Role")
    (binding,) = of_kind(release, "RoleBinding")
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"]
    assert role["metadata"]["namespace"] != NAMESPACE
    assert {rule["resources"][0]: set(rule["verbs"]) for rule in role["rules"]} == {
        "jobs": {"create", "delete", *READS},
        "pods": READS,
        "pods/log": {"get"},
        "secrets": {"create"},
    }
    assert "*" not in json.dumps(role["rules"])
    subjects = {(one["kind"], one["name"], one["namespace"]) for one in binding["subjects"]}
    assert subjects == {("ServiceAccount", f"packamal-{name}", NAMESPACE) for name in WITH_TOKEN}


def test_each_part_has_an_account_of_its_own(made):
    accounts = {}
    for pod in made:
        accounts.setdefault(pod.spec["serviceAccountName"], set()).add(pod.component)
    shared = {name for name, components in accounts.items() if len(components) > 1}
    assert shared <= {"default"}  # the hooks, which have no token and no right
    assert accounts["default"] <= {"prepare", "test"}


def test_secrets_are_named_and_never_written(release, made):
    for pod in made:
        for container in pod.containers:
            for variable in container.get("env", []):
                assert "valueFrom" not in variable, (pod.name, variable["name"])
                is_secret = SECRET_WORDS.search(variable["name"]) or variable["name"].endswith("_URL")
                assert not is_secret or variable["name"].endswith(
                    ("_FILE", "PUBLIC_URL", "CALLBACK_URL", "PULL_SECRETS")
                ), variable["name"]
            assert "envFrom" not in container
            assert not re.search(r"--?(password|requirepass|user)[= ]", " ".join(map(str, container.get("args", []))))
    made_here = {one["metadata"]["name"] for one in of_kind(release, "Secret")}
    assert made_here <= {"packamal-postgresql", "packamal-redis"}
    for one in of_kind(release, "ConfigMap"):
        for text in one["data"].values():
            assert not re.search(r"(?im)^\s*(requirepass|password|secret)[ =:]+\w{8,}", text), one["metadata"]["name"]


def test_no_secret_has_a_default():
    text = (CHART / "values.yaml").read_text()
    assert not re.search(r"(?im)^\s*(password|token|secretkey|key):\s*\S", text)
    assert "stringData" not in "".join(path.read_text() for path in (CHART / "templates").iterdir())


def test_files_of_secrets_are_not_for_everybody(made):
    for pod in made:
        for volume in pod.spec.get("volumes", []):
            source = volume.get("secret") or (volume.get("projected") if volume["name"] == "api-server" else None)
            if source:
                assert source["defaultMode"] == 0o440, (pod.name, volume["name"])


def test_every_container_has_requests_and_limits(made):
    for pod in made:
        for container in pod.containers:
            resources = container["resources"]
            assert {"cpu", "memory"} <= resources["requests"].keys(), pod.name
            assert {"cpu", "memory"} <= resources["limits"].keys(), pod.name


def test_a_probe_asks_the_program_whether_it_lives_and_its_stores_whether_it_is_ready(made):
    served = {pod.component: pod.containers[0] for pod in made if pod.owner["kind"] in ("Deployment", "StatefulSet")}
    for component, container in served.items():
        assert "livenessProbe" in container, component
        assert "readyz" not in json.dumps(container["livenessProbe"]), component
        assert "celery" not in json.dumps(container.get("livenessProbe"))
        assert "startupProbe" in container, component
    for component in ("backend", "internal"):
        assert served[component]["readinessProbe"]["httpGet"]["path"] == "/readyz"
    for component in ("scans", "upkeep", "beat"):
        file = f"/srv/data/metrics/{component}.beat"
        assert file in json.dumps(served[component]["livenessProbe"])


def test_who_answers_requests_is_spread_and_leaves_slowly(made):
    for pod in made:
        if pod.component in ("frontend", "backend", "internal", "scans"):
            keys = [one["topologyKey"] for one in pod.spec["topologySpreadConstraints"]]
            assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
            assert all(
                one["labelSelector"]["matchLabels"].items() <= pod.labels.items()
                for one in pod.spec["topologySpreadConstraints"]
            )
        if pod.component in ("frontend", "backend", "internal"):
            assert pod.containers[0]["lifecycle"]["preStop"]["sleep"]["seconds"] >= 5
            assert pod.spec["terminationGracePeriodSeconds"] > 5 + 10


def test_reports_are_read_by_the_backend_and_written_by_those_who_settle(made):
    access = {}
    for pod in made:
        for container in pod.containers:
            for mount in container.get("volumeMounts", []):
                if mount["mountPath"] == "/srv/data/results":
                    access[pod.component] = "ro" if mount.get("readOnly") else "rw"
    assert access == {"backend": "ro", "internal": "rw", "scans": "rw", "upkeep": "rw"}


def test_flower_asks_for_a_password_and_is_on_no_route(set_of):
    everything = set_of("everything")
    flower = next(one for one in of_kind(everything, "Deployment") if one["metadata"]["name"].endswith("-flower"))
    assert "--conf=/run/secrets/flower/flower-config" in json.dumps(flower)
    routes = json.dumps(of_kind(everything, "HTTPRoute", "Ingress", "Gateway"))
    assert "flower" not in routes
    assert "internal" not in routes
    assert not [one for one in set_of("default") if one["metadata"]["name"].endswith("-flower")]


@pytest.mark.parametrize(
    ("name", "level"), [("default", "restricted"), ("kata", "restricted"), ("privileged", "privileged")]
)
def test_the_namespace_of_analyses_enforces_what_the_profile_needs(set_of, name, level):
    namespaces = {one["metadata"]["name"]: one["metadata"]["labels"] for one in of_kind(set_of(name), "Namespace")}
    assert namespaces[ANALYSIS]["pod-security.kubernetes.io/enforce"] == level
    assert namespaces[ANALYSIS]["pod-security.kubernetes.io/enforce-version"] == "v1.33"


def test_analyses_have_a_quota_limits_and_the_lowest_place(set_of):
    (quota,) = of_kind(set_of("default"), "ResourceQuota")
    assert {"count/jobs.batch", "pods", "limits.cpu", "limits.memory", "requests.ephemeral-storage"} <= quota["spec"][
        "hard"
    ].keys()
    (limits,) = of_kind(set_of("default"), "LimitRange")
    assert limits["spec"]["limits"][0].keys() == {"type", "default", "defaultRequest", "max"}
    (priority,) = of_kind(set_of("default"), "PriorityClass")
    assert (priority["value"] < 0, priority["preemptionPolicy"], priority["globalDefault"]) == (True, "Never", False)


def test_the_broker_forgets_nothing_and_asks_for_a_password(set_of):
    (settings,) = [one["data"] for one in of_kind(set_of("default"), "ConfigMap") if "redis.conf" in one["data"]]
    lines = settings["redis.conf"].splitlines()
    assert {"appendonly yes", "maxmemory-policy noeviction", "protected-mode yes"} <= set(lines)
    assert "requirepass" in settings["redis.sh"]


def test_the_profile_of_analyses_is_a_closed_list():
    profile = json.loads((CHART / "files/seccomp/packamal-sandbox.json").read_text())
    names = {name for one in profile["syscalls"] if one["action"] == "SCMP_ACT_ALLOW" for name in one["names"]}
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    assert {"clone", "unshare", "setns", "mount", "umount2", "pivot_root", "chroot"} <= names
    never = (
        "bpf init_module finit_module delete_module kexec_load reboot swapon ptrace_attach perf_event_open userfaultfd"
    )
    never += (
        " io_uring_setup add_key keyctl request_key open_by_handle_at process_madvise acct settimeofday iopl ioperm"
    )
    assert not set(never.split()) & names
    assert {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38} in profile["syscalls"]
    sockets = {one["args"][0]["value"] for one in profile["syscalls"] if one["names"] == ["socket"]}
    assert sockets == {1, 2, 10, 16, 17}  # unix, both internets, netlink, packets of a namespace of its own
