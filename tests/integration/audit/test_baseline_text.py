"""The baseline's file: one finding a line, mergeable, every mistake with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.adapters.baseline_file import JsonBaseline, parse, render
from core.domain.quality.finding import Accepted
from core.domain.quality.metric import Metric
from core.errors import InvalidFile, StorageError


def entry(path, score=12, block="f"):
    return Accepted(path=path, block=block, metric=Metric.COMPLEXITY, score=score, shape="s1")


def test_the_text_has_a_line_for_each_finding_between_blank_ones_that_stay():
    lines = render([entry("a.py"), entry("b.py", 30)]).split("\n")

    assert [line for line in lines if line] == [
        "{",
        '"version": 1,',
        '"findings": [',
        *sorted(
            [
                '{"path": "a.py", "block": "f", "metric": "complexity", "score": 12, "shape": "s1"},',
                '{"path": "b.py", "block": "f", "metric": "complexity", "score": 30, "shape": "s1"},',
            ],
            key=lines.index,
        ),
        "{}",
        "]",
        "}",
    ]
    assert [line for line in lines if not line] == [line for line in render([]).split("\n") if not line]


def test_a_score_does_not_move_a_line():
    before, after = (render([entry(f"{name}.py", score) for name in "abcd"]).split("\n") for score in (30, 12))
    assert [line.partition(', "score"')[0] for line in before] == [line.partition(', "score"')[0] for line in after]


def test_a_person_may_lay_it_out_anew():
    assert parse('{"findings":[{"metric":"complexity","path":"a.py","block":"f","score":12,"shape":"s1"}],"version":1}', "b") == (
        entry("a.py"),
    )


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["b.json:1:1: not JSON: Expecting value"]),
        ("[]", ["b.json:1:1: must be a map with a list of findings"]),
        ('{"version": 2,\n"findings": []}', ["b.json:1:13: must be 1: this file is of another version of orchestrator"]),
        (
            '{"version": 1, "x": 2, "findings": [\n{"path": "a.py", "metric": "complexity", "score": ""},\n7,\n{"path": "", "metric": 1}]}',
            [
                "b.json:1:21: unknown key 'x'",
                "b.json:2:51: score must be a number",
                "b.json:3:1: must be a map",
                "b.json:4:1: score must be a number",
                "b.json:4:10: path must be a path",
                f"b.json:4:24: metric must be one of {', '.join(Metric)}",
            ],
        ),
        (
            '{\n"version": 1,\n"findings": [\n<<<<<<< HEAD\n{}]}',
            ["b.json:4:1: an unresolved merge (of two lines for one place the better score counts: keep both sides)"],
        ),
    ],
)
def test_every_mistake_has_its_place(text, problems):
    with pytest.raises(InvalidFile) as caught:
        parse(text, "b.json")
    assert str(caught.value).splitlines() == problems
    anew = "orchestrator audit --update-baseline writes it anew, and accepts every finding there is"
    assert caught.value.hint == ("" if "unresolved merge" in problems[0] else anew)


def test_bytes_that_are_no_text_are_a_problem(tmp_path: Path):
    (tmp_path / "b").write_bytes(b"\xff{}")
    with pytest.raises(InvalidFile, match="not text in UTF-8"):
        JsonBaseline(tmp_path / "b", "b").read()


def test_writing_keeps_the_files_mode_and_goes_through_a_link(tmp_path: Path):
    (tmp_path / "real.json").write_text("{}")
    os.chmod(tmp_path / "real.json", 0o640)
    os.symlink("real.json", tmp_path / "link.json")
    JsonBaseline(tmp_path / "link.json", "link.json").write([entry("a.py")])

    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.json", "real.json"]


def test_what_cannot_be_written_is_said_with_its_name(tmp_path: Path):
    (tmp_path / "taken").write_text("a file, not a directory")
    with pytest.raises(StorageError, match=r"cannot write taken/b\.json"):
        JsonBaseline(tmp_path / "taken" / "b.json", "taken/b.json").write([])
