"""The judge: monotone, order-free, additive, and never clean about what was not read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.errors import RuleError
from packamal.model import Confidence, Evidence, Finding, Level, Problem, Relation, Role, Severity
from packamal.verdict.judge import judge, load_weights, points_of, score_of

LEVELS = [Level.CLEAN, Level.SUSPICIOUS, Level.MALICIOUS]


def finding(rule="exfil/x", severity=Severity.HIGH, confidence=Confidence.HIGH, role=Role.INSTALL, path="a.py"):
    evidence = (Evidence(path=path),) if path else ()
    return Finding(rule, "title", "says", severity, confidence, role, Relation.FLOW, evidence=evidence)


findings = st.lists(
    st.builds(
        finding,
        st.sampled_from([f"kind/rule-{number}" for number in range(8)]),
        st.sampled_from(Severity),
        st.sampled_from(Confidence),
        st.sampled_from(Role),
        st.sampled_from(["", "a.py", "b.py", "c.py"]),
    ),
    max_size=10,
)


def test_nothing_found_is_clean_with_score_zero():
    assert judge([]) == judge([], [Problem("pypi", "12 wheels were not judged", is_partial=False)])
    assert (judge([]).level, judge([]).score) == (Level.CLEAN, 0)


def test_a_partial_analysis_is_incomplete_never_clean():
    assert judge([], [Problem("archive", "cut off")]).level is Level.INCOMPLETE


def test_what_was_seen_condemns_also_when_a_part_is_missing():
    worst = [finding(f"kind/{number}", Severity.CRITICAL) for number in range(4)]
    assert judge(worst, [Problem("archive", "cut off")]).level is Level.MALICIOUS


def test_the_score_is_the_curve_of_the_sum_of_the_points():
    verdict = judge([finding("kind/a"), finding("kind/b", Severity.LOW)])
    assert verdict.score == score_of(sum(reason.points for reason in verdict.reasons), load_weights())


def test_what_stands_in_one_file_weighs_more_than_the_same_over_many():
    together = judge([finding(f"kind/{number}", Severity.MEDIUM) for number in range(3)])
    apart = judge([finding(f"kind/{number}", Severity.MEDIUM, path=f"{number}.py") for number in range(3)])
    assert together.level is not Level.CLEAN
    assert apart.level is Level.CLEAN
    assert [reason.points for reason in apart.reasons] == [14, 4, 4]


def test_what_is_said_of_the_package_or_in_its_favour_counts_whole():
    weights = load_weights()
    favour = next(rule for rule, points in weights.rules.items() if points < 0)
    found = [finding("kind/a"), finding("kind/b", path=""), finding(favour, path="b.py")]
    expected = {one.rule: points_of(one, weights) for one in found}
    assert {reason.rule: reason.points for reason in judge(found).reasons} == expected


def test_a_claim_about_the_package_is_not_weakened_by_the_same_about_a_file():
    whole = [finding("kind/a"), finding("kind/b", path="")]
    assert judge([*whole, finding("kind/b", path="b.py")]) == judge(whole)


def test_reasons_come_heaviest_first():
    verdict = judge([finding("kind/a", Severity.LOW), finding("kind/b", Severity.CRITICAL)])
    assert [reason.rule for reason in verdict.reasons] == ["kind/b", "kind/a"]


def test_a_suppressed_finding_does_not_count():
    assert judge([replace(finding(), suppressed="looked at")]) == judge([])


@given(findings)
def test_repeating_findings_changes_nothing(found):
    assert judge(found) == judge(found + found)


@given(findings, st.randoms(use_true_random=False))
def test_the_order_of_findings_changes_nothing(found, random):
    shuffled = list(found)
    random.shuffle(shuffled)
    assert judge(found).score == judge(shuffled).score


@given(findings, findings)
def test_one_more_finding_never_lowers_the_level(some, more):
    assert LEVELS.index(judge(some + more).level) >= LEVELS.index(judge(some).level)


@given(st.builds(finding, st.just("kind/x"), st.sampled_from(Severity), st.sampled_from(Confidence)))
def test_a_weaker_role_never_weighs_more(found):
    weights = load_weights()
    points = [points_of(replace(found, role=role), weights) for role in (Role.INSTALL, Role.CALL, Role.NEVER)]
    assert points == sorted(points, reverse=True)


@pytest.mark.parametrize("text", ["rules: 3", "[]", "severity: {info: x}"])
def test_broken_weights_are_a_rule_error(tmp_path, text):
    path = tmp_path / "weights.yaml"
    path.write_text(text)
    with pytest.raises(RuleError):
        load_weights(path)


def test_only_rules_that_speak_for_a_package_have_negative_weights():
    weights = load_weights()
    assert all(name.startswith("for/") for name, points in weights.rules.items() if points < 0)
    assert not any(points > 0 for name, points in weights.rules.items() if name.startswith("for/"))
