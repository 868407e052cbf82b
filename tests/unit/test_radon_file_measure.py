"""What one source comes to: its numbers, or why there are none."""

from __future__ import annotations

import math

import pytest
from radon.complexity import add_inner_blocks, cc_visit
from radon.metrics import h_visit, mi_parameters, mi_visit
from radon.raw import analyze

from core.adapters.radon.agreement import SPECIMEN
from core.adapters.radon.file_measure import measure_source
from core.adapters.radon.source_files import LARGEST
from core.domain.quality.metric import BlockKind, FileMeasure, complexity_rank, maintainability_rank
from tests.radon_judge import seen_by_radon


def test_every_number_equals_that_of_radons_own_function():
    measure = measure_source(SPECIMEN.encode())
    theirs = add_inner_blocks(cc_visit(SPECIMEN.replace("except*", "except ")))
    assert sorted((b.line, b.column, b.complexity) for b in seen_by_radon(measure.blocks)) == sorted(
        (b.lineno, b.col_offset, b.complexity) for b in theirs
    )
    assert measure.maintainability == mi_visit(SPECIMEN, multi=True)
    assert {name: getattr(measure.raw, name) for name in analyze(SPECIMEN)._fields} == analyze(SPECIMEN)._asdict()
    total = h_visit(SPECIMEN).total
    assert {name: getattr(measure.halstead, name) for name in total._fields} == total._asdict()
    assert measure.problem == ""


@pytest.mark.parametrize("functions", [1, 20, 150, 300, 600])
def test_the_unclamped_index_is_the_index_until_that_is_raised_to_0(functions):
    source = "".join(f"def f{number}(a, b):\n    return a + {number} if a and b else b - a * {number}\n" for number in range(functions))
    measure = measure_source(source.encode())
    volume, complexity, lines, comments = mi_parameters(source)
    bonus = 50 * math.sin(math.sqrt(2.46 * math.radians(comments)))
    formula = 171 - 5.2 * math.log(volume) - 0.23 * complexity - 16.2 * math.log(lines) + bonus
    assert measure.unclamped == pytest.approx(formula * 100 / 171)
    assert measure.maintainability == max(0.0, measure.unclamped)
    assert (measure.unclamped < 0) == (functions > 100)


def test_the_unclamped_index_is_no_higher_than_the_highest_index():
    assert [measure_source(source).unclamped for source in (b"", b"x = 1\n")] == [100.0, 100.0]
    assert FileMeasure(maintainability=7.5).unclamped == 7.5


def test_asserts_are_counted_for_each_block():
    measure = measure_source(b"def f():\n    assert a\n    if b: assert c\nclass A:\n    def m(self): assert d\n")
    assert [(block.name, block.complexity, block.asserts) for block in measure.blocks] == [("f", 4, 2), ("A", 3, 1), ("A.m", 2, 1)]
    without = measure.without_asserts()
    assert [(block.name, block.complexity, block.asserts) for block in without.blocks] == [("f", 2, 0), ("A", 2, 0), ("A.m", 1, 0)]
    assert (without.tally.complexity, without.tally.worst, without.tally.asserts) == (3, 2, 0)
    assert (without.maintainability, without.halstead, without.raw) == (measure.maintainability, measure.halstead, measure.raw)


def test_an_empty_file_is_perfectly_maintainable():
    measure = measure_source(b"")
    assert (measure.maintainability, measure.raw.loc, measure.blocks, measure.problem) == (100.0, 0, (), "")


def test_a_block_ends_where_its_last_statement_ends():
    (block,) = measure_source(b"@d\ndef f():\n    return (\n        1\n    )\n").blocks
    assert (block.kind, block.line, block.end_line, block.column) == (BlockKind.FUNCTION, 2, 5, 0)


def test_blocks_come_in_the_order_of_the_source():
    measure = measure_source(b"class A:\n    def m(self): pass\ndef f():\n    def g(): pass\nclass B: pass\n")
    assert [block.name for block in measure.blocks] == ["A", "A.m", "f", "f.g", "B"]


