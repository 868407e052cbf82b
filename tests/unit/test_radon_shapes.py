"""A block keeps its shape under another name, elsewhere, and in other layout."""

from __future__ import annotations

import textwrap

import pytest

from core.adapters.radon.file_measure import measure_source
from core.domain.quality.shape import exact, likeness

BODY = '''
def walk(tree, *, deep=True):
    """Walk."""
    if tree and deep or not tree:
        for leaf in tree:
            if leaf == "x":
                walk(leaf, deep=False)  # again
            elif leaf:
                yield leaf + 1
'''


def shape(source):
    return max(measure_source(source.encode()).blocks, key=lambda block: (block.kind != "class", block.complexity)).shape


@pytest.mark.parametrize(
    "other",
    [
        BODY.replace("walk", "stroll"),
        "import os\n\n\nclass Tree:\n" + textwrap.indent(BODY, "    "),
        BODY.replace('"x"', "'x'").replace("  # again", "").replace("tree, *,", "\n    tree,\n    *,\n   "),
        BODY.replace('"""Walk."""', '"""Walk the tree."""'),
        "@cached\n" + BODY.strip(),
    ],
)
def test_name_place_layout_and_docstring_do_not_count(other):
    assert exact(shape(other)) == exact(shape(BODY)) != ""


@pytest.mark.parametrize(
    "change",
    [("+ 1", "+ 2"), ("==", "!="), ("leaf in tree", "leaf in deep"), ("deep=True", "deep=False"), ('"x"', '"y"'), ("yield", "await")],
)
def test_what_it_does_counts(change):
    other = BODY.replace(*change)
    assert exact(shape(other.replace("def", "async def") if change[1] == "await" else other)) != exact(shape(BODY))


def test_small_blocks_and_classes_have_no_shape():
    assert {block.shape for block in measure_source(b"class A:\n    def m(self):\n        if x: pass\n").blocks} == {""}


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n" + "    g()\n" * 20,
        "def f(a, b, c, d, e, g): pass\n",
        "def f():\n" + "".join("    " * level + "with a:\n" for level in range(1, 5)) + "    " * 5 + "pass\n",
    ],
    ids=["long", "many parameters", "deep"],
)
def test_blocks_of_which_another_number_may_be_over_its_threshold_have_a_shape(source):
    assert exact(shape(source)) != ""


def file_shape(source):
    return measure_source(source.encode()).shape


STATEMENTS = "".join(f"total_{number} = price_{number} * {number}\n" for number in range(60))


def test_a_file_keeps_its_shape_with_other_imports_and_comments():
    assert file_shape("import os\nfrom a import b\n\n# A comment.\n" + STATEMENTS) == file_shape(STATEMENTS)
    assert exact(file_shape(STATEMENTS)) != exact(file_shape(STATEMENTS + "more = 1\n"))


def test_files_without_code_have_no_shape():
    assert [file_shape(source) for source in ("", "# nothing\n", "import os\n")] == ["", "", ""]


def test_a_file_that_cannot_be_parsed_has_a_shape_and_one_that_is_no_text_has_none():
    assert file_shape("print 'old'\n") != ""
    assert measure_source(b"\xff\xfe").shape == ""


def test_an_edited_file_is_like_what_it_was_and_another_one_is_not():
    edited = STATEMENTS.replace("price_3 ", "cost_3 ").replace("price_40 ", "cost_40 ")
    assert likeness(file_shape(STATEMENTS), file_shape(edited)) > 0.7
    assert likeness(file_shape(STATEMENTS), file_shape(STATEMENTS.replace("total", "sum"))) < 0.2
    assert likeness(file_shape(STATEMENTS), "") == likeness("0123456789ab.zz", file_shape(STATEMENTS)) == 0.0


def test_an_edited_function_is_like_what_it_was():
    body = "".join(f"    if a > {number}:\n        b -= {number}\n" for number in range(12))
    one, other = (
        shape(f"def {name}(a, b):\n{text}    return b\n") for name, text in (("f", body), ("g", body.replace("b -= 3", "b -= 33")))
    )
    assert exact(one) != exact(other)
    assert likeness(one, other) > 0.7
