"""The account of a run: reserved before a start, settled after, never overdrawn by a start."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.runs.budget import Budget


def test_an_unlimited_budget_affords_everything():
    assert Budget().affords(1e12)
    assert Budget().left is None


def test_reserving_more_than_is_left_is_refused():
    with pytest.raises(ValueError, match="does not fit: 2 left"):
        Budget(limit=10, spent=4, reserved=4).reserve(4)


def test_a_budget_of_ten_holds_two_tasks_of_four_at_once():
    budget = Budget(limit=10).reserve(4).reserve(4)

    assert not budget.affords(4)
    assert budget.affords(2)


def test_settling_releases_the_reservation_and_spends_what_was_used():
    assert Budget(limit=10).reserve(4).settle(4, 1) == Budget(limit=10, spent=1)


def test_decimal_fractions_fill_a_budget_exactly():
    budget = Budget(limit=0.3)
    for _ in range(3):
        budget = budget.reserve(0.1)

    assert not budget.affords(0.1)


@given(st.floats(0, 1e6), st.lists(st.tuples(st.floats(0, 1e3), st.floats(0, 1)), max_size=50))
def test_starts_never_overdraw(limit, costs):
    budget = Budget(limit=limit)
    for cost, share in costs:
        if budget.affords(cost):
            budget = budget.reserve(cost)
            assert budget.spent + budget.reserved <= limit + 1e-6
            budget = budget.settle(cost, cost * share)
    assert 0 <= budget.left <= limit
