"""Every shipped rule finds its hit and leaves its legitimate look-alike alone, through the whole static path."""

import pytest

from packamal.config import Settings
from packamal.engine.trial import try_rule
from packamal.verdict.rules import load_rules


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_the_rule_finds_its_hit_and_not_its_lookalike(rule):
    trial = try_rule(rule, Settings())
    assert trial.is_hit
    assert not trial.is_fooled
