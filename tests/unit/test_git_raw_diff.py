"""git's raw diff format → touches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.git.read.raw_diff import commits, touches
from core.domain.quality.history import Touch
from core.domain.untrusted.git_reading import is_inside

NOTHING, LINK, MODULE, FILE, SCRIPT = "000000", "120000", "160000", "100644", "100755"
ONE, TWO, ZERO = "1" * 40, "2" * 40, "0" * 40


def record(old_mode, mode, old_blob, blob, status, *paths):
    return f":{old_mode} {mode} {old_blob} {blob} {status}\0" + "".join(f"{path}\0" for path in paths)


def touch(path, old_path, blob, old_blob):
    return Touch(path=path, old_path=old_path, blob=blob, old_blob=old_blob)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (record(FILE, FILE, ONE, TWO, "M", "a"), [touch("a", "a", TWO, ONE)]),
        (record(NOTHING, FILE, ZERO, ONE, "A", "a"), [touch("a", "", ONE, "")]),
        (record(FILE, NOTHING, ONE, ZERO, "D", "a"), [touch("a", "a", "", ONE)]),
        (record(FILE, FILE, ONE, ONE, "R100", "a", "b"), [touch("b", "a", ONE, ONE)]),
        (record(FILE, SCRIPT, ONE, TWO, "R070", "a", "b"), [touch("b", "a", TWO, ONE)]),
        (record(FILE, FILE, ONE, TWO, "C070", "a", "b"), [touch("b", "", TWO, "")]),  # the original is still there
        (record(FILE, SCRIPT, ONE, ONE, "M", "a"), []),  # a mode is nothing of ours
        (record(FILE, LINK, ONE, TWO, "T", "a"), [touch("a", "a", "", ONE)]),
        (record(LINK, FILE, ONE, TWO, "T", "a"), [touch("a", "", TWO, "")]),
        (record(NOTHING, LINK, ZERO, ONE, "A", "a"), []),
        (record(MODULE, MODULE, ONE, TWO, "M", "a"), []),
        (record(NOTHING, NOTHING, ZERO, ZERO, "U", "a"), []),
        (record(FILE, FILE, ONE, ZERO, "M", "a"), [touch("a", "a", ZERO, ONE)]),  # look at the file
        ("", []),
    ],
)
def test_a_record_is_a_touch_of_a_regular_file_or_nothing(text, expected):
    assert list(touches(text.encode())) == expected


names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
blobs = st.integers(1, 16**40 - 1).map(lambda number: f"{number:040x}")


@given(st.lists(st.tuples(blobs, st.lists(st.tuples(names, blobs, blobs), max_size=3)), max_size=4, unique_by=lambda one: one[0]))
def test_commits_keep_their_order_and_what_they_did_whatever_the_names(told):
    text = ""
    for commit, changes in told:
        text += f"{commit}\0" + "".join(record(FILE, FILE, old, new, "M", name) for name, old, new in changes)
    read = list(commits(text.encode()))
    assert [commit for commit, _ in read] == [commit for commit, _ in told]
    for (_, changes), (_, found) in zip(told, read, strict=True):
        assert list(found) == [touch(name, name, new, old) for name, old, new in changes if old != new and is_inside(name)]
