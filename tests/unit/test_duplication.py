"""Repeated passages: what is a copy and what is none, where it is, and what its finding says."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.radon.file_measure import measure_source
from core.domain.quality.audit import AuditedFile
from core.domain.quality.duplication import MODULE, Passage, elsewhere, find_passages

BODY = """\
result = []
for item in items:
    if item.price > limit:
        result.append(convert(item, limit))
    else:
        report(f"{item} is cheap")
        raise ValueError(item)
return sorted(result)
"""
RENAMED = BODY.replace("item", "entry").replace("result", "found").replace("limit", "most").replace("is cheap", "costs nothing")


def function(name: str, body: str, parameters: str = "items, limit") -> str:
    return f"def {name}({parameters}):\n{indent(body, '    ')}"


def passages(*sources: str) -> list[Passage]:
    named = {f"{letter}.py": source for letter, source in zip("abcdef", sources, strict=False)}
    files = [AuditedFile(path=path, measure=measure_source(source.encode(), windows=True)) for path, source in named.items()]
    return list(find_passages(files, lambda _: 0))


def places(*sources: str) -> list[tuple[str, str, int]]:
    return [(found.path, found.block, found.lines) for found in passages(*sources)]


def test_a_copy_in_another_file_and_one_in_the_same_are_found():
    assert places(function("f", BODY), function("g", BODY)) == [("a.py", "f", 8), ("b.py", "g", 8)]
    assert places(function("f", BODY) + function("g", BODY)) == [("a.py", "f", 8), ("a.py", "g", 8)]


@pytest.mark.parametrize(
    "copy",
    [
        function("g", RENAMED, "entries, most").replace("entrys", "entries"),
        function("g", '"""What it does."""\n' + BODY),
        function("g", "# Why\n" + BODY.replace("\n    if", "\n\n    # if\n    if")),
        "class C:\n" + indent(function("g", BODY, "self, items, limit"), "    "),
        function("g", "import os\n" + BODY),
        function("outer", function("inner", BODY) + "return inner\n", ""),
    ],
    ids=["renamed", "docstring", "comments", "method", "import", "nested"],
)
def test_what_differs_in_names_values_layout_or_docstring_only_is_a_copy(copy):
    assert [lines for _, _, lines in places(function("f", BODY), copy)] == [8, 8]


@pytest.mark.parametrize(
    "other",
    [
        function("g", BODY.replace("convert", "other")),
        function("g", BODY.replace("price", "cost")),
        function("g", BODY.replace("convert(item, limit)", "convert(item, item)")),
    ],
    ids=["another function", "another attribute", "other arguments"],
)
def test_what_calls_something_else_is_no_copy(other):
    assert all(lines < 6 for _, _, lines in places(function("f", BODY), other))


@pytest.mark.parametrize(
    "source",
    [
        "from a import (\n    b,\n    c,\n    d,\n    e,\n    f,\n    g,\n)\nimport h\nimport i\nimport j\n",
        "@overload\ndef f(\n    a: int,\n    b: int,\n    c: int,\n    d: int,\n    e: int,\n    f: int,\n) -> int: ...\n",
        "class C:\n" + "".join(f"    a{number}: int = field(default=make(1, 2, 3))\n" for number in range(12)),
        "A = TypeVar('A', bound=some.thing[int])\n" * 10,
        "def f():\n" + "    parser.add_argument('--a', help='b', type=int, default=[1, 2])\n" * 12,
        'def f():\n    """' + "One line of it.\n    " * 12 + '"""\n',
    ],
    ids=["imports", "overloads", "fields", "declarations", "table", "docstring"],
)
def test_imports_signatures_docstrings_declarations_and_rows_of_equal_calls_are_no_copies(source):
    assert [each for each in places(source, source) if each[2]] == [] or "add_argument" in source
    assert places(source) == []


def test_a_part_of_a_function_is_a_passage_with_its_lines_and_its_copies():
    longer = function("g", "print(items)\n" + BODY.replace("return sorted(result)", "return result"))
    ours, theirs = passages(function("f", BODY), longer)
    assert (ours.line, ours.end_line, ours.lines) == (2, 8, 7)
    assert (theirs.line, theirs.end_line) == (3, 9)
    assert ours.shape == theirs.shape
    assert elsewhere(ours) == "Lines 2–8 stand again in lines 3–9 of b.py: make one function of them, with what differs as its parameters."


def test_of_two_passages_in_one_block_the_second_has_a_number():
    first, second = indent(BODY, "    "), indent(BODY.replace("price", "cost"), "    ")
    both = function("f", f"if items:\n{first}else:\n{second}".replace("return sorted(result)", "sort(result)"))
    alone = [
        function(name, body.replace("return sorted(result)", "sort(result)"))
        for name, body in (("g", BODY), ("h", BODY.replace("price", "cost")))
    ]
    assert [block for path, block, _ in places(both, *alone) if path == "a.py"] == ["f", "f #2"]


def test_a_renamed_loop_outside_of_functions_is_a_copy():
    loop = "\n".join(BODY.splitlines()[1:-1]) + "\n"
    assert places(loop, loop.replace("item in items", "entry in items").replace("item", "entry").replace("entrys", "items")) == [
        ("a.py", MODULE, 6),
        ("b.py", MODULE, 6),
    ]


def test_several_definitions_in_a_row_are_one_passage():
    several = function("f", BODY) + function("g", BODY.replace("price", "cost"))
    assert places(several, several) == [("a.py", MODULE, 16), ("b.py", MODULE, 16)]


def test_thousands_of_copies_take_no_long_list():
    found = passages("".join(function(f"f{number}", BODY) for number in range(300)))
    assert len(found) == 300
    assert all(len(each.copies) <= 20 for each in found)
    assert elsewhere(found[0]).count("lines") == 3


def test_a_chain_of_branches_is_one_statement():
    chain = "def f(a):\n    if a == 0:\n        g()\n" + "".join(
        f"    elif a == {number}:\n        g({number})\n" for number in range(1, 100)
    )
    assert [lines for _, _, lines in places(chain, chain)] == [200, 200]


_STATEMENTS = st.lists(
    st.sampled_from(
        [
            "a = b(c, 1)",
            "c.d(a)",
            "for e in a:\n    b(e)\n    c(e, a)",
            "if a:\n    b()\nelse:\n    c()",
            "return a + c[b]",
            "with a as b:\n    c",
        ]
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(_STATEMENTS, _STATEMENTS)
def test_each_passage_has_a_copy_elsewhere_and_none_lies_within_another(one, other):
    sources = [function("f", dedent("\n".join(body)) + "\n") for body in (one, other)]
    found = passages(*sources)
    for passage in found:
        assert passage.copies
        assert all(copy.path != passage.path or copy.end_line < passage.line or copy.line > passage.end_line for copy in passage.copies)
    spans = [(each.path, each.line, each.end_line) for each in found]
    assert len(set(spans)) == len(spans)
    assert not any(a[0] == b[0] and a != b and a[1] <= b[1] and b[2] <= a[2] for a in spans for b in spans)
    assert bool(passages(sources[0], sources[0])) == bool(measure_source(sources[0].encode(), windows=True).windows)
