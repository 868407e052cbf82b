"""Coverage of new code: which lines are new, which of them ran, and which file a report means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.quality.coverage import ChangedSource, LineCoverage, ReportedFile, changed_lines, judge_new_code
from core.domain.quality.coverage_paths import coverage_by_path, portable_path
from core.domain.quality.metric import Metric

TEXTS = st.lists(st.sampled_from([b"a", b"b", b"c", b"", b"    return None"]), max_size=12).map(b"\n".join)


# -- Which lines are new -------------------------------------------------------------------------------------------------


@given(TEXTS, TEXTS)
def test_without_its_changed_lines_a_file_is_a_part_of_what_it_was(base, now):
    after, changed = now.splitlines(), changed_lines(base, now)
    assert changed <= set(range(1, len(after) + 1))
    remaining = iter(base.splitlines())
    assert all(line in remaining for number, line in enumerate(after, start=1) if number not in changed)


@given(TEXTS, TEXTS, TEXTS)
def test_what_is_put_between_is_all_that_is_new(head, new, tail):
    added = b"\n".join(b"new " + line for line in new.splitlines())
    base, now = b"\n".join([head, tail]), b"\n".join([head, added, tail])
    changed = changed_lines(base, now)
    assert {number for number, line in enumerate(now.splitlines(), start=1) if line.startswith(b"new ")} <= changed
    assert len(changed) <= added.count(b"\n") + 2


@given(TEXTS)
def test_nothing_is_new_in_a_file_that_is_the_same_whatever_its_line_ends(text):
    assert changed_lines(text, text) == changed_lines(text, text.replace(b"\n", b"\r\n")) == frozenset()
    assert changed_lines(None, text) == frozenset(range(1, len(text.splitlines()) + 1))


def test_a_large_file_of_equal_lines_takes_no_time():
    assert changed_lines(b"x = 1\n" * 30_000 + b"y\n", b"z\n" + b"x = 1\n" * 30_001) >= {1}


# -- Which of them ran ---------------------------------------------------------------------------------------------------


def source(run=(), missed=(), *, base=None, lines=50, path="a.py", **more):
    now = b"".join(b"line %d\n" % number for number in range(1, lines + 1))
    return ChangedSource(path=path, base=base, now=now, lines=LineCoverage(run=frozenset(run), missed=frozenset(missed)), **more)


def test_too_few_of_the_new_lines_ran():
    (finding,) = judge_new_code("coverage.xml", [source(run={1, 2, 30}, missed={12, 13, 15, 18, 40})]).findings

    assert (finding.metric, finding.line, finding.end_line, finding.score, finding.threshold) == (Metric.COVERAGE, 12, 18, 37.5, 80.0)
    assert finding.suggestion == "cover lines 12–18, 40"
    assert finding.problem == "5 of 8 changed lines were not run: 12–18, 40"


def test_lines_that_did_not_change_count_for_nothing():
    base = b"".join(b"line %d\n" % number for number in range(1, 41))
    assert judge_new_code("r", [source(run={45}, missed={1, 2, 3}, base=base)]).findings == ()
    (finding,) = judge_new_code("r", [source(run={1, 2, 3}, missed={45}, base=base)]).findings
    assert (finding.score, finding.line) == (0.0, 45)


@pytest.mark.parametrize(("run", "missed", "is_finding"), [(4, 1, False), (3, 1, True), (799, 201, True), (0, 0, False)])
def test_the_threshold_itself_is_enough_and_nothing_is_rounded_up_to_it(run, missed, is_finding):
    found = judge_new_code("r", [source(range(1, run + 1), range(run + 1, run + missed + 1), lines=1000)]).findings
    assert [each.score < 80 for each in found] == [True] * is_finding


@given(st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)), st.integers(0, 100))
def test_a_finding_is_a_share_below_the_threshold_that_names_each_missed_line(run, missed, threshold):
    missed -= run
    found = judge_new_code("r", [source(run, missed, lines=30, threshold=float(threshold))]).findings
    assert bool(found) == bool(missed and 100 * len(run) < threshold * len(run | missed))
    for finding in found:
        passages = [tuple(map(int, each.split("–"))) for each in finding.suggestion.split(" ", 2)[2].split(", ")]
        named = {line for first, *last in passages for line in range(first, (last or [first])[0] + 1)}
        assert missed <= named
        assert not named & run


def test_a_file_of_which_nothing_is_known_is_no_finding_but_a_note():
    unnamed = ChangedSource(path="b.py", base=None, now=b"x\n", lines=None)
    judged = judge_new_code("coverage.xml", [unnamed, source(missed={60}, path="c.py"), source(run={1}, newer=True)])

    assert judged.findings == ()
    assert judged.notes == (
        "coverage.xml does not name b.py: whether tests run what is new there is unknown",
        "coverage.xml names lines that c.py no longer has: run the tests again; what they run there is unknown",
        "coverage.xml is older than a.py: run the tests again if lines have moved since",
    )


def test_a_file_without_changed_lines_is_not_noted():
    assert judge_new_code("r", [ChangedSource(path="b.py", base=b"x\n", now=b"x\n", lines=None)]).notes == ()


# -- Which file is meant -------------------------------------------------------------------------------------------------

FILES = ("src/pkg/a.py", "src/pkg/b.py", "lib/b.py", "top.py", "tests/pkg/a_test.py")


def place(*names, prefix="", files=FILES):
    reported = [ReportedFile(names=(name,), lines=LineCoverage(run=frozenset({number}))) for number, name in enumerate(names, start=1)]
    found = coverage_by_path(reported, files, ("/work/repo", "/real/repo"), prefix)
    return {path: sorted(lines.run) for path, lines in found.items()}


def test_a_name_is_a_path_of_the_project_or_of_its_repository():
    assert place("src/pkg/a.py", "/work/repo/lib/b.py", "/real/repo/top.py") == {"src/pkg/a.py": [1], "lib/b.py": [2], "top.py": [3]}
    assert place("services/api/top.py", prefix="services/api/") == {"top.py": [1]}


def test_a_name_below_a_directory_of_sources_is_the_one_file_that_ends_so():
    assert place("pkg/a.py", "pkg/b.py") == {"src/pkg/a.py": [1], "src/pkg/b.py": [2]}
    assert place("b.py") == {}, "lib/b.py or src/pkg/b.py"
    assert place("ckg/a.py", "kg/a.py") == {}, "whole names of directories only"


def test_absolute_names_of_another_machine_lie_below_one_directory_there():
    assert place("/app/src/pkg/a.py", "/app/top.py", "/usr/lib/top.py") == {"src/pkg/a.py": [1], "top.py": [2]}
    assert place(portable_path("C:\\work\\src\\pkg\\a.py")) == {"src/pkg/a.py": [1]}


def test_a_file_of_the_project_that_is_gone_is_nobody_elses():
    assert place("/work/repo/old/top.py", "/work/repo/src/top.py") == {}


def test_a_file_that_is_named_twice_ran_where_either_says_so():
    assert place("top.py", "/work/repo/top.py") == {"top.py": [1, 2]}


@given(st.sets(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".py"), min_size=1))
def test_every_file_is_found_by_its_own_names(files):
    ordered = sorted(files)
    for start in ("", "/work/repo/", "/elsewhere/x/"):
        assert place(*(start + path for path in ordered), files=ordered) == {path: [n] for n, path in enumerate(ordered, start=1)}
