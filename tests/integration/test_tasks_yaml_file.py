"""The file itself: who owns it, where it lies, what can be wrong with it, and what is remembered of it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

import pytest

from core.adapters.tasks_yaml import YamlTaskFile
from core.domain.tasks.entry import AppendTask, SetField
from core.domain.tasks.task import Status
from core.errors import EditRefused, InvalidFile, StorageError
from core.ports.task_file import Busy, HandEdited, Written

TEXT = "# ours\n- id: a\n  description: d\n\n- id: b\n  description: d\n  status: pending # hm\n"
DONE = [SetField(task_id="a", path=("status",), value="done")]
AFTER = TEXT.replace("id: a\n", "id: a\n  status: done\n")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "repository" / "tasks.yml"
    file.parent.mkdir()
    file.write_text(TEXT)
    return file


def opened(path: Path) -> YamlTaskFile:
    file = YamlTaskFile(path, path.parent)
    file.read()
    return file


def test_a_write_keeps_mode_owner_and_attributes(path: Path):
    path.chmod(0o664)
    with_attributes = True
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        with_attributes = False
    if os.geteuid() == 0:
        os.chown(path, 12345, 54321)
    before = path.stat()
    assert isinstance(opened(path).write(DONE), Written)
    after = path.stat()
    assert path.read_text() == AFTER
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert not with_attributes or os.getxattr(path, "user.note") == b"kept"


def test_a_symbolic_link_stays_one(path: Path, tmp_path: Path):
    link = tmp_path / "link.yml"
    link.symlink_to(path)
    file = YamlTaskFile(link, tmp_path)
    file.read()
    assert isinstance(file.write(DONE), Written)
    assert link.is_symlink()
    assert path.read_text() == AFTER
    assert os.listdir(path.parent) == ["tasks.yml"]
    other = tmp_path / "other.yml"
    other.write_text("- {id: other, description: d}\n")
    link.unlink()
    link.symlink_to(other)
    snapshot = file.poll()
    assert snapshot is not None
    assert [task.id for task in snapshot.tasks] == ["other"]


def test_nothing_is_left_beside_the_file(path: Path):
    file = opened(path)
    file.write(DONE)
    with pytest.raises(EditRefused):
        file.write([AppendTask(fields={"id": "x"})])
    file.close()
    assert os.listdir(path.parent) == ["tasks.yml"]


def test_bytes_outside_an_edit_never_change(path: Path):
    data = b"\xef\xbb\xbf# \xf0\x9f\x98\x80\r\n- id: a\r\n  description: >\r\n    two\r\n    lines\t\r\n  status: 'pending'\r\n"
    data += b"- {id: b, description: d}"
    path.write_bytes(data)
    assert isinstance(opened(path).write([*DONE, SetField(task_id="b", path=("status",), value="failed")]), Written)
    assert path.read_bytes() == data.replace(b"pending", b"done").replace(b"{id: b", b"{id: b, status: failed")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.unlink(), "tasks.yml is not there"),
        (lambda path: (path.unlink(), path.mkdir()), "tasks.yml is not a regular file"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "tasks.yml is not a regular file"),
        (lambda path: (path.unlink(), path.symlink_to(path)), "tasks.yml: Too many levels of symbolic links"),
    ],
)
def test_a_path_that_is_no_file_is_an_error_at_once(path: Path, make, said: str):
    make(path)
    with pytest.raises(StorageError) as caught:
        YamlTaskFile(path, path.parent).read()
    assert str(caught.value) == said
    assert caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_an_error(path: Path):
    path.chmod(0)
    with pytest.raises(StorageError, match=r"tasks\.yml: Permission denied"):
        YamlTaskFile(path, path.parent).read()


def test_a_huge_file_is_refused_without_reading_it(path: Path):
    with path.open("r+b") as file:
        file.truncate(10**12)
    begun = time.process_time()
    with pytest.raises(InvalidFile, match="the file is larger than 32 MiB"):
        YamlTaskFile(path, path.parent).read()
    assert time.process_time() - begun < 5


def test_a_read_only_file_is_not_replaced(path: Path):
    file = opened(path)
    path.chmod(0o444)
    with pytest.raises(StorageError) as caught:
        file.write(DONE)
    assert (str(caught.value), caught.value.hint) == ("tasks.yml is read-only", "chmod u+w tasks.yml")
    assert path.read_text() == TEXT
    assert os.listdir(path.parent) == ["tasks.yml"]


def test_all_names_of_a_file_with_hard_links_show_what_is_written(path: Path):
    other = path.with_name("other-name.yml")
    other.hardlink_to(path)
    file = opened(path)
    file.check_writable()
    assert isinstance(file.write(DONE), Written)

    assert path.samefile(other)
    assert other.read_text() == path.read_text() != TEXT
    assert "status: done" in other.read_text()
    assert sorted(os.listdir(path.parent)) == ["other-name.yml", "tasks.yml"]
    assert file.poll() is None
    file.close()


def test_a_save_through_another_name_of_the_file_is_not_written_over(path: Path):
    other = path.with_name("other-name.yml")
    other.hardlink_to(path)
    file = opened(path)
    with other.open("a") as writer:
        writer.write("- {id: theirs, description: d}\n")
    result = file.write(DONE)
    assert isinstance(result, HandEdited)
    assert isinstance(file.write(DONE), Written)
    assert "theirs" in path.read_text()
    assert "status: done" in path.read_text()
    file.close()


def test_a_disk_that_refuses_a_write_into_a_file_with_hard_links_leaves_the_old_text(path: Path, monkeypatch: pytest.MonkeyPatch):
    path.with_name("other-name.yml").hardlink_to(path)
    file = opened(path)
    refusals = [OSError(errno.ENOSPC, "No space left on device")]
    truncate = os.ftruncate

    def full(descriptor: int, length: int) -> None:
        if refusals:
            raise refusals.pop()
        truncate(descriptor, length)

    monkeypatch.setattr(os, "ftruncate", full)
    with pytest.raises(StorageError, match="No space left on device"):
        file.write(DONE)
    assert path.read_text() == TEXT
    file.close()


@pytest.mark.parametrize("letter", ["i", "a"])
@pytest.mark.parametrize("place", ["file", "directory"])
def test_an_attribute_that_keeps_a_file_from_being_replaced_is_found_beforehand(path: Path, letter: str, place: str):
    target = path if place == "file" else path.parent
    if subprocess.run(["chattr", f"+{letter}", target], capture_output=True).returncode != 0:
        pytest.skip("this file system has no such attributes, or they are not ours to set")
    try:
        with pytest.raises(StorageError) as caught:
            YamlTaskFile(path, path.parent).check_writable()
        names = os.listdir(path.parent)
    finally:
        subprocess.run(["chattr", f"-{letter}", target], check=True)
    assert caught.value.hint == f"chattr -{letter} {target}"
    assert names == ["tasks.yml"]
    YamlTaskFile(path, path.parent).check_writable()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_in_a_sticky_directory_is_found_beforehand():
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        path = Path(directory, "tasks.yml")
        path.write_text(TEXT)
        path.chmod(0o666)
        os.chown(path, 65533, 65533)
        os.chmod(directory, 0o1777)
        os.seteuid(65534)
        try:
            with pytest.raises(StorageError, match=r"tasks\.yml: belongs to user 65533, and only they may replace it"):
                YamlTaskFile(path, path.parent).check_writable()
        finally:
            os.seteuid(0)
        assert os.listdir(directory) == ["tasks.yml"]


def test_a_full_disk_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch):
    file = opened(path)

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(StorageError) as caught:
        file.write(DONE)
    assert str(caught.value) == "tasks.yml: No space left on device"
    assert "the file is as it was" in caught.value.hint
    assert path.read_text() == TEXT
    assert os.listdir(path.parent) == ["tasks.yml"]
    monkeypatch.undo()
    assert isinstance(file.write(DONE), Written)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_write_permission_is_an_error(path: Path):
    file = opened(path)
    path.parent.chmod(0o555)
    try:
        with pytest.raises(StorageError, match=r"tasks\.yml: Permission denied"):
            file.write(DONE)
    finally:
        path.parent.chmod(0o755)
    assert path.read_text() == TEXT


def test_polling_an_unchanged_file_reads_nothing(path: Path, monkeypatch: pytest.MonkeyPatch):
    file = opened(path)
    time.sleep(0.06)
    assert file.poll() is None
    monkeypatch.setattr(os, "open", None)
    assert file.poll() is None


def test_a_change_within_one_tick_of_the_clock_is_seen(path: Path):
    file = opened(path)
    for number in range(20):
        status = path.stat()
        text = f"- {{id: a, description: d{number % 10}}}\n"
        with path.open("r+") as handle:
            handle.write(text)
            handle.truncate()
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        snapshot = file.poll()
        assert snapshot is not None, number
        assert snapshot.tasks[0].description == f"d{number % 10}"


# -- saves that are not finished ---------------------------------------------------------------------------------------


class FakeTime:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.while_sleeping: list[object] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.while_sleeping:
            self.while_sleeping.pop(0)()

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize("half", ["", "\n  \n", TEXT[:30], TEXT[:-10], "# new\n" + TEXT[:-1]])
def test_a_text_that_looks_cut_off_is_taken_over_only_after_two_seconds(path: Path, half: str):
    patience = FakeTime()
    file = YamlTaskFile(path, path.parent, sleep=patience.sleep, monotonic=patience.monotonic)
    file.read()
    path.write_text(half)
    assert file.poll() is None
    assert isinstance(file.write(DONE), Busy)
    assert file.problems() == ("tasks.yml: it looks half saved, so it is left alone for now",)
    assert path.read_text() == half
    patience.now += 2.0
    snapshot = file.poll()
    try:
        expected = YamlTaskFile(path, path.parent).read().tasks
    except InvalidFile as error:
        assert snapshot is None
        assert file.problems() == tuple(str(problem) for problem in error.problems)
    else:
        assert snapshot is not None
        assert snapshot.tasks == expected
        assert file.problems() == ()


def test_a_save_that_is_under_way_is_waited_for(path: Path):
    patience = FakeTime()
    file = YamlTaskFile(path, path.parent, sleep=patience.sleep, monotonic=patience.monotonic)
    file.read()
    path.write_text("- {id: x, description: half}\n")
    patience.while_sleeping = [lambda: path.write_text("- {id: x, description: whole}\n")]
    assert file.poll() is None
    assert file.problems() == ("tasks.yml: somebody is saving it",)
    snapshot = file.poll()
    assert snapshot is not None
    assert snapshot.tasks[0].description == "whole"


def test_an_invalid_save_is_reported_and_never_overwritten(path: Path):
    file = opened(path)
    path.write_text("- id: a\n  descripton: typo\n")
    assert file.poll() is None
    problems = (
        "tasks.yml:1:3: the task has no description (add 'description: …')",
        "tasks.yml:2:3: a task has no field \"descripton\" (did you mean 'description'?)",
    )
    assert file.problems() == problems
    assert file.write(DONE) == Busy(problems=problems)
    assert path.read_text() == "- id: a\n  descripton: typo\n"
    path.write_text(TEXT)
    assert file.poll() is None
    assert file.problems() == ()
    assert isinstance(file.write(DONE), Written)


def test_a_file_that_is_away_for_a_moment_is_no_reason_to_stop(path: Path):
    file = opened(path)
    path.unlink()
    assert file.poll() is None
    assert file.problems() == ("tasks.yml is not there",)
    assert isinstance(file.write(DONE), Busy)
    assert not path.exists()
    path.write_text(TEXT)
    assert file.poll() is None
    assert isinstance(file.write(DONE), Written)


# -- the cache ---------------------------------------------------------------------------------------------------------

MANY = "".join(
    f"- id: t{n}\n  description: 'd {n}'\n  command: [make, t{n}]\n  verify: check\n  dependencies: [t{n - 1}]\n  retries: {{limit: 1}}\n"
    f"  env: {{A: b}}\n  origin: {{by: me, trend: [1, 2.5]}}\n  x-a: {{b: [1]}}\n  timeout: 5m\n  tags: [x]\n"
    for n in range(1, 200)
).replace("[t0]", "[]")


@pytest.fixture
def cached(path: Path) -> tuple[Path, Path]:
    """A file and its state directory, with a cache of what the file says."""
    path.write_text(MANY)
    state = path.parent / ".orchestrator"
    state.mkdir()
    file = YamlTaskFile(path, path.parent, state)
    file.read()
    file.close()
    return path, state


def test_the_cache_gives_what_parsing_gives(cached: tuple[Path, Path]):
    path, state = cached
    (file,) = (state / "cache").iterdir()
    fresh, remembered = YamlTaskFile(path, path.parent), YamlTaskFile(path, path.parent, state)
    snapshot = fresh.read()
    assert remembered.read() == snapshot
    assert repr(remembered.read()) == repr(snapshot)
    edits = [SetField(task_id=f"t{n}", path=("status",), value="done") for n in range(1, 200, 3)]
    written = remembered.write(edits)
    assert isinstance(written, Written)
    remembered.close()
    assert YamlTaskFile(path, path.parent).read() == YamlTaskFile(path, path.parent, state).read()
    assert json.loads(file.read_bytes().split(b"\n")[1])["tasks"]


def test_a_forged_or_damaged_cache_is_not_used(cached: tuple[Path, Path]):
    path, state = cached
    (file,) = (state / "cache").iterdir()
    expected = YamlTaskFile(path, path.parent).read()
    good = file.read_bytes()
    for bad in (b"", b"{}", good[:-100], good.replace(b'"make"', b'"evil"'), good[: len(good) // 2], b"\x00" * 100):
        file.write_bytes(bad)
        assert YamlTaskFile(path, path.parent, state).read() == expected
    # A cache that came with the repository: whole and for these bytes, but made from another file.
    file.write_bytes(good)
    copy = path.with_name("copy.yml")
    copy.write_bytes(path.read_bytes())
    copy.rename(path)
    forged = good.replace(b'"make"', b'"evil"')
    head, body = forged.split(b"\n", 1)
    values = json.loads(head)
    values[-1] = zlib.crc32(body)
    file.write_bytes(json.dumps(values).encode() + b"\n" + body)
    assert YamlTaskFile(path, path.parent, state).read().tasks == expected.tasks


def test_only_a_few_caches_are_kept(path: Path):
    state = path.parent / ".orchestrator"
    state.mkdir()
    for number in range(6):
        other = path.with_name(f"other{number}.yml")
        other.write_text(MANY)
        file = YamlTaskFile(other, path.parent, state)
        file.read()
        file.close()
    assert len(list((state / "cache").iterdir())) == 4


def test_without_a_state_directory_nothing_is_written(path: Path):
    path.write_text(MANY)
    file = YamlTaskFile(path, path.parent, path.parent / ".orchestrator")
    file.read()
    file.close()
    assert os.listdir(path.parent) == ["tasks.yml"]


def test_a_small_file_is_not_worth_a_cache(path: Path):
    state = path.parent / ".orchestrator"
    state.mkdir()
    file = YamlTaskFile(path, path.parent, state)
    assert [task.status for task in file.read().tasks] == [Status.PENDING] * 2
    file.close()
    assert list(state.iterdir()) == []
