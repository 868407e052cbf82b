"""The numbers equal those of radon's own command line, over part of the standard library."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import sysconfig

import pytest

from core.adapters.radon import RadonMeter
from core.domain.quality.metric import BlockKind, complexity_rank, maintainability_rank

#: Packages with async code, closures, inner classes, form feeds; none with a long literal, for which radon needs minutes.
PACKAGES = ("asyncio", "collections", "concurrent", "dbm", "json", "logging", "re", "tomllib", "wsgiref")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A folder with sources as the standard library has them, and some that are odd."""
    root = tmp_path_factory.mktemp("library")
    stdlib = sysconfig.get_path("stdlib")
    for package in PACKAGES:
        shutil.copytree(os.path.join(stdlib, package), root / package, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "py2.py").write_text("print 'x'\n")
    (root / "mark.py").write_bytes(b"\xef\xbb\xbfx = 1\n")
    (root / "latin.py").write_bytes(b"# coding: latin-1\nx = '\xe9'\n")
    (root / "crlf.py").write_bytes(b"def f(x):\r\n    '''a\r\n    b'''\r\n    return x\r\n")
    (root / "feed.py").write_bytes(b"x = 1\n\x0c\ndef f():\n    return 'a\x0cb'\n")
    (root / "deep.py").write_text("x = 1" + " + 1" * 400 + "\n")
    return root


@pytest.fixture(scope="module")
def ours(library):
    return {measured.path: measured.measure for measured in RadonMeter(str(library), jobs=1).measure()}


@pytest.fixture(scope="module")
def radon(library):
    def run(*arguments):
        command = [sys.executable, "-W", "ignore", "-m", "radon", *arguments, "-j", "."]
        environment = {**os.environ, "RADONFILESENCODING": "utf-8"}
        done = subprocess.run(command, cwd=library, capture_output=True, check=True, env=environment)
        return json.loads(done.stdout)

    return run


def test_cyclomatic_complexity_is_that_of_the_radon_command(ours, radon):
    theirs = radon("cc", "--show-closures")
    for path, measure in ours.items():
        expected = theirs.get(path, [])
        if isinstance(expected, dict):
            assert (bool(measure.problem), measure.blocks) == (True, ()), path
            continue
        kinds = {BlockKind.CLOSURE: "function"}
        found = [
            (b.line, b.column, b.name.split(".")[-1], kinds.get(b.kind, b.kind), b.complexity, complexity_rank(b.complexity))
            for b in measure.blocks
        ]
        wanted = [(b["lineno"], b["col_offset"], b["name"].split(".")[-1], b["type"], b["complexity"], b["rank"]) for b in expected]
        assert sorted(found) == sorted(wanted), path


def test_the_maintainability_index_is_that_of_the_radon_command(ours, radon):
    theirs = radon("mi", "-s")
    assert set(theirs) == set(ours)
    for path, expected in theirs.items():
        measure = ours[path]
        if "error" in expected:
            assert measure.problem, path
        else:
            found = (measure.problem, measure.maintainability, maintainability_rank(measure.maintainability))
            assert found == ("", expected["mi"], expected["rank"]), path


def test_raw_counts_are_those_of_the_radon_command(ours, radon):
    for path, expected in radon("raw").items():
        measure = ours[path]
        if "error" in expected:
            assert (bool(measure.problem), measure.raw) == (True, None), path
        elif measure.raw is None:
            assert measure.problem, path
            assert sys.version_info >= (3, 12), path
        else:
            assert dataclasses.asdict(measure.raw) == expected, path


def test_halstead_measures_are_those_of_the_radon_command(ours, radon):
    for path, expected in radon("hal").items():
        measure = ours[path]
        if "error" in expected:
            assert (bool(measure.problem), measure.halstead) == (True, None), path
        else:
            total = expected["total"]  # a list before radon 6
            assert list(dataclasses.astuple(measure.halstead)) == (list(total.values()) if isinstance(total, dict) else total), path
