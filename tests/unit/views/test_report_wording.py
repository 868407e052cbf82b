"""Numbers in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reports.text.wording import amount, count, listing, roughly, seconds


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-1, "0s"),
        (0, "0s"),
        (0.0132, "13ms"),
        (0.0999, "0.1s"),
        (59.94, "59.9s"),
        (59.96, "1m 00s"),  # never 60.0s
        (3599.6, "1h 00m"),
        (7380, "2h 03m"),
        (86400 * 3 + 3600 * 4, "3d 04h"),
    ],
)
def test_measured_spans(value, text):
    assert seconds(value) == text


@given(st.floats(0, 1e7))
def test_measured_spans_fit_their_column(value):
    assert len(seconds(value)) <= 8


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0s"),
        (0.003, "3ms"),
        (0.5, "0.5s"),
        (0.97, "1s"),
        (9.4, "9s"),
        (42, "40s"),
        (57, "55s"),
        (58, "1m"),
        (119, "2m"),
        (4200, "1h 10m"),
    ],
)
def test_expected_spans_are_rounded(value, text):
    assert roughly(value) == text


@pytest.mark.parametrize(("value", "text"), [(4.0, "4"), (2.5, "2.5"), (1 / 3, "0.333"), (0.0, "0"), (1e6, "1000000")])
def test_amounts_have_no_needless_digits(value, text):
    assert amount(value) == text


def test_counts_and_lists():
    assert [count(1, "task"), count(1204, "task"), count(2, "process", "processes")] == ["1 task", "1,204 tasks", "2 processes"]
    assert listing(["a", "b"]) == "a, b"
    assert listing(list("abcdefg"), 3) == "a, b, c and 4 more"
