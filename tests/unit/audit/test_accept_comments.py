"""Comments that accept a finding: where they stand, what they say, and what is wrong with one."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.quality.accept_comments import find_comments, read_comment
from core.domain.quality.metric import AcceptComment

METRICS = ("complexity", "maintainability", "cognitive")
ACCEPT = "# orchestrator: accept complexity – a table"


def found(source):
    return find_comments(dedent(source).encode())


def targets(source):
    return [(comment.line, comment.target) for comment in found(source)]


def read(text):
    return read_comment(AcceptComment(line=1, column=1, target=1, at_top=False, text=text), METRICS)


@pytest.mark.parametrize(
    "source",
    [
        f"x = 1\ndef f():  {ACCEPT}\n    pass\n",
        f"{ACCEPT}\ndef f():\n    pass\n",
        f"@cached\ndef f():  {ACCEPT}\n    pass\n",
        f"{ACCEPT}\n@cached\ndef f():\n    pass\n",
        f"{ACCEPT}\n# a word more\n@cached(\n    1,\n)\n@other\nasync def f():\n    pass\n",
        f"@cached  {ACCEPT}\ndef f():\n    pass\n",
        f"@cached\n{ACCEPT}\ndef f():\n    pass\n",
        f"class A:\n    x = 1\n    {ACCEPT}\n    def f(self):\n        pass\n",
        f"def f(\n    a,\n    b,\n) -> None:  {ACCEPT}\n    pass\n",
        f"def f():  # noqa: C901  {ACCEPT}\n    pass\n",
        f"def f(): return 1  {ACCEPT}\n",
        f"def g():\n    pass\n{ACCEPT}\ndef f():\n    pass\n",
    ],
)
def test_a_comment_belongs_to_the_definition_at_which_it_stands(source):
    function = next(
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "f"
    )

    assert [comment.target for comment in found(source)] == [function.lineno]


def test_a_comment_belongs_to_none_when_a_blank_line_or_another_statement_parts_them():
    assert targets(f"x = 1\n{ACCEPT}\n\ndef f():\n    pass\n") == [(2, 0)]
    assert targets(f"{ACCEPT}\nx = 1\ndef f():\n    pass\n") == [(1, 2)]
    assert targets(f"def f():\n    {ACCEPT}\n    pass\n") == [(2, 3)]
    assert targets(f"def f():\n    pass\n{ACCEPT}\n") == [(3, 0)]


def test_of_two_namesakes_each_has_its_own():
    source = f"def f():  {ACCEPT} one\n    pass\n\n\ndef f():  {ACCEPT} two\n    pass\n"

    assert targets(source) == [(1, 1), (5, 5)]


def test_only_comments_before_the_first_statement_are_at_the_top():
    source = f'#!/usr/bin/env python\n# Licence.\n\n{ACCEPT}\n"""Docs."""\n{ACCEPT}\nx = 1\n'

    assert [comment.at_top for comment in found(source)] == [True, False]


def test_a_comment_has_its_place():
    assert [(comment.line, comment.column) for comment in found(f"ä = 1  # noqa  {ACCEPT}\n")] == [(1, 16)]


@pytest.mark.parametrize(
    "source",
    [
        'x = "# orchestrator: accept complexity – no comment"\n',
        'def f():\n    """Do it.\n\n    # orchestrator: accept complexity – an example\n    """\n',
        "# orchestrator: the thing that runs tasks\n",
        "# The orchestrator accepts tasks.\n",
    ],
)
def test_what_only_looks_like_one_is_none(source):
    assert found(source) == ()


def test_in_a_file_that_python_cannot_read_those_before_the_mistake_count():
    assert targets(f"def f():  {ACCEPT}\n    x = (\n") == [(1, 1)]


@pytest.mark.parametrize("dash", ["–", "—", "-", "--", ":", " :"])
def test_metrics_and_reason_are_parted_by_a_dash_or_a_colon(dash):
    said = read(f"#orchestrator:accept complexity, Cognitive {dash}  a table - of\tcases")

    assert (said.metrics, said.reason, said.mistake) == (("complexity", "cognitive"), "a table - of cases", "")


@pytest.mark.parametrize(
    "text", ["# orchestrator: accept complexity – a table  # noqa: C901", "# Orchestrator: Accept complexity: a table"]
)
def test_a_reason_ends_where_another_comment_begins(text):
    assert read(text).reason == "a table"


def test_a_number_sign_before_a_number_is_part_of_the_reason():
    assert read("# orchestrator: accept complexity – see #12").reason == "see #12"


@pytest.mark.parametrize(
    ("said", "mistake"),
    [
        ("accept complexity", "the reason is missing: write # orchestrator: accept complexity – reason"),
        ("accept complexity –", "the reason is missing: write # orchestrator: accept complexity – reason"),
        ("accept complexity, cognitive - ...", "the reason is missing: write # orchestrator: accept complexity, cognitive – reason"),
        ("accept", "the metric is missing: write # orchestrator: accept METRIC – reason"),
        ("accept – a table", "the metric is missing: write # orchestrator: accept METRIC – reason"),
        ("accept complexty – a table", "'complexty' is no metric that can be accepted: did you mean 'complexity'?"),
        ("accept lines – a table", "'lines' is no metric that can be accepted: it is one of complexity, maintainability, cognitive"),
        ("accept complexity a table", "a dash is missing before the reason: write # orchestrator: accept complexity – a table"),
        ("accpet complexity – a table", "unknown word 'accpet': did you mean 'accept'?"),
    ],
)
def test_a_mistake_says_what_to_type(said, mistake):
    assert read(f"# orchestrator: {said}").mistake == mistake
    assert found(f"# orchestrator: {said}\n")


_PIECES = st.lists(
    st.sampled_from(
        [
            "# orchestrator: accept complexity – x",
            "#",
            " ",
            "\n",
            "\t",
            "def f():",
            "@d",
            "(",
            ")",
            "'",
            '"""',
            "\\\n",
            "    ",
            "\x0c",
            "x",
            ":",
        ]
    )
).map("".join)


@given(st.one_of(st.binary(), _PIECES.map(str.encode)))
def test_whatever_the_bytes_each_comment_found_has_a_place_in_them(source):
    for comment in find_comments(source):
        lines = source.decode("utf-8", "replace").splitlines(keepends=True)
        assert 1 <= comment.line <= len(lines) + 1
        assert comment.column >= 1
        assert 0 <= comment.target <= len(lines) + 1
        said = read_comment(comment, METRICS)
        assert bool(said.mistake) != bool(said.metrics and said.reason)


@given(st.text(max_size=300))
def test_whatever_follows_it_is_accepted_with_a_reason_or_a_mistake(rest):
    said = read(f"# orchestrator: accept {rest}")

    assert bool(said.mistake) != bool(said.metrics and said.reason)
