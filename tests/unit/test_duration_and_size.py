"""Durations and sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.schema.quantities import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1d", 86400),
        ("0.5s", 0.5),
        ("1.5h", 5400),
        ("0s", 0),
        ("1d2h3m4s", 93784),
    ],
)
def test_a_duration_names_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "10", "10 m", "m10", "30m1h", "1h1h", "-5s", "5s\n", "1e3s", ".5s", "٣s", "10ms"])
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@given(st.integers(0, 10**15).map(lambda milliseconds: milliseconds / 1000))
def test_a_duration_survives_being_written(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, abs=1e-6, rel=1e-12)


@pytest.mark.parametrize(("seconds", "text"), [(5, "5s"), (90, "1m30s"), (5400, "1h30m"), (0.25, "0.25s"), (0, "0s"), (86400, "1d")])
def test_a_duration_is_written_short(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "count"),
    [("64MB", 64_000_000), ("1GiB", 2**30), ("1 KiB", 1024), ("5kB", 5000), ("5KB", 5000), ("7B", 7), ("2TB", 2 * 10**12)],
)
def test_a_size_names_bytes(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "64", "64M", "MB", "1.5GB", "0MB", "-1MB", "1MB\n", "1  MB", "64mb"])
def test_what_is_not_a_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_size(text)


@given(st.integers(1, 10**11))
def test_a_size_survives_being_written(count: int) -> None:
    assert parse_size(format_size(count)) == count


@pytest.mark.parametrize(("count", "text"), [(64 * 1024 * 1024, "64MiB"), (10**9, "1GB"), (1023, "1023B")])
def test_a_size_is_written_short(count: int, text: str) -> None:
    assert format_size(count) == text
