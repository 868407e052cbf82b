"""Globs of a stranger's config.yaml, as git gets them."""

from __future__ import annotations

import os

import pytest

from core.adapters.git import Git, GitLog, GitRepository

HOSTILE = ["************c.py", "*a" * 25 + "*b", "**/a/" * 12 + "b", "**/*a*a*a*/**/*a*a*b", "[!b]*" * 20 + "b"]


@pytest.fixture
def hostile(scratch):
    scratch.commit({"a" * 100 + ".py": "x = 1\n", "a/" * 30 + "x.py": "x = 1\n", "b[1].py": "y = 1\n"})
    scratch.commit({"b[1].py": "y = 2\n"})
    scratch.write("a" * 90 + ".py", "new = 1\n")
    return scratch


@pytest.mark.parametrize("glob", HOSTILE)
@pytest.mark.parametrize("side", ["include", "exclude"])
def test_git_answers_soon_whatever_the_globs(hostile, glob, side):
    before = sum(os.times()[:4])
    globs = {"include": ("**/*.py", glob)} if side == "include" else {"exclude": (glob,)}

    window = GitLog(Git(str(hostile.root)), **globs).window(10)
    changes = GitRepository(Git(str(hostile.root)), **globs).changed_since("HEAD")

    assert [touch.path for touch in window.commits[-1].touches] == ["b[1].py"]
    assert [change.path for change in changes.changes] == ["a" * 90 + ".py"]
    assert sum(os.times()[:4]) - before < 2


def test_brackets_mean_to_git_what_they_mean_to_us(hostile):
    log = GitLog(Git(str(hostile.root)), exclude=("b[", "b[![]*", "a*", "a/"))
    assert [touch.path for commit in log.window(10).commits for touch in commit.touches] == ["b[1].py", "b[1].py"]
    log = GitLog(Git(str(hostile.root)), include=("b[[]1].py",))
    assert [touch.path for commit in log.window(10).commits for touch in commit.touches] == ["b[1].py", "b[1].py"]
