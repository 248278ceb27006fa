"""Every shipped rule finds its hit and leaves its legitimate look-alike alone, through the whole static path."""

import pytest

from packamal.config import Settings
from packamal.engine.examples import try_rules
from packamal.verdict.rules import load_rules


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_the_rule_finds_its_hit_and_not_its_lookalike(rule):
    trials = list(try_rules([rule], Settings()))
    assert [trial.example for trial in trials] == ["hit", "lookalike"]
    assert all(trial.is_right for trial in trials), trials
