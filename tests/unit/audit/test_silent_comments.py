"""Which comments that hide something a change adds; what moved with its code, was edited with it or hides less is no new one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.quality.accept_comments import find_comments
from core.domain.quality.silenced_things import new_acceptances, silenced_in
from core.domain.quality.silent_comments import comments_added, silent_comments


def added(change):
    return [f"{each.path}:{each.line}: {each.text}" for each in comments_added({path: (old, new) for path, (old, new) in change.items()})]


ACCEPT = b"# orchestrator: accept complexity \xe2\x80\x93 a table"
F = b"\ndef f(a):\n    pass\n"
G = b"\ndef g(a):\n    pass\n"


def test_a_comment_that_accepts_a_finding_hides_something():
    assert added({"a.py": (b"def f():\n    pass\n", ACCEPT + b"\ndef f():\n    pass\n")}) == [f"a.py:1: {ACCEPT.decode()}"]


@pytest.mark.parametrize(
    "form",
    [
        "#orchestrator:accept",
        "# Orchestrator : accept",
        "#\torchestrator:  Accept",
        "# noqa # orchestrator: accept",
        "# orchestrator:\u00a0accept",
    ],
)
def test_however_it_is_written_a_new_comment_accepts_nothing_yet(form):
    change = {"a.py": (b"def f():\n    pass\n", f"{form} complexity - a table\ndef f():\n    pass\n".encode())}
    things = silenced_in(change)
    assert new_acceptances(things) == {("a.py", 1)}
    assert things[-1].problem == "new in this change, so it accepts nothing yet"


def test_a_comment_is_found_in_the_encoding_that_its_file_declares():
    hidden = b"# coding: utf-7\n# orchestrator: +AGE-ccept complexity - a table\ndef f():  # +AG4-oqa\n    pass\n"
    assert added({"a.py": (None, hidden)}) == ["a.py:2: # orchestrator: accept complexity - a table", "a.py:3: # noqa"]


def test_in_a_script_without_a_suffix_only_comments_that_accept_a_finding_are_looked_for():
    script = b"# orchestrator: accept complexity - a\ndef f():  # noqa\n    pass\n"
    assert added({"bin/tool": (b"", script)}) == ["bin/tool:1: # orchestrator: accept complexity - a"]
    assert added({"bin/tool": (script, script)}) == []


def test_a_comment_with_a_blank_that_is_not_ascii_is_found():
    assert added({"a.py": (b"x = 1\n", "x = 1  #\u00a0noqa\n".encode())}) == ["a.py:1: # noqa"]


@pytest.mark.parametrize("form", ["# orchestrator: notes\n#\u00a0orchestrator: accept", "\n# mypy: x#orchestrator: accept"])
def test_no_comment_that_accepts_is_overlooked(form):
    after = f"{form} complexity - a table\ndef f():\n    pass\n".encode()
    assert [comment.line for comment in find_comments(after)] == [2]
    assert new_acceptances(silenced_in({"a.py": (b"def f():\n    pass\n", after)})) == {("a.py", 2)}


@pytest.mark.parametrize(
    "comment",
    [
        "# ruff: disable[E501]",
        "# ruff: ignore[E501]",
        "# ruff: file-ignore[E501]",
        "# basedpyright: ignore",
        "# pyre-ignore[16]",
        "# pyre-fixme[16]: later",
        "# pyre-ignore-all-errors",
        "# pyrefly: ignore",
        "# NOSONAR",
        "# lizard forgives",
        "# #lizard forgives(length)",
    ],
)
def test_comments_of_every_common_checker_hide_something(comment):
    found = added({"a.py": (b"x = 1\n", f"x = 1  {comment}\n".encode())})
    assert found == [f"a.py:1: {comment[comment.rindex('#') :]}"]


@pytest.mark.parametrize(
    ("before", "after"), [("# pyre-ignore", "# pyre-ignore[16]"), ("# ruff: ignore[E501, F401]", "# ruff: ignore[F401]"), ("# NOSONAR", "")]
)
def test_one_of_these_that_hides_less_is_no_new_one(before, after):
    assert added({"a.py": (f"x = 1  {before}\n".encode(), f"x = 1  {after}\n".encode())}) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"x = g(a)  # noqa\n", b"y = 1\nx = g(a, b)  # noqa\n"),
        (b"def f(a):\n    x = g(a)  # noqa\n    return x\n", b"def f(a):\n    other = 17  # noqa\n    return other\n"),
        (b"def old(a):  # noqa\n    x = 1\n    return x\n", b"def something_else(b):  # noqa\n    x = 1\n    return x\n"),
        (ACCEPT + b"\ndef old(a):\n    x = 1\n    return x\n", ACCEPT + b"\ndef new(a):\n    x = 1\n    return x\n"),
        (b"x = 1  # noqa\n", b"x = 1  # noqa: E501\n"),
        (b"x = 1  # noqa: E501, F401\n", b"x = 1  # noqa: F401\n"),
        (b"x = 1  # type: ignore\n", b"x = 1  # type: ignore[attr-defined]\n"),
        (b"x = 1  # noqa: F401\n", b"x = 1  # noqa: F401 - see the manual\n"),
        (
            b"def f():  # orchestrator: accept complexity, cognitive - a\n    pass\n",
            b"def f():  # orchestrator: accept complexity - b\n    pass\n",
        ),
        (b"x = 1  # noqa\n", b"x = 1\n"),
    ],
)
def test_a_comment_whose_code_was_edited_or_that_hides_less_is_no_new_one(before, after):
    assert added({"a.py": (before, after)}) == []


def test_a_comment_that_went_with_its_code_into_another_file_is_no_new_one():
    code = b"def f():\n    x = g()  # noqa\n    return x\n"

    assert added({"a.py": (b"y = 1\n" + code, b"y = 1\n"), "b.py": (None, code)}) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"a.py": (b"x = 1  # noqa\ny = 2\n", b"x = 1\ny = 2  # noqa\n")}, ["a.py:2: # noqa"]),
        ({"a.py": (b"import os  # noqa\n", b"import os\n"), "b.py": (b"", b"import os  # noqa\n")}, ["b.py:1: # noqa"]),
        ({"a.py": (ACCEPT + F + G, F + ACCEPT + G)}, [f"a.py:4: {ACCEPT.decode()}"]),
        ({"a.py": (b"x = 1  # noqa: E501\n", b"x = 1  # noqa: E501, F401\n")}, ["a.py:1: # noqa: E501, F401"]),
        ({"a.py": (b"x = 1  # type: ignore[a]\n", b"x = 1  # type: ignore\n")}, ["a.py:1: # type: ignore"]),
        ({"a.py": (b"x = 1  # noqa\n", b"x = 1  # noqa\nx = 1  # noqa\n")}, ["a.py:2: # noqa"]),
    ],
)
def test_a_comment_that_was_put_beside_other_code_or_hides_more_is_new(change, found):
    assert added(change) == found


_LINE = st.sampled_from(["x = 1  # noqa", "x = 1", "y = 2  # noqa: E1", "y = 2", "def f():  # nosec", "    z()  # noqa", "# noqa", ""])
_LINES = st.lists(_LINE).map(lambda lines: "\n".join(lines).encode())


@given(st.one_of(st.binary(), _LINES))
def test_whatever_the_bytes_nothing_is_new_without_a_change(source):
    assert comments_added({"a.py": (source, source), "b.py": (None, None)}) == ()


@given(_LINES)
def test_taking_every_comment_out_adds_none(source):
    assert comments_added({"a.py": (source, b"\n".join(line.partition(b"#")[0] for line in source.split(b"\n")))}) == ()


@given(_LINES, _LINES)
def test_each_new_comment_is_one_of_the_file(before, after):
    assert set(comments_added({"a.py": (before, after)})) <= set(silent_comments("a.py", after))


@given(_LINES)
def test_a_file_that_is_moved_as_a_whole_adds_nothing(source):
    assert comments_added({"a.py": (source, None), "b.py": (None, source)}) == ()
