"""The table of metrics: every metric has a line, and its words hold for any number."""

from __future__ import annotations

from dataclasses import fields

import pytest

from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import BLOCK_METRICS, CHOICES, LIMITED, SPECS, Scope
from core.domain.settings.settings import AuditSettings, ThresholdSettings


def test_every_metric_has_a_line_and_every_threshold_a_setting():
    assert set(SPECS) == set(Metric)
    assert {field.name for field in fields(ThresholdSettings)} == {metric.value for metric in LIMITED}
    assert all(getattr(ThresholdSettings(), metric.value) == SPECS[metric].threshold for metric in LIMITED)


def test_all_stands_for_every_metric_that_can_be_chosen():
    assert AuditSettings(metrics=("all",)).measured == {metric.value for metric in CHOICES}
    assert AuditSettings().measured == {"complexity", "maintainability"}


@pytest.mark.parametrize("metric", LIMITED)
def test_a_score_over_its_threshold_has_words_and_a_rank(metric):
    spec = SPECS[metric]
    over = spec.threshold * 3 if spec.higher_is_worse else spec.threshold / 3
    assert not spec.within(over, spec.threshold) and spec.within(spec.threshold, spec.threshold)
    assert spec.worse_by(spec.threshold, over) > 0
    for text in (spec.noun, spec.fact, spec.short):
        assert spec.shown(over) in spec.fill(text, over) and "{" not in spec.fill(text, over)
    assert spec.rank(over, spec.threshold) in "BCDEF"
    assert spec.over(over, spec.threshold).split()[1] == (">" if spec.higher_is_worse else "<")
    assert "{where}" in spec.task and spec.title and spec.about and spec.help and spec.limit


@pytest.mark.parametrize(("score", "rank"), [(16, "C"), (29, "C"), (30, "D"), (60, "E"), (119, "E"), (120, "F"), (9000, "F")])
def test_ranks_without_radon_go_by_doublings_of_the_threshold(score, rank):
    assert SPECS[Metric.COGNITIVE].rank(score, 15) == rank


def test_metrics_of_blocks_are_those_of_the_table():
    assert all(SPECS[metric].scope is Scope.BLOCK for metric in BLOCK_METRICS)
