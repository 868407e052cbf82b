"""What a baseline accepts more than before; what went elsewhere with its code is no more."""

from __future__ import annotations

import pytest

from core.domain.quality.baseline_growth import baseline_growth
from core.domain.quality.finding import Accepted
from core.domain.quality.metric import Metric


def entry(path="a.py", block="f", score=12.0, shape="0123456789ab", metric=Metric.COMPLEXITY):
    return Accepted(path=path, block=block, metric=metric, score=score, shape=shape)


def grown(before, after):
    return [(each.accepted.path, each.accepted.score, each.before and each.before.score) for each in baseline_growth(before, after)]


def test_a_new_entry_and_a_worse_score_are_more():
    assert grown([], [entry()]) == [("a.py", 12.0, None)]
    assert grown([entry()], [entry(score=13.0)]) == [("a.py", 13.0, 12.0)]


@pytest.mark.parametrize("metric", [Metric.COMPLEXITY, Metric.MAINTAINABILITY])
def test_fewer_entries_and_better_scores_are_no_more(metric):
    better = 11.0 if metric is Metric.COMPLEXITY else 13.0
    assert grown([entry(metric=metric), entry(path="b.py", metric=metric)], [entry(score=better, metric=metric)]) == []


def test_an_entry_whose_block_or_file_moved_is_no_more():
    file = {"block": "", "metric": Metric.MAINTAINABILITY}
    assert grown([entry()], [entry(path="b.py", block="g")]) == []
    assert grown([entry(**file)], [entry(path="sub/a.py", **file)]) == []


def test_a_score_is_no_identity():
    file = {"block": "", "metric": Metric.MAINTAINABILITY, "score": 0.0}
    assert grown([entry(**file)], [entry(path="b.py", **{**file, "shape": "t"})]) == [("b.py", 0.0, None)]
    assert grown([entry(**file)], [entry(path="b.py", **{**file, "shape": ""})]) == [("b.py", 0.0, None)]


def test_an_entry_at_another_place_that_does_something_else_is_new_and_one_that_is_worse_is_more():
    assert grown([entry()], [entry(path="b.py", shape="t")]) == [("b.py", 12.0, None)]
    assert grown([entry()], [entry(path="b.py", score=13.0)]) == [("b.py", 13.0, 12.0)]


def test_one_entry_that_is_gone_excuses_one_new_one():
    assert len(grown([entry()], [entry(path="b.py"), entry(path="c.py")])) == 1
