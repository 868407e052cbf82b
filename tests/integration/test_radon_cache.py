"""What was measured is not measured again, and a cache that fails is done without."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

from core.adapters.radon import RadonMeter, content_measures, meter, pool, source_files
from core.domain.quality.history import blob_digest

SOURCE = b"def f(x):\n    return 1 if x else 2\n"
KEY = b"a secret"
OTHER = b"def g(x):\n    return 1 if x else 2\n"


class Project:
    """A folder whose meter counts what it reads and measures."""

    def __init__(self, root, monkeypatch):
        self.root = root
        self.cache = str(root / "metrics.db")
        self.read, self.measured = [], []

        def read(path):
            self.read.append(os.path.relpath(path, root))
            return source_files.read_content(path)

        def measure(source, **_):
            self.measured.append(source)
            return real(source)

        real = pool.measure_source
        monkeypatch.setattr(meter, "read_content", read)
        monkeypatch.setattr(pool, "measure_source", measure)

    def write(self, path, content, *, age=100.0):
        place = self.root / path
        place.write_bytes(content)
        self.set_age(place, age)

    def set_age(self, place, age):
        """Set a file's modification back; its change time is what it is, so reading waits for it to be old enough."""
        now = place.stat().st_mtime
        os.utime(place, (now - age, now - age))

    def look(self, paths=None):
        """Measure as a new process would; return what was read and how much was measured."""
        self.read.clear(), self.measured.clear()
        fresh = RadonMeter(str(self.root), jobs=1, cache=self.cache, key=KEY)
        result = {one.path: one.measure for one in fresh.measure(paths)}
        return result, list(self.read), len(self.measured)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(source_files, "_RACY_NANOSECONDS", -(10**15))
    return Project(tmp_path, monkeypatch)


def test_an_unchanged_file_is_not_even_read(project):
    project.write("a.py", SOURCE)
    first = project.look()
    assert first[1:] == (["a.py"], 1)
    assert project.look() == (first[0], [], 0)


def test_only_the_changed_file_is_measured(project):
    for name in ("a.py", "b.py", "c.py"):
        project.write(name, SOURCE + name.encode())
    project.look()
    project.write("b.py", OTHER)
    result, read, measured = project.look()
    assert (read, measured) == (["b.py"], 1)
    assert result["b.py"].blocks[0].name == "g"


def test_a_known_content_is_not_measured_again_wherever_it_lies(project):
    project.write("a.py", SOURCE)
    project.look()
    project.write("b.py", SOURCE)
    assert project.look()[1:] == (["b.py"], 0)
    project.write("a.py", OTHER)
    project.write("a.py", SOURCE)  # back, as after a checkout there and back
    assert project.look()[1:] == (["a.py"], 0)


def test_a_file_that_changed_just_now_is_read_again(project, monkeypatch):
    monkeypatch.setattr(source_files, "_RACY_NANOSECONDS", 2_000_000_000)
    project.write("a.py", SOURCE, age=0)
    project.look()
    project.write("a.py", OTHER, age=0)  # same size, and perhaps within one tick of the clock of the file system
    assert project.look()[0]["a.py"].blocks[0].name == "g"
    assert project.look()[1:] == (["a.py"], 0)