LATIN = b"# -*- coding: latin-1 -*-\nx = '\xe9'\n"
MARK = b"\xef\xbb\xbfx = 1\n"


@pytest.mark.parametrize(
    "source", [b"x = 1\r\ny = 2\r\n", b"x = 1\ry = 2\r", LATIN, MARK, b"x = 1\n\x0c\ny = 2\n", b"\n" * 3, b"x = '\\d'\n"]
)
def test_what_python_reads_is_measured(source):
    measure = measure_source(source)
    assert (measure.problem, measure.raw is None) == ("", False)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (b"def f(:\n", "line 1: invalid syntax (read as Python "),
        (b"x = 1\nprint 'two'\n", "line 2: Missing parentheses in call to 'print'"),
        (b"x = 1\n\ny = '\xe9'\n", "line 3: byte 0xe9 is not UTF-8, and neither of the first two lines declares another encoding"),
        ("x = 1\n".encode("utf-16"), "line 1: byte 0xff is not UTF-8"),
        (b"x = 1\n# coding: rot13\n\x0c(\n", "line 3: '(' was never closed"),
        (b"#\n# coding: rot13\nk = 1\n", "line 2: 'rot13' is not a text encoding"),
        (b"x = 1\ny = '\0'\n", "line 2: a NUL byte, which Python does not allow in source"),
        (b"x = " + b"-" * 20_000 + b"1\n", "nested too deeply for Python itself to read"),
        (b"x = 1" + b" + 1" * 400 + b"\n", "nested too deeply for radon"),
        (b"#" * (LARGEST + 1), "too large: 2.0 MB of source, the limit is 2 MB"),
        (b"x = 1\ny = 'a\x0cb'\n", "line 2: radon cannot count the lines from here on"),
    ],
)
def test_what_cannot_be_measured_says_why(source, problem):
    measure = measure_source(source)
    assert measure.problem.startswith(problem)
    assert measure.problem_line == (int(problem.split(":")[0].removeprefix("line ")) if problem.startswith("line ") else 0)


def test_what_radon_can_still_count_of_such_a_file_is_there():
    assert measure_source(b"x = 1" + b" + 1" * 400 + b"\n").raw.sloc == 1
    halves = measure_source(b"def f():\n    return 'a\x0cb'\n")
    assert [block.name for block in halves.blocks] == ["f"]
    assert (halves.raw, halves.halstead is None) == (None, False)


@pytest.mark.parametrize("source", [b"x = " + b"1 + " * 150 + b"1\n", b"if a:\n    pass\n" + b"elif b:\n    pass\n" * 150])
def test_nesting_that_radon_still_walks_is_measured(source):
    assert measure_source(source).maintainability == mi_visit(source.decode(), multi=True)


def test_the_outcome_does_not_hang_on_how_deep_the_caller_is():
    source = b"x = 1" + b" + 1" * 280 + b"\n"

    def from_below(depth) -> FileMeasure:
        return from_below(depth - 1) if depth else measure_source(source)

    assert from_below(0) == from_below(400)
    assert from_below(0).problem == ""


@pytest.mark.parametrize(
    ("complexity", "rank"),
    [(1, "A"), (5, "A"), (6, "B"), (10, "B"), (11, "C"), (20, "C"), (21, "D"), (30, "D"), (31, "E"), (40, "E"), (41, "F"), (99, "F")],
)
def test_ranks_of_complexity_are_radons(complexity, rank):
    from radon.complexity import cc_rank

    assert complexity_rank(complexity) == rank == cc_rank(complexity)


@pytest.mark.parametrize(("index", "rank"), [(100.0, "A"), (19.01, "A"), (19.0, "B"), (9.01, "B"), (9.0, "C"), (0.0, "C")])
def test_ranks_of_maintainability_are_radons(index, rank):
    from radon.metrics import mi_rank

    assert maintainability_rank(index) == rank == mi_rank(index)
