"""Rules are read strictly: what a careful author would not write is an error that says where."""

import pytest

from packamal.errors import RuleError
from packamal.verdict.judge import load_weights
from packamal.verdict.rules import RULES, load_rules, parse_rule, read_rules

GOOD = {
    "id": "exfil/env",
    "title": "t",
    "severity": "high",
    "says": "s",
    "when": {"flow": {"from": "env.read.all", "to": "net.send"}},
    "hit": {"a.py": "x"},
    "lookalike": {"a.py": "y"},
}


def test_a_good_rule_is_read():
    assert parse_rule(GOOD, "a.yaml").id == "exfil/env"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": "Exfil"}, "lower-case path"),
        ({"severity": "awful"}, "awful"),
        ({"colour": "red"}, "unknown key colour"),
        ({"when": {"all": ["net.sends"]}}, "net.sends"),
        ({"when": {"all": ["nets.*"]}}, "names no capability"),
        ({"when": {}}, "flow, all or any"),
        ({"when": {"any": ["net.send"]}}, "lone capability"),
        ({"when": {"flow": {"from": "env.read.all"}}}, "to is missing"),
        ({"when": {"all": [{"signal": "net.send", "target": "("}]}}, "a.yaml"),
        ({"techniques": ["T1"]}, "T1"),
        ({"roles": ["sometimes"]}, "sometimes"),
        ({"hit": "text"}, "must be a mapping"),
    ],
)
def test_a_wrong_rule_says_what_is_wrong(change, complaint):
    with pytest.raises(RuleError, match=complaint.replace("(", r"\(")):
        parse_rule(GOOD | change, "a.yaml")


@pytest.mark.parametrize("key", ["id", "title", "severity", "says", "when", "hit", "lookalike"])
def test_every_part_of_a_rule_is_required(key):
    with pytest.raises(RuleError, match=f"{key} is missing"):
        parse_rule({name: value for name, value in GOOD.items() if name != key}, "a.yaml")


def test_the_same_id_twice_is_an_error(tmp_path):
    text = next(RULES.glob("exfil/*.yaml")).read_text()
    (tmp_path / "one.yaml").write_text(text)
    (tmp_path / "two.yaml").write_text(text)
    with pytest.raises(RuleError, match="already"):
        read_rules([tmp_path])


def test_a_rule_stands_in_the_file_its_id_names():
    assert [rule.source for rule in load_rules()] == [f"{rule.id}.yaml" for rule in load_rules()]


def test_weights_name_only_rules_that_exist():
    assert set(load_weights().rules) <= {rule.id for rule in load_rules()}
