"""The port ``BaselineFile``: the twin and the file keep the same promises."""

from __future__ import annotations

import pytest

from core.adapters.baseline_file import JsonBaseline
from core.domain.quality.finding import Accepted
from core.domain.quality.metric import Metric
from core.testing.code import InMemoryBaseline

ENTRIES = (
    Accepted(path="a.py", block="C.f", metric=Metric.COMPLEXITY, score=12, shape="0a1b2c3d4e5f"),
    Accepted(path="a.py", block="", metric=Metric.MAINTAINABILITY, score=12.34),
    Accepted(path='odd "name"\n\u2028 é\udcff.py', block="", metric=Metric.UNREADABLE, score=1),
)


@pytest.fixture(params=["twin", "file"])
def baseline(request, tmp_path):
    return InMemoryBaseline() if request.param == "twin" else JsonBaseline(tmp_path / "ci" / "audit-baseline.json", "audit-baseline.json")


def test_no_file_is_read_as_none(baseline):
    assert baseline.read() is None


def test_what_was_written_is_read_in_its_order(baseline):
    baseline.write(ENTRIES)
    assert baseline.read() == ENTRIES


def test_an_empty_baseline_is_one(baseline):
    baseline.write(ENTRIES)
    baseline.write(())
    assert baseline.read() == ()
