"""The matcher: who hangs together with whom, over synthetic signals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.capability import Capability
from packamal.model import Confidence, Evidence, Flow, Origin, Relation, Role, Signal
from packamal.verdict.chains import match
from packamal.verdict.rules import load_rules, parse_rule


def rule(when, **more):
    base = {
        "id": "test/rule",
        "title": "t",
        "severity": "medium",
        "says": "does {0} {when}",
        "when": when,
        "hit": {"a.py": ""},
        "lookalike": {"a.py": ""},
    }
    return parse_rule(base | more, "test.yaml")


FLOW = {"flow": {"from": "env.read.all", "to": "net.send"}}


def test_a_flow_is_found_through_signals_in_between(signal):
    signals = [signal("env.read.all"), signal("file.write"), signal("net.send")]
    (finding,) = match([rule(FLOW)], signals, [Flow(0, 1), Flow(1, 2)])
    assert finding.relation is Relation.FLOW
    assert finding.confidence is Confidence.HIGH


def test_a_flow_the_other_way_round_is_none(signal):
    assert match([rule(FLOW)], [signal("env.read.all"), signal("net.send")], [Flow(1, 0)]) == ()


def test_signals_without_a_flow_do_not_meet_a_flow_rule(signal):
    assert match([rule(FLOW)], [signal("env.read.all"), signal("net.send")], []) == ()


@pytest.mark.parametrize(
    ("first", "second", "relation"),
    [
        ({"scope": "f"}, {"scope": "f"}, Relation.FUNCTION),
        ({"scope": "f"}, {"scope": "g"}, Relation.FILE),
        ({"path": "a.py"}, {"path": "b.py"}, Relation.PACKAGE),
    ],
)
def test_the_closest_relation_is_told(signal, first, second, relation):
    signals = [signal("host.info", **first), signal("net.send", **second)]
    chain = rule({"all": ["host.info", "net.send"], "within": "package"})
    (finding,) = match([chain], signals, [])
    assert finding.relation is relation


def test_a_rule_within_a_function_does_not_reach_over_a_file(signal):
    signals = [signal("host.info", scope="f"), signal("net.send", scope="g")]
    assert match([rule({"all": ["host.info", "net.send"], "within": "function"})], signals, []) == ()


def test_one_signal_does_not_keep_itself_company(signal):
    chain = rule({"all": ["agent.config", "agent.config | file.write"]})
    assert match([chain], [signal("agent.config")], []) == ()
    assert match([chain], [signal("agent.config"), signal("file.write")], [])


def test_what_never_runs_counts_only_where_the_rule_says_so(signal):
    dead = [signal("net.send", role=Role.NEVER)]
    assert match([rule({"any": ["net.send"]})], dead, []) == ()
    assert match([rule({"any": ["net.send"]}, roles=["never"])], dead, [])


def test_the_role_of_a_finding_is_the_weakest_of_its_carriers(signal):
    signals = [signal("host.info", role=Role.INSTALL), signal("net.send", role=Role.CALL)]
    (finding,) = match([rule({"all": ["host.info", "net.send"]})], signals, [])
    assert finding.role is Role.CALL


def test_the_strongest_instance_speaks_for_the_rule(signal):
    signals = [signal("net.send", role=Role.CALL, line=9), signal("net.send", role=Role.INSTALL, line=3)]
    (finding,) = match([rule({"any": ["net.send"]})], signals, [])
    assert (finding.role, finding.evidence[0].line, len(finding.evidence)) == (Role.INSTALL, 3, 2)


def test_an_excuse_in_the_same_file_takes_the_finding_back(signal):
    chain = rule({"any": ["net.send"], "not": ["for.loopback"]})
    assert match([chain], [signal("net.send"), signal("for.loopback", path="other.py")], [])
    assert match([chain], [signal("net.send"), signal("for.loopback")], []) == ()


def test_a_target_pattern_must_fit(signal):
    chain = rule({"any": [{"signal": "host.info", "target": "hostname"}]})
    assert match([chain], [signal("host.info", target="os.platform")], []) == ()
    assert match([chain], [signal("host.info", target="os.Hostname")], [])


def test_the_sentence_names_targets_and_the_moment(signal):
    (finding,) = match([rule({"any": ["net.send"]})], [signal("net.send", target="https://collect.exfil.example")], [])
    assert finding.says == "does https://collect.exfil.example when it is installed"


def test_confidence_never_exceeds_the_rules_own(signal):
    (finding,) = match([rule(FLOW, confidence="low")], [signal("env.read.all"), signal("net.send")], [Flow(0, 1)])
    assert finding.confidence is Confidence.LOW


def test_long_flows_lose_their_meaning(signal):
    signals = [signal("env.read.all"), *(signal("file.write") for _ in range(9)), signal("net.send")]
    assert match([rule(FLOW)], signals, [Flow(index, index + 1) for index in range(10)]) == ()


@st.composite
def scenes(draw):
    make = st.builds(
        lambda name, role, path, scope: Signal(name, role, Origin.STATIC, Evidence("a", path, 1), scope=scope),
        st.sampled_from(list(Capability)),
        st.sampled_from(list(Role)),
        st.sampled_from(["a.py", "b.py"]),
        st.sampled_from(["", "f"]),
    )
    signals = draw(st.lists(make, max_size=12))
    if not signals:
        return [], []
    number = st.integers(0, len(signals) - 1)
    pairs = st.tuples(number, number)
    return signals, [Flow(*pair) for pair in draw(st.lists(pairs, max_size=8))]


@given(scenes())
def test_any_signals_match_without_an_error_and_each_rule_once(scene):
    findings = match(load_rules(), *scene)
    assert len({finding.rule for finding in findings}) == len(findings)


@given(scenes(), st.randoms(use_true_random=False))
def test_the_order_of_signals_does_not_matter(scene, random):
    signals, flows = scene
    order = list(range(len(signals)))
    random.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    moved = [signals[old] for old in order]
    moved_flows = [Flow(place[flow.source], place[flow.sink]) for flow in flows]
    key = {(f.rule, f.relation, f.role, f.confidence) for f in match(load_rules(), signals, flows)}
    assert key == {(f.rule, f.relation, f.role, f.confidence) for f in match(load_rules(), moved, moved_flows)}
