"""The compose file keeps what the local set keeps: secrets by file, one published door, no route past it."""

from __future__ import annotations

import re
import stat

import compose_secrets
import pytest
import yaml

from packamal.server.config import load


@pytest.fixture(scope="module")
def compose(pytestconfig):
    return yaml.safe_load((pytestconfig.rootpath / "deploy/compose.yml").read_text())


def test_only_loopback_is_published_and_only_by_frontend_and_flower(compose):
    ports = {name: one["ports"] for name, one in compose["services"].items() if "ports" in one}
    assert ports.keys() == {"frontend", "flower"}
    assert all(port.startswith("127.0.0.1:") for listed in ports.values() for port in listed)
    assert compose["services"]["flower"]["profiles"] == ["flower"]


def test_the_frontend_reaches_the_web_program_alone(compose):
    near = {name for name, one in compose["services"].items() if "front" in one["networks"]}
    assert near == {"frontend", "web"}
    assert compose["services"]["frontend"]["networks"] == ["front"]
    assert compose["networks"]["inside"] == {"internal": True}


def test_no_secret_and_no_image_has_a_default(compose, pytestconfig):
    text = (pytestconfig.rootpath / "deploy/compose.yml").read_text()
    assert not re.search(r"(?i)(password|secret|token)\s*[:=]\s*['\"]?\w{4,}['\"]?\s*$", text, re.MULTILINE)
    assert {name: one["file"] for name, one in compose["secrets"].items()} == {
        name: f"secrets/{name}" for name in compose_secrets.FILES
    }
    images = {one["image"] for one in compose["services"].values()}
    assert {image for image in images if not image.startswith("${")} == {"packamal-service", "packamal-frontend"}
    assert all(":?" in image for image in images if image.startswith("${"))
    assert "latest" not in text


def test_nothing_is_privileged_and_nobody_holds_the_engine(compose):
    for name, one in compose["services"].items():
        assert not {"privileged", "pid", "network_mode", "cap_add", "devices"} & one.keys(), name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert "mem_limit" in one, name
        assert not [volume for volume in one.get("volumes", []) if volume.startswith(("/", "."))], name


def test_every_part_of_the_local_set_is_there(compose):
    from fullset.parts import PARTS

    assert compose["services"].keys() == PARTS.keys() | {"prepare"}


def test_secrets_are_random_written_once_and_kept_from_others(tmp_path):
    folder = tmp_path / "secrets"
    assert compose_secrets.main(folder) == 0
    first = {path.name: path.read_text() for path in folder.iterdir()}
    assert first.keys() == compose_secrets.FILES.keys()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert first["postgres"] in first["database-url"]
    assert compose_secrets.main(folder) == 0
    assert {path.name: path.read_text() for path in folder.iterdir()} == first
    (folder / "redis-url").unlink()
    assert compose_secrets.main(folder) == 1
    other = tmp_path / "other"
    compose_secrets.main(other)
    assert (other / "secret-key").read_text() != first["secret-key"]


def test_only_what_people_sign_in_to_knows_the_provider_and_none_need_be_named(compose, tmp_path):
    said = {name: one.get("environment", {}) for name, one in compose["services"].items()}
    knows = {name for name, environment in said.items() if any("OIDC" in variable for variable in environment)}
    assert knows == {"web"}
    plain = {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", str(value)) for name, value in said["web"].items()}
    files = {name: text for name, text in plain.items() if name.endswith("_FILE")}
    contents = {
        "secret-key": "k" * 40,
        "database-url": "postgresql://db.example/packamal",
        "redis-url": "redis://r.example",
        "oidc": "",
    }
    for name, path in files.items():
        plain[name] = str(tmp_path / path.rpartition("/")[2])
        (tmp_path / path.rpartition("/")[2]).write_text(contents[path.rpartition("/")[2]])
    assert load(plain).provider is None
    more = {"PACKAMAL_SERVER_OIDC_ISSUER": "https://login.example/x", "PACKAMAL_SERVER_OIDC_CLIENT_ID": "packamal"}
    (tmp_path / "oidc").write_text("what-it-knows")
    assert load({**plain, **more}).provider.client_secret == "what-it-knows"
