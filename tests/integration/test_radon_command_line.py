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
from tests.radon_judge import beyond_radon, rewrite_for_radon, seen_by_radon

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
    (root / "koi8.py").write_bytes(b"#!/usr/bin/python\r# vim: fileencoding=koi8-r\rdef f(x):\r    return '\xf1' if x else x\r")
    (root / "utf16.py").write_bytes("x = 1\n".encode("utf-16"))
    (root / "groups.py").write_text(
        "try: pass\nexcept* A: pass\ndef f():\n    try: pass\n    except* A: pass\n    except  * B: assert 'except*'\n    else: pass\n"
        "class C:\n    def m(self):\n        try: pass\n        except* (A, B): pass\n    def n(self): pass\n"
    )
    (root / "local.py").write_text(
        "def f():\n    class A:\n        def m(self):\n            if x: pass\n            def c():\n                class B: pass\n"
        "    if x: pass\ndef g(): pass\n"
    )
    (root / "deep.py").write_text("x = 1" + " + 1" * 400 + "\n")
    return root


@pytest.fixture(scope="module")
def ours(library):
    return {measured.path: measured.measure for measured in RadonMeter(str(library), jobs=1).measure()}


@pytest.fixture(scope="module")
def radon(library, tmp_path_factory):
    def run(*arguments):
        folder = tmp_path_factory.mktemp("radon") / "library"
        shutil.copytree(library, folder)
        rewrite_for_radon(folder, except_star=arguments[0] == "cc")
        command = [sys.executable, "-W", "ignore", "-m", "radon", *arguments, "-j", "."]
        environment = {**os.environ, "RADONFILESENCODING": "utf-8"}
        done = subprocess.run(command, cwd=folder, capture_output=True, check=True, env=environment)
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
            for b in seen_by_radon(measure.blocks)
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
            assert list(dataclasses.astuple(measure.halstead)) == list(expected["total"].values()), path


def test_what_radon_cannot_read_or_does_not_see_is_measured(ours):
    assert [ours[path].problem for path in ("mark.py", "latin.py", "koi8.py")] == ["", "", ""]
    assert [(block.name, block.complexity) for block in ours["koi8.py"].blocks] == [("f", 2)]
    assert [block.name for block in beyond_radon(ours["local.py"].blocks)] == ["f.A", "f.A.m", "f.A.m.c", "f.A.m.c.B"]
