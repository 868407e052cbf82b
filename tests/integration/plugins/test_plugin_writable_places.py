"""What a plugin may write is there while it runs, and does not litter the repository after it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from pathlib import Path

import pytest

from core.domain.plugins.plugin import ProvisionKind
from core.errors import PluginRefused
from core.plugins.sandbox.layers import Tier
from core.plugins.sandbox.path_access import writable_places


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


def test_nothing_is_made_behind_a_link(tmp_path: Path):
    outside = tmp_path / "outside"
    root = tmp_path / "root"
    for folder in (outside, root):
        folder.mkdir()
    (root / "link").symlink_to(outside)
    (root / "file").symlink_to(outside / "new.txt")
    os.mkfifo(root / "pipe")
    for pattern in ("link/a/b/**", "link/a/b.txt", "link/**", "file", "file/**", "pipe"):
        with pytest.raises(PluginRefused, match="not what the permission says"), writable_places((pattern,), root):
            pass
    assert list(outside.iterdir()) == []
    assert {path.name for path in root.iterdir()} == {"link", "file", "pipe"}


def test_a_folder_exchanged_for_a_link_at_any_moment_leads_nowhere_else(tmp_path: Path):
    """A thread swaps a folder of the way for a link, thousands of times: what is held is in the repository, or it is refused."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    for folder in (outside, root / "way"):
        folder.mkdir(parents=True)
    (root / "way.link").symlink_to(outside)
    stop = threading.Event()

    def swap() -> None:
        exchange = ctypes.CDLL(None).renameat2
        while not stop.is_set():
            exchange(-100, os.fsencode(root / "way"), -100, os.fsencode(root / "way.link"), 2)

    thread = threading.Thread(target=swap)
    thread.start()
    held = refused = 0
    try:
        for _ in range(2000):
            try:
                with writable_places(("way/out/**", "way/note.txt"), root) as places:
                    held += 1
                    assert not any(place.inode == outside.stat().st_ino for place in places)
            except PluginRefused:
                refused += 1
            assert list(outside.iterdir()) == []
    finally:
        stop.set()
        thread.join()
    assert held + refused == 2000


def test_what_is_held_cannot_become_another_file(tmp_path: Path):
    """The number of a file that is open is given to no other one: the sandbox compares it with what it finds by the name."""
    with writable_places(("out/**", "note.txt"), tmp_path) as places:
        numbers = {place.inode for place in places}
        os.rmdir(tmp_path / "out")
        os.unlink(tmp_path / "note.txt")
        for number in range(50):
            (tmp_path / f"new{number}").mkdir()
        assert not numbers & {path.stat().st_ino for path in tmp_path.iterdir()}


@pytest.mark.parametrize("tier", [Tier.BASIC, Tier.STRONG])
def test_a_granted_folder_exchanged_for_a_link_while_the_plugin_runs_opens_nothing_else(world, tier, tmp_path: Path):
    outside, out = tmp_path / "outside", world.repository / "out"
    for folder in (outside, out):
        folder.mkdir()
    link = world.repository / "out.link"
    link.symlink_to(outside)
    source = """
import os


def run(context):
    written = 0
    for number in range(3000):
        try:
            with open(context.path("out", str(number % 50)), "w") as stream:
                written += stream.write("x")
        except OSError:
            continue
    return {"message": str(written)}
"""
    host = world.ready(source, tier, {"fs": {"write": ["out/**"]}})
    stop, exchange = threading.Event(), ctypes.CDLL(None).renameat2

    def swap() -> None:
        while not stop.is_set():
            exchange(-100, os.fsencode(out), -100, os.fsencode(link), 2)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(3):
            with contextlib.suppress(PluginRefused):
                host.call("sample", ProvisionKind.TASK, {"task": {"id": "1", "description": "test"}}, {})
    finally:
        stop.set()
        thread.join()
    assert list(outside.iterdir()) == []
