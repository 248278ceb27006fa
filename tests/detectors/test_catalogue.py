"""The catalogue's files are sound, and what a wrong entry says."""

import pytest

from packamal.capability import Capability
from packamal.detectors import catalogue as module
from packamal.detectors.catalogue import expand, load_catalogue
from packamal.errors import RuleError


@pytest.mark.parametrize("family", sorted(set(module.FAMILIES.values())))
def test_every_shipped_catalogue_loads(family):
    loaded = load_catalogue(family)
    assert loaded.calls
    assert all(isinstance(entry.capability, Capability) for entries in loaded.calls.values() for entry in entries)


def test_braces_expand_in_every_combination():
    assert list(expand("{a,b}.{x,y}")) == ["a.x", "a.y", "b.x", "b.y"]


def test_a_callee_is_found_by_name_by_method_and_by_module():
    python = load_catalogue("python")
    assert {entry.capability for entry in python.for_call("requests.post")} == {Capability.NET_SEND}
    assert Capability.NET_SEND in {entry.capability for entry in python.for_call("?.sendall")}
    assert Capability.HOST_INFO in {entry.capability for entry in python.for_call("psutil.cpu_count")}
    assert python.for_call("sendall") == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("net.sends: [{call: [a]}]", "net.sends"),
        ("net.send: [{calls: [a]}]", "are known"),
        ("net.send: [{call: [a], when: {0: odd}}]", "unknown test"),
        ("net.send: [{call: [a], when: {0: {re: '('}}}]", "net.send"),
        ("net.send: [{call: [a], refine: {hosts: odd}}]", "odd"),
        ("- a", "must map"),
    ],
)
def test_a_wrong_catalogue_says_where(tmp_path, monkeypatch, text, complaint):
    (tmp_path / "toy.yaml").write_text(text)
    monkeypatch.setattr(module, "CATALOGUE", tmp_path)
    with pytest.raises(RuleError, match=complaint):
        load_catalogue.__wrapped__("toy")
