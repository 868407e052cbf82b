"""People, crashes and other writers at the worst moments: no save is lost, no file is torn."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.adapters.tasks_yaml import YamlTaskFile
from core.adapters.tasks_yaml.store.replacement import exchange
from core.domain.tasks.entry import SetField
from core.errors import StorageError
from core.ports.task_file import Busy, HandEdited, Written

TEXT = "# ours\n- id: a\n  description: d\n  status: pending\n- id: b\n  description: d\n  status: pending\n"
AFTER = TEXT.replace("pending", "done", 1)
THEIRS = TEXT + "- id: c\n  description: theirs\n"
DONE = [SetField(task_id="a", path=("status",), value="done")]


def unsupported(_one: str, _other: str) -> bool:
    return False


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "tasks.yml"
    file.write_text(TEXT)
    return file


def save_in_place(path: Path, text: str) -> None:
    path.write_text(text)


def save_by_renaming(path: Path, text: str) -> None:
    beside = path.with_name(".editor.swp")
    beside.write_text(text)
    beside.replace(path)


def before_exchange(action: Callable[[], None], times: int = 1) -> Callable[[str, str], bool]:
    """Exchange files, but let ``action`` happen first, the first few times."""
    left = [action] * times

    def interrupted(one: str, other: str) -> bool:
        if left:
            left.pop()()
        return exchange(one, other)

    return interrupted


@pytest.mark.parametrize("save", [save_in_place, save_by_renaming])
def test_a_save_between_the_last_look_and_the_exchange_is_put_back(path: Path, save):
    file = YamlTaskFile(path, path.parent, exchange=before_exchange(lambda: save(path, THEIRS)))
    file.read()
    result = file.write(DONE)
    assert isinstance(result, HandEdited)
    assert path.read_text() == THEIRS
    assert [task.id for task in result.snapshot.tasks] == ["a", "b", "c"]
    assert isinstance(file.write(DONE), Written)
    assert path.read_text() == THEIRS.replace("pending", "done", 1)
    file.close()
    assert os.listdir(path.parent) == ["tasks.yml"]


def test_saves_in_every_moment_of_putting_one_back_end_with_the_newest(path: Path):
    saves = iter(range(100))
    save = lambda: save_by_renaming(path, THEIRS.replace("theirs", f"save {next(saves)}"))  # noqa: E731
    file = YamlTaskFile(path, path.parent, exchange=before_exchange(save, times=4))
    file.read()
    assert isinstance(file.write(DONE), HandEdited)
    assert path.read_text() == THEIRS.replace("theirs", "save 3")
    assert os.listdir(path.parent) == ["tasks.yml"]


def test_a_file_that_is_saved_over_and_over_is_an_error(path: Path):
    saves = iter(range(100))
    save = lambda: save_by_renaming(path, THEIRS.replace("theirs", f"save {next(saves)}"))  # noqa: E731
    file = YamlTaskFile(path, path.parent, exchange=before_exchange(save, times=50))
    file.read()
    with pytest.raises(StorageError, match="is being saved over and over"):
        file.write(DONE)
    assert "save" in path.read_text()


def test_an_invalid_save_in_the_moment_of_the_exchange_is_put_back_too(path: Path):
    file = YamlTaskFile(path, path.parent, exchange=before_exchange(lambda: path.write_text("- id: [\n")))
    file.read()
    result = file.write(DONE)
    assert isinstance(result, Busy)
    assert "not YAML" in result.problems[0]
    assert path.read_text() == "- id: [\n"


def test_the_file_taken_away_in_the_moment_of_the_exchange_is_not_made_anew(path: Path):
    file = YamlTaskFile(path, path.parent, exchange=before_exchange(path.unlink))
    file.read()
    assert isinstance(file.write(DONE), Busy)
    assert os.listdir(path.parent) == []


def test_the_file_taken_away_before_anything_is_written_is_waited_for(path: Path):
    """As editors do that rename the old file to a backup first."""
    backup = path.with_name("tasks.yml~")

    class TakenAwayMeanwhile(list[SetField]):
        def __iter__(self):
            path.rename(backup)
            return super().__iter__()

    file = YamlTaskFile(path, path.parent)
    file.read()
    assert file.write(TakenAwayMeanwhile(DONE)) == Busy(problems=("tasks.yml is not there",))
    assert os.listdir(path.parent) == ["tasks.yml~"]
    backup.rename(path)
    assert isinstance(file.write(DONE), Written)


@pytest.mark.parametrize("make", [lambda path: os.truncate(path, 10**12), lambda path: (path.unlink(), path.mkdir())])
def test_whatever_comes_to_the_path_in_the_moment_of_the_exchange_is_put_back(path: Path, make):
    file = YamlTaskFile(path, path.parent, exchange=before_exchange(lambda: make(path)))
    file.read()
    assert isinstance(file.write(DONE), Busy)
    assert path.is_dir() or path.stat().st_size == 10**12
    assert os.listdir(path.parent) == ["tasks.yml"]


def test_a_late_save_that_meets_another_one_is_kept_beside_it(path: Path):
    with path.open("r+") as editor:
        file = YamlTaskFile(path, path.parent)
        file.read()
        file.write(DONE)
        save_by_renaming(path, AFTER + "# by another hand\n")
        editor.write(THEIRS)
        editor.flush()
        snapshot = file.poll()
    assert snapshot is not None
    assert path.read_text() == AFTER + "# by another hand\n"
    (kept,) = [name for name in os.listdir(path.parent) if name != "tasks.yml"]
    assert path.with_name(kept).read_text() == THEIRS
    assert file.problems() == (f"tasks.yml was saved twice at once; the other save is in {path.with_name(kept)}: compare them",)
    assert isinstance(file.write([SetField(task_id="a", path=("status",), value="failed")]), Written)


def test_what_an_editor_writes_late_into_the_version_it_had_open_is_put_back(path: Path):
    with path.open("r+") as editor:
        file = YamlTaskFile(path, path.parent)
        file.read()
        assert isinstance(file.write(DONE), Written)
        assert path.read_text() == AFTER
        editor.write(THEIRS)
        editor.flush()
        snapshot = file.poll()
        assert snapshot is not None
        assert [task.id for task in snapshot.tasks] == ["a", "b", "c"]
        assert path.read_text() == THEIRS
        assert isinstance(file.write(DONE), Written)
        editor.write("# and more\n")
        editor.flush()
        assert isinstance(file.write([]), HandEdited)
        assert path.read_text() == THEIRS + "# and more\n"
    file.close()
    assert os.listdir(path.parent) == ["tasks.yml"]


def test_a_late_save_is_put_back_when_the_file_is_closed(path: Path):
    with path.open("r+") as editor:
        file = YamlTaskFile(path, path.parent)
        file.read()
        file.write(DONE)
        editor.write(THEIRS)
        editor.flush()
        file.close()
    assert path.read_text() == THEIRS


def test_a_replaced_version_is_let_go_after_two_seconds(path: Path):
    now = [0.0]
    file = YamlTaskFile(path, path.parent, monotonic=lambda: now[0])
    before = len(os.listdir("/proc/self/fd"))
    file.read()
    for number in range(5):
        file.write([SetField(task_id="a", path=("status",), value=["done", "failed"][number % 2])])
    assert len(os.listdir("/proc/self/fd")) == before + 5
    now[0] = 3.0
    file.poll()
    assert len(os.listdir("/proc/self/fd")) == before
    file.close()


def test_where_files_cannot_be_exchanged_they_are_compared_and_replaced(path: Path):
    with path.open("r+") as editor:
        file = YamlTaskFile(path, path.parent, exchange=unsupported)
        file.read()
        assert isinstance(file.write(DONE), Written)
        assert path.read_text() == AFTER
        editor.write(THEIRS)
        editor.flush()
        assert isinstance(file.write(DONE), HandEdited)
    assert path.read_text() == THEIRS
    assert os.listdir(path.parent) == ["tasks.yml"]


# -- crashes -----------------------------------------------------------------------------------------------------------

REPLACE = os.replace
CALLS = ("open", "write", "fsync", "rename", "replace", "unlink", "fchmod", "fstat", "stat", "pread", "close")


def die_at(step: int, path: str, action: Callable[[], None]) -> None:
    """Write, and die before the system call number ``step``; exit code 0 when there was none."""
    left = [step]

    def count() -> None:
        if left[0] == 0:
            os._exit(9)
        left[0] -= 1

    def counted(call: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*args: object, **kwargs: object) -> object:
            count()
            return call(*args, **kwargs)

        return wrapper

    def counted_exchange(one: str, other: str) -> bool:
        action()
        count()
        return exchange(one, other)

    file = YamlTaskFile(Path(path), Path(path).parent, exchange=counted_exchange)
    file.read()
    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    file.write(DONE)
    os._exit(0)


def run_and_die(step: int, path: Path, action: Callable[[], None]) -> bool:
    """Return whether it died."""
    process = multiprocessing.get_context("fork").Process(target=die_at, args=(step, str(path), action))
    process.start()
    process.join()
    assert process.exitcode in {0, 9}
    return process.exitcode == 9


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_crash_at_any_step_of_a_write_leaves_the_old_or_the_new_file(path: Path):
    step, seen = 0, set()
    while run_and_die(step, path, lambda: None):
        assert path.read_text() in {TEXT, AFTER}
        YamlTaskFile(path, path.parent).read()
        assert os.listdir(path.parent) == ["tasks.yml"]
        seen.add(path.read_text())
        path.write_text(TEXT)
        step += 1
    assert step > 10
    assert seen == {TEXT, AFTER}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_crash_at_any_step_after_a_save_slipped_in_never_loses_the_save(path: Path):
    once = multiprocessing.Event()

    def save() -> None:
        if not once.is_set():
            path.with_name(".editor.swp").write_text(THEIRS)
            REPLACE(path.with_name(".editor.swp"), path)
            once.set()

    step = 0
    while run_and_die(step, path, save):
        YamlTaskFile(path, path.parent).read()
        assert path.read_text() == (THEIRS if once.is_set() else TEXT)
        assert os.listdir(path.parent) == ["tasks.yml"]
        path.write_text(TEXT)
        once.clear()
        step += 1
    assert step > 10
    assert path.read_text() == THEIRS


def test_a_save_that_cannot_be_put_back_is_named(path: Path):
    beside = path.with_name(".tasks.yml.orchestrator-0000000000000000-1111111111111111")
    beside.write_text(THEIRS)
    with pytest.raises(StorageError) as caught:
        YamlTaskFile(path, path.parent).read()
    assert str(caught.value) == f"{beside} holds a save of tasks.yml that came in the middle of a write that died"
    assert caught.value.hint == f"compare them (diff {beside} tasks.yml), keep what you want, then rm {beside}"
    assert beside.read_text() == THEIRS


# -- many at once ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("save", [save_in_place, save_by_renaming])
def test_saves_racing_writes_are_never_lost(path: Path, save):
    """A person adds a line again and again while the tool flips a status as fast as it can."""
    random_ = random.Random(7)
    stop = threading.Event()

    def person() -> None:
        for number in range(25):
            time.sleep(random_.uniform(0.02, 0.09))
            save(path, path.read_text() + f"# line {number}\n")
        stop.set()

    file = YamlTaskFile(path, path.parent)
    file.read()
    thread = threading.Thread(target=person)
    thread.start()
    writes = 0
    while not stop.is_set() or writes % 2 or writes < 12:
        result = file.write([SetField(task_id="a", path=("status",), value=["done", "failed"][writes % 2])])
        writes += isinstance(result, Written)
        time.sleep(0.005)
    thread.join()
    lines = path.read_text().splitlines()
    assert [line for line in lines if line.startswith("# line")] == [f"# line {number}" for number in range(25)]
    assert "  status: failed" in lines
    file.close()
    assert os.listdir(path.parent) == ["tasks.yml"]


def test_two_writers_take_turns(path: Path):
    """A run and commands typed meanwhile, each marking a task of its own."""
    path.write_text("".join(f"- {{id: t{n}, description: d}}\n" for n in range(6)))

    def mark(number: int) -> None:
        file = YamlTaskFile(path, path.parent)
        file.read()
        while not isinstance(file.write([SetField(task_id=f"t{number}", path=("status",), value="done")]), Written):
            pass
        file.close()

    threads = [threading.Thread(target=mark, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() == "".join(f"- {{id: t{n}, status: done, description: d}}\n" for n in range(6))
    assert os.listdir(path.parent) == ["tasks.yml"]
