"""Findings beside what was accepted: the same, better, worse, new, gone, renamed, moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.domain.quality.baseline import accept_all, ratchet
from core.domain.quality.finding import Accepted, Finding, fingerprint
from core.domain.quality.metric import Metric
from core.domain.quality.verdict import Delta, FailOn, accept, fails, judge

CC, MI = Metric.COMPLEXITY, Metric.MAINTAINABILITY


def complex_block(path="a.py", block="f", score=12):
    return Finding(
        fingerprint=fingerprint(CC, path, block), metric=CC, path=path, block=block, line=1, end_line=9, score=score, threshold=10, rank="C"
    )


def poor_file(path="a.py", score=12.344, metric=MI):
    return Finding(
        fingerprint=fingerprint(metric, path, ""),
        metric=metric,
        path=path,
        block="",
        line=1,
        end_line=9,
        score=score,
        threshold=20,
        rank="B",
    )


def accepted(path="a.py", block="f", score=12, shape="", metric=CC):
    return Accepted(path=path, block=block, metric=metric, score=score, shape=shape)


def shapes(finding, shape):
    return {finding.fingerprint: shape}


@pytest.mark.parametrize(
    ("was", "delta"),
    [(None, Delta.NEW), (12, Delta.SAME), (11, Delta.WORSE), (13, Delta.BETTER)],
)
def test_a_block_is_judged_against_its_accepted_score(was, delta):
    before = [] if was is None else [accepted(score=was)]
    assert judge([complex_block()], {}, before).judged[0].delta is delta


@pytest.mark.parametrize(
    ("was", "delta"),
    [
        (12.34, Delta.SAME),  # what the baseline holds of it is rounded
        (13.3, Delta.SAME),  # a line of comment more or less is no reason to fail
        (13.35, Delta.WORSE),
        (11.3, Delta.BETTER),
    ],
)
def test_a_maintainability_index_may_move_by_one_point(was, delta):
    before = [accepted(block="", score=was, metric=MI)]
    assert judge([poor_file()], {}, before).judged[0].delta is delta


def test_a_renamed_block_is_known_by_its_shape_and_judged_by_its_old_score():
    finding = complex_block(block="g", score=14)
    judgement = judge([finding], shapes(finding, "s1"), [accepted(score=12, shape="s1")])

    (judged,) = judgement.judged
    assert (judged.delta, judged.moved, judged.before.block) == (Delta.WORSE, True, "f")
    assert judgement.gone == ()


def test_of_two_that_do_the_same_the_one_in_the_same_file_is_meant():
    finding = complex_block(path="b.py", block="g")
    known = [accepted(path="a.py", shape="s1"), accepted(path="b.py", block="old", shape="s1")]
    judgement = judge([finding], shapes(finding, "s1"), known)

    assert judgement.judged[0].before.path == "b.py"
    assert [gone.path for gone in judgement.gone] == ["a.py"]


def test_a_block_without_a_shape_matches_no_other_without_one():
    assert judge([complex_block(block="g")], {}, [accepted(shape="")]).judged[0].delta is Delta.NEW


def test_a_moved_file_is_known_by_its_shape_and_not_by_its_score():
    moved = poor_file("new/a.py")
    known = [accepted(path="old/a.py", block="", score=12.34, shape="s1", metric=MI)]

    assert judge([moved], shapes(moved, "s1"), known).judged[0].moved
    assert judge([moved], shapes(moved, "s2"), known).judged[0].delta is Delta.NEW
    assert judge([moved], {}, [accepted(path="old/a.py", block="", score=12.34, metric=MI)]).judged[0].delta is Delta.NEW


def test_a_copy_of_an_accepted_file_is_new():
    original, copy = poor_file("old/a.py"), poor_file("new/a.py")
    known = [accepted(path="old/a.py", block="", score=12.34, shape="s1", metric=MI)]
    judgement = judge([copy, original], {**shapes(original, "s1"), **shapes(copy, "s1")}, known)

    assert [judged.delta for judged in judgement.judged] == [Delta.NEW, Delta.SAME]


@pytest.mark.parametrize(
    ("was", "unclamped", "delta"),
    [
        (0, -30, Delta.SAME),
        (0, -20, Delta.WORSE),
        (0, -40, Delta.BETTER),
        (0, None, Delta.SAME),  # an older version wrote no more than the floor
        (0.5, None, Delta.WORSE),  # by 30.5 points, of which the score shows half a one
        (8, None, Delta.WORSE),
    ],
)
def test_at_the_floor_the_number_before_the_limit_decides(was, unclamped, delta):
    before = replace(accepted(block="", score=was, metric=MI), unclamped=unclamped)
    now = replace(poor_file(score=0.0), unclamped=-30.0)

    assert judge([now], {}, [before]).judged[0].delta is delta


def test_two_files_that_cannot_be_read_are_not_one():
    broken = poor_file("new.py", 1, Metric.UNREADABLE)
    assert judge([broken], {}, [accepted("old.py", "", 1, metric=Metric.UNREADABLE)]).judged[0].delta is Delta.NEW
    assert judge([broken], {}, [accepted("new.py", "", 1, metric=Metric.UNREADABLE)]).judged[0].delta is Delta.SAME


def test_what_is_there_no_more_is_gone_and_nothing_of_an_unreadable_file_is():
    broken = poor_file("broken.py", 1, Metric.UNREADABLE)
    judgement = judge([broken], {}, [accepted("broken.py"), accepted("fine.py")])

    assert [gone.path for gone in judgement.gone] == ["fine.py"]
    assert judgement.judged[0].delta is Delta.NEW


def test_of_two_entries_for_one_place_the_better_score_counts():
    known = [accepted(score=15), accepted(score=12), accepted(score=14)]
    assert judge([complex_block(score=13)], {}, known).judged[0].delta is Delta.WORSE


@pytest.mark.parametrize(
    ("fail_on", "failing"),
    [
        (FailOn.ANY, ["new", "worse", "same", "better"]),
        (FailOn.NEW, ["new"]),
        (FailOn.WORSE, ["new", "worse"]),
        (FailOn.NEVER, []),
    ],
)
def test_fail_on_decides_which_findings_fail(fail_on, failing):
    findings = [complex_block(block=name) for name in ("n", "w", "s", "b")]
    known = [accepted(block="w", score=11), accepted(block="s"), accepted(block="b", score=30)]
    judged = judge(findings, {}, known).judged

    assert [each.delta.value for each in fails(judged, fail_on)] == failing


def turn(findings, known, found_shapes=None):
    return ratchet(judge(findings, found_shapes or {}, known), known, found_shapes or {})


def test_the_ratchet_takes_out_what_is_gone_and_lowers_what_is_better():
    turned = turn([complex_block(score=11)], [accepted(score=20), accepted(block="gone")])

    assert turned.accepted == (accepted(score=11),)
    assert (turned.gone, turned.lowered, turned.moved) == (1, 1, 0)


def test_the_ratchet_never_accepts_what_is_new_or_worse():
    turned = turn([complex_block(score=30), complex_block(block="new")], [accepted(score=20)])

    assert (turned.changed, turned.accepted) == (False, (accepted(score=20),))


def test_the_ratchet_follows_a_rename_and_keeps_the_score_that_was_accepted():
    finding = complex_block(block="g", score=30)
    turned = turn([finding], [accepted(score=20, shape="s1")], shapes(finding, "s1"))

    assert turned.accepted == (accepted(block="g", score=20, shape="s1"),)
    assert (turned.moved, turned.lowered) == (1, 0)


def test_the_ratchet_follows_two_blocks_that_swap_their_names():
    one, other = complex_block(block="f", score=20), complex_block(block="g", score=14)
    known = [accepted(block="f", score=14, shape="s1"), accepted(block="g", score=20, shape="s2")]
    turned = turn([one, other], known, {**shapes(one, "s2"), **shapes(other, "s1")})

    assert turned.accepted == (accepted(block="f", score=20, shape="s2"), accepted(block="g", score=14, shape="s1"))
    assert (turned.moved, turned.gone) == (2, 0)


def test_the_ratchet_adds_what_an_older_version_did_not_write_of_a_file():
    now = replace(poor_file(score=0.0), unclamped=-30.0)
    turned = turn([now], [accepted(block="", score=0, metric=MI)], shapes(now, "s1"))

    assert turned.accepted == (replace(accepted(block="", score=0, shape="s1", metric=MI), unclamped=-30),)
    assert (turned.edited, turned.changed) == (1, False)


def test_the_ratchet_leaves_a_file_that_was_edited_as_it_is():
    now = poor_file(score=12.0)
    known = [accepted(block="", score=12.34, shape="s1", metric=MI)]

    assert turn([now], known, shapes(now, "s2")).accepted == tuple(known)


def test_the_ratchet_follows_an_edit_at_the_same_score_and_no_worse_one():
    finding, worse = complex_block(), complex_block(block="worse", score=30)
    known = [accepted(shape="s1"), accepted(block="worse", shape="s1")]
    turned = turn([finding, worse], known, {**shapes(finding, "s2"), **shapes(worse, "s2")})

    assert turned.accepted == (accepted(shape="s2"), accepted(block="worse", shape="s1"))
    assert (turned.edited, turned.changed) == (1, False)


def test_a_renewed_baseline_keeps_what_lies_outside_of_the_scope():
    from core.domain.quality.audit import AuditReport

    report = AuditReport(files=(), findings=(complex_block("src/a.py", "f", 30),), seconds=0)
    known = [accepted("lib/x.py"), accepted("src/gone.py")]

    assert accept_all(report, known, lambda path: path.startswith("src/")) == (
        accepted("lib/x.py"),
        accept(complex_block("src/a.py", "f", 30)),
    )


def test_a_thousand_moved_blocks_find_their_old_places():
    findings = [complex_block(path="new.py", block=f"f{number}") for number in range(1000)]
    found = {finding.fingerprint: f"shape {finding.block}" for finding in findings}
    known = [accepted(path="old.py", block=f"g{number}", shape=f"shape f{number}") for number in range(1000)]
    judgement = judge(findings, found, known)

    assert judgement.gone == ()
    assert all(judged.before.block[1:] == judged.finding.block[1:] for judged in judgement.judged)
