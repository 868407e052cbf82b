"""A block keeps its shape under another name, elsewhere, and in other layout."""

from __future__ import annotations

import textwrap

import pytest

from core.adapters.radon.file_measure import measure_source

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
    assert shape(other) == shape(BODY) != ""


@pytest.mark.parametrize(
    "change",
    [("+ 1", "+ 2"), ("==", "!="), ("leaf in tree", "leaf in deep"), ("deep=True", "deep=False"), ('"x"', '"y"'), ("yield", "await")],
)
def test_what_it_does_counts(change):
    other = BODY.replace(*change)
    assert shape(other.replace("def", "async def") if change[1] == "await" else other) != shape(BODY)


def test_small_blocks_and_classes_have_no_shape():
    assert {block.shape for block in measure_source(b"class A:\n    def m(self):\n        if x: pass\n").blocks} == {""}
