"""wily's records → our measures."""

from __future__ import annotations

from core.adapters.wily.numbers import file_measure
from core.domain.quality.metric import BlockKind

CLOSURE = ["inner", 3, 4, 5, False, None, [["innermost", 4, 8, 5, False, None, [], 2]], 7]
DEEPER = ["helper", 22, 12, 24, False, None, [], 2]
RECORD = {
    "maintainability": {"a.py": {"total": {"mi": 61.5, "rank": "A"}}, "broken.py": {"total": {"error": "invalid syntax"}}},
    "cyclomatic": {
        "a.py": {
            "detailed": {
                "Outer.method": {"is_method": True, "classname": "Outer", "closures": [], "complexity": 3, "lineno": 12, "endline": 14},
                "Outer": {
                    "inner_classes": [["Inner", 20, 4, 29, [["go", 21, 8, 29, True, "Inner", [DEEPER], 4]], [], 4]],
                    "real_complexity": 3,
                    "complexity": 3,
                    "lineno": 11,
                    "endline": 30,
                },
                "function": {"is_method": False, "closures": [CLOSURE], "complexity": 1, "lineno": 1, "endline": 9},
            },
            "total": {"complexity": 7},
        }
    },
}


def test_every_block_that_radon_nests_is_named_as_we_name_it_and_stands_in_its_place():
    measure = file_measure(RECORD, "a.py")
    assert measure.maintainability == 61.5
    assert [(block.kind, block.name, block.line, block.end_line, block.complexity) for block in measure.blocks] == [
        (BlockKind.FUNCTION, "function", 1, 9, 1),
        (BlockKind.CLOSURE, "function.inner", 3, 5, 7),
        (BlockKind.CLOSURE, "function.inner.innermost", 4, 5, 2),
        (BlockKind.CLASS, "Outer", 11, 30, 3),
        (BlockKind.METHOD, "Outer.method", 12, 14, 3),
        (BlockKind.CLASS, "Outer.Inner", 20, 29, 4),
        (BlockKind.METHOD, "Outer.Inner.go", 21, 29, 4),
        (BlockKind.CLOSURE, "Outer.Inner.go.helper", 22, 24, 2),
    ]


def test_what_wily_could_not_measure_is_a_problem():
    assert file_measure(RECORD, "broken.py").problem == "invalid syntax"
    assert file_measure(RECORD, "nowhere.py").problem == "wily has no number for this version"
    assert file_measure({}, "a.py").problem
