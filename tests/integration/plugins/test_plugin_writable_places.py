"""What a plugin may write is there while it runs, and does not litter the repository after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import PluginRefused
from core.plugins.sandbox.writable_places import writable_places


def test_what_was_made_and_stayed_empty_goes_again_with_the_folders_made_for_it(tmp_path: Path):
    (tmp_path / "docs").mkdir()
    with writable_places(("docs/graph/**", "a/b/c.txt", "a/b/d/**"), tmp_path) as places:
        assert [place.directory for place in places] == [True, False, True]
        assert all(Path(place.path).exists() for place in places)
    assert list(tmp_path.iterdir()) == [tmp_path / "docs"]
    assert list((tmp_path / "docs").iterdir()) == []


def test_what_was_written_and_what_was_there_before_stays(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.txt").touch()
    with writable_places(("out/**", "new/note.txt", "empty/**", "empty.txt"), tmp_path):
        (tmp_path / "out" / "deep").mkdir()
        (tmp_path / "new" / "note.txt").write_text("x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "empty.txt", "new", "out"]


def test_a_place_that_another_plugin_may_still_write_stays_until_that_one_ends(tmp_path: Path):
    patterns = ("out/**", "note.txt")
    with writable_places(patterns, tmp_path):
        with writable_places(patterns, tmp_path):
            pass
        assert (tmp_path / "out").is_dir()
    first = writable_places(patterns, tmp_path)
    first.__enter__()
    with writable_places(patterns, tmp_path):
        first.__exit__(None, None, None)
        assert (tmp_path / "out").is_dir()
        assert (tmp_path / "note.txt").is_file()


def test_a_refusal_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / "note.txt").mkdir()
    with pytest.raises(PluginRefused, match="not what the permission says"), writable_places(("out/**", "note.txt"), tmp_path):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "note.txt"]
