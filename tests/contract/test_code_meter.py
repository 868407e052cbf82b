"""The port CodeMeter: what the adapter promises about files, blobs and order, the twin promises too."""

from __future__ import annotations

from functools import partial
from hashlib import sha1

import pytest

from core.adapters.git import Git, list_files
from core.adapters.radon import RadonMeter
from core.adapters.radon.file_measure import measure_source
from core.domain.quality.metric import Metric
from core.testing.code import InMemoryMeter

SIMPLE = b"def f(x):\n    return 1 if x else 2\n"
OTHER = b"class A:\n    def m(self):\n        pass\n"
BROKEN = b"def f(:\n"


class InMemoryProject:
    def meter(self, **globs):
        return self._share(InMemoryMeter(measure_source, **globs))

    def _share(self, meter):
        meter.files = self.files
        return meter

    def __init__(self, _):
        self.files = {}

    def write(self, path, content):
        self.files[path] = content

    def remove(self, path):
        del self.files[path]


class FolderProject:
    def __init__(self, root):
        self.root = root

    def meter(self, **globs):
        return RadonMeter(str(self.root), jobs=1, listing=partial(list_files, Git(str(self.root))), **globs)

    def write(self, path, content):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def remove(self, path):
        (self.root / path).unlink()


@pytest.fixture(params=[InMemoryProject, FolderProject])
def project(request, tmp_path):
    return request.param(tmp_path)


def paths(measured):
    return [one.path for one in measured]


def test_every_python_file_is_measured_in_order_of_path(project):
    for path in ("b.py", "a/z.py", "a.py", "notes.txt"):
        project.write(path, SIMPLE)
    measured = project.meter().measure()
    assert paths(measured) == ["a.py", "a/z.py", "b.py"]
    assert {one.measure for one in measured} == {measure_source(SIMPLE)}


def test_globs_select_and_leave_out(project):
    for path in ("src/a.py", "src/gen/b.py", "tests/c.py", "tool"):
        project.write(path, SIMPLE)
    meter = project.meter(include=("src/**", "tool"), exclude=("gen/", "**/gen/**"))
    assert paths(meter.measure()) == ["src/a.py", "tool"]


def test_named_files_are_measured_whatever_the_globs_say(project):
    project.write("a.py", SIMPLE)
    project.write("script", OTHER)
    assert paths(project.meter(exclude=("a.py",)).measure(["script", "a.py"])) == ["a.py", "script"]


def test_a_named_directory_stands_for_what_the_globs_select_in_it(project):
    for path in ("src/a.py", "src/b.txt", "srcs/c.py", "src/deep/d.py"):
        project.write(path, SIMPLE)
    assert paths(project.meter().measure(["src"])) == ["src/a.py", "src/deep/d.py"]
    assert paths(project.meter().measure(["src/", "src/a.py"])) == ["src/a.py", "src/deep/d.py"]
    assert paths(project.meter().measure(["."])) == ["src/a.py", "src/deep/d.py", "srcs/c.py"]


def test_a_file_that_is_gone_has_no_entry(project):
    project.write("a.py", SIMPLE)
    meter = project.meter()
    assert paths(meter.measure(["a.py", "b.py"])) == ["a.py"]
    project.remove("a.py")
    assert meter.measure() == ()
    assert meter.measure(["a.py"]) == ()


def test_a_changed_file_is_measured_again(project):
    project.write("a.py", SIMPLE)
    meter = project.meter()
    assert meter.measure()[0].measure == measure_source(SIMPLE)
    project.write("a.py", OTHER)
    assert meter.measure()[0].measure == measure_source(OTHER)


def test_a_file_that_cannot_be_measured_says_why(project):
    project.write("a.py", BROKEN)
    (measured,) = project.meter().measure()
    assert measured.measure.problem.startswith("line 1: ")
    assert measured.measure.blocks == ()


def test_bytes_are_measured_as_files_are(project):
    project.write("a.py", OTHER)
    meter = project.meter()
    assert meter.measure_sources([SIMPLE, OTHER, SIMPLE])[1:] == (meter.measure()[0].measure, measure_source(SIMPLE))
    assert meter.measure_sources([]) == ()


def name(source):
    return sha1(b"blob %d\0" % len(source) + source).hexdigest()


def test_blobs_are_read_when_first_asked_for(project):
    asked = []

    def read(ids):
        asked.append(list(ids))
        return [(blob, source) for blob, source in ((name(SIMPLE), SIMPLE), (name(OTHER), OTHER)) if blob in ids][::-1]

    ids = [name(SIMPLE), name(OTHER), name(SIMPLE)]
    assert project.meter().measure_blobs(iter(ids), read) == {name(SIMPLE): measure_source(SIMPLE), name(OTHER): measure_source(OTHER)}
    assert asked == [ids[:2]]


def test_nothing_is_read_for_no_blobs(project):
    assert project.meter().measure_blobs([], lambda ids: pytest.fail(f"read {ids}")) == {}


def test_a_blob_that_is_not_there_has_no_entry(project):
    assert project.meter().measure_blobs([name(SIMPLE)], lambda ids: []) == {}


def test_what_the_reader_raises_passes_through(project):
    def read(ids):
        yield name(SIMPLE), SIMPLE
        raise LookupError(ids[1])

    with pytest.raises(LookupError):
        project.meter().measure_blobs([name(SIMPLE), name(OTHER)], read)


def test_there_is_no_advice_on_what_is_not_there(project):
    project.write("a.py", SIMPLE)
    assert project.meter().advise("b.py", metric=Metric.COMPLEXITY, threshold=10) == ""