def test_a_replaced_file_of_equal_size_and_time_is_noticed(project):
    project.write("a.py", SOURCE)
    before = (project.root / "a.py").stat()
    project.look()
    project.write("new", OTHER)
    os.utime(project.root / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(project.root / "new", project.root / "a.py")
    assert project.look()[0]["a.py"].blocks[0].name == "g"


def test_blobs_and_files_share_their_measures(project):
    project.write("a.py", SOURCE)
    project.look()
    fresh = RadonMeter(str(project.root), jobs=1, cache=project.cache, key=KEY)
    blob = blob_digest(SOURCE).hex()
    assert fresh.measure_blobs([blob], lambda ids: pytest.fail(f"read {ids}"))[blob].blocks[0].name == "f"


def test_the_second_history_reads_new_blobs_only(project):
    ids = [blob_digest(source).hex() for source in (SOURCE, OTHER)]
    fresh = RadonMeter(str(project.root), jobs=1, cache=project.cache, key=KEY)
    fresh.measure_blobs(ids[:1], lambda wanted: [(ids[0], SOURCE)])
    asked = []
    fresh.measure_blobs(ids, lambda wanted: asked.append(list(wanted)) or [(ids[1], OTHER)])
    assert asked == [ids[1:]]


def test_another_radon_measures_anew_and_the_first_finds_its_numbers_again(project, monkeypatch):
    project.write("a.py", SOURCE)
    project.look()
    monkeypatch.setattr(meter, "variant", lambda **_: "radon 99")
    assert project.look()[1:] == (["a.py"], 1)
    monkeypatch.setattr(meter, "variant", content_measures.variant)
    assert project.look()[1:] == ([], 0)


def test_a_deleted_file_is_forgotten(project):
    project.write("a.py", SOURCE)
    project.look()
    (project.root / "a.py").unlink()
    assert project.look()[0] == {}
    with closing(sqlite3.connect(project.cache)) as connection, connection:
        assert connection.execute("SELECT count(*) FROM file").fetchone() == (0,)


def test_a_cache_that_knows_more_files_than_any_repository_has_is_made_anew(project, monkeypatch):
    from core.adapters.radon import measure_cache

    project.write("a.py", SOURCE)
    project.write("b.py", OTHER)
    project.look()
    monkeypatch.setattr(measure_cache, "_MOST_FILES", 1)
    assert project.look()[2] == 2
    monkeypatch.undo()
    assert project.look()[2] == 0


@pytest.mark.parametrize("content", [b"", b"this is no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_cache_is_made_anew(project, content):
    project.write("a.py", SOURCE)
    with open(project.cache, "wb") as file:
        file.write(content)
    assert project.look()[2] == 1
    assert project.look()[2] == 0


def test_damage_in_the_middle_is_survived(project):
    for number in range(200):
        project.write(f"a{number}.py", SOURCE + b"# %d\n" % number * 20)
    expected = project.look()[0]
    size = os.path.getsize(project.cache)
    with open(project.cache, "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 8192))
    assert project.look()[0] == expected
    assert project.look()[1:] == ([], 0)


def test_a_damaged_measure_is_measured_again(project):
    project.write("a.py", SOURCE)
    expected = project.look()[0]
    with closing(sqlite3.connect(project.cache)) as connection, connection:
        connection.execute("UPDATE measure SET data = x'00'")
    assert project.look() == (expected, ["a.py"], 1)


@pytest.mark.parametrize("version", [1, 99])
def test_a_cache_of_another_version_is_made_anew(project, version):
    project.write("a.py", SOURCE)
    project.look()
    with closing(sqlite3.connect(project.cache)) as connection, connection:
        connection.execute(f"PRAGMA user_version = {version}")
    assert project.look()[2] == 1
    assert project.look()[2] == 0


def test_a_locked_cache_is_done_without(project, monkeypatch):
    project.write("a.py", SOURCE)
    project.look()
    from core.adapters.radon import measure_cache

    monkeypatch.setattr(measure_cache, "_WAIT_SECONDS", 0.05)
    other = sqlite3.connect(project.cache, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    project.write("b.py", OTHER)
    assert set(project.look()[0]) == {"a.py", "b.py"}
    other.execute("ROLLBACK")
    other.close()
    assert project.look()[1:] == (["b.py"], 1)
    assert project.look()[1:] == ([], 0)


@pytest.mark.parametrize("cache", [None, "/proc/nowhere/metrics.db"])
def test_without_a_cache_everything_is_measured(project, cache):
    project.write("a.py", SOURCE)
    project.cache = cache
    assert project.look()[1:] == (["a.py"], 1)
    assert project.look()[1:] == (["a.py"], 1)


def test_a_cache_that_cannot_be_written_is_done_without(project):
    project.write("a.py", SOURCE)
    os.mkdir(project.cache)  # whatever rights this process has, it cannot open that
    assert project.look()[1:] == (["a.py"], 1)


def test_one_meter_asked_twice_reads_once(project):
    project.write("a.py", SOURCE)
    fresh = RadonMeter(str(project.root), jobs=1)
    assert fresh.measure() == fresh.measure() == fresh.measure(["a.py"])
    assert project.read == ["a.py"]


def test_a_row_that_another_key_sealed_is_measured_anew_and_replaced(project):
    project.write("a.py", SOURCE)
    RadonMeter(str(project.root), jobs=1, cache=project.cache, key=b"a stranger's").measure()
    assert project.look()[1:] == (["a.py"], 1)
    assert project.look()[1:] == ([], 0)


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE measure SET data = (SELECT data FROM measure WHERE blob = CLEAN)",
        # The seal belongs to the content it was made for, so it does not go along with the numbers.
        "UPDATE measure SET (data, seal) = (SELECT data, seal FROM measure WHERE blob = CLEAN)",
        "UPDATE file SET (blob, seal) = (SELECT blob, seal FROM file WHERE blob = CLEAN)",
        "UPDATE file SET blob = CLEAN",
        "UPDATE measure SET seal = x'00'",
        "UPDATE file SET size = size + 1, seal = x''",
    ],
)
def test_a_forged_row_never_makes_a_bad_file_look_like_a_clean_one(project, forgery):
    project.write("clean.py", SOURCE)
    project.write("bad.py", OTHER + b"\n" * 3)
    expected = project.look()[0]
    with closing(sqlite3.connect(project.cache)) as connection, connection:
        connection.execute(forgery.replace("CLEAN", f"x'{blob_digest(SOURCE).hex()}'"))
    assert project.look()[0] == expected
    assert project.look() == (expected, [], 0), "what was forged is replaced"


@pytest.mark.parametrize("value", ["7", "0.5", "'text'", "NULL"])
def test_a_database_that_lies_about_its_types_is_made_anew(project, value):
    project.write("a.py", SOURCE)
    expected = project.look()[0]
    with closing(sqlite3.connect(project.cache)) as connection, connection:
        connection.execute("DROP TABLE measure")
        connection.execute("DROP TABLE file")
        connection.execute("CREATE TABLE measure (id INTEGER PRIMARY KEY, blob, variant, data, seal)")
        connection.execute("CREATE TABLE file (path PRIMARY KEY, size, modified, changed, inode, blob, seal)")
        connection.execute(f"INSERT INTO file VALUES ({', '.join([value] * 7)})")
    assert project.look() == (expected, ["a.py"], 1)


def test_a_trigger_under_our_tables_is_never_pulled(project):
    project.write("a.py", SOURCE)
    expected = project.look()[0]
    with closing(sqlite3.connect(project.cache)) as connection, connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON measure BEGIN UPDATE measure SET data = x'00'; END")
    assert project.look() == (expected, ["a.py"], 1)


def test_without_a_key_nothing_is_kept_and_nothing_is_believed(project):
    project.write("a.py", SOURCE)
    project.look()
    before = (project.root / "metrics.db").read_bytes()
    assert len(RadonMeter(str(project.root), jobs=1, cache=project.cache).measure()) == 1
    assert project.read == ["a.py"] * 2
    assert (project.root / "metrics.db").read_bytes() == before


@pytest.mark.parametrize("name", ["metrics.db", "metrics.db-wal", "metrics.db-shm", "metrics.db-journal"])
def test_a_cache_that_is_a_link_is_done_without_and_its_target_is_left_alone(project, tmp_path_factory, name):
    outside = tmp_path_factory.mktemp("outside") / "file"
    project.write("a.py", SOURCE)
    (project.root / name).symlink_to(outside)
    assert project.look()[1:] == (["a.py"], 1)
    assert not outside.exists()
    (project.root / name).unlink()
    os.mkfifo(project.root / name)
    assert project.look()[1:] == (["a.py"], 1)
