"""One row for one question."""

from __future__ import annotations

import pytest

from packamal.server.accounts.models import User
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker, claim
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.queue import position
from packamal.server.analyses.states import Category, Lane

pytestmark = pytest.mark.django_db


def test_the_same_question_is_answered_by_the_same_row(question):
    first, second = claim(question(), Asker()), claim(question(), Asker())
    assert (first.is_new, second.is_new) == (True, False)
    assert first.analysis.pk == second.analysis.pk


@pytest.mark.parametrize("other", [{"version": "2.0"}, {"name": "other"}, {"options": {"deep": True}}])
def test_another_question_is_another_row(question, other):
    assert claim(question(), Asker()).analysis.pk != claim(question(**other), Asker()).analysis.pk


def test_a_failed_analysis_is_no_answer(question):
    old = claim(question(), Asker()).analysis
    transitions.start(old.pk, "w", 10)
    transitions.fail(old.pk, 1, Category.TIMEOUT, "took too long")
    assert claim(question(), Asker()).is_new


def test_a_forced_question_leaves_a_running_row_alone(question):
    old = claim(question(), Asker()).analysis
    transitions.start(old.pk, "w", 10)
    assert claim(question(is_forced=True), Asker()).analysis.pk == old.pk


def test_names_of_any_length_fit(question):
    row = claim(question(name="a" * 400, version="1." + "0" * 300), Asker()).analysis
    row.refresh_from_db()
    assert (len(row.name), len(row.version)) == (400, 302)


def test_lanes_and_owners_decide_who_is_due(question):
    busy = User.objects.create(username="busy")
    for number in range(3):
        claim(question(version=f"1.{number}", lane=Lane.BULK), Asker(busy))
    late = claim(question(version="2", lane=Lane.BULK), Asker(User.objects.create(username="calm"))).analysis
    person = claim(question(version="3", lane=Lane.INTERACTIVE), Asker(busy)).analysis
    order = list(Analysis.objects.order_by("due_at").values_list("pk", flat=True))
    assert order[0] == person.pk
    assert order.index(late.pk) == 2  # after the first of the busy one's three, before the others


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_is_first(question, at_once):
    claimed = at_once(lambda number: claim(question(), Asker()), 6)
    assert sum(one.is_new for one in claimed) == 1
    assert len({one.analysis.pk for one in claimed}) == 1
    assert Analysis.objects.count() == 1


def test_a_place_in_the_queue_is_counted_when_it_is_asked_for(question):
    rows = [claim(question(f"small{number}"), Asker()).analysis for number in range(3)]
    assert [position(row) for row in rows] == [1, 2, 3]
    assert transitions.start(rows[0].pk, "w", 10)
    for row in rows:
        row.refresh_from_db()
    assert [position(row) for row in rows] == [None, 1, 2]
