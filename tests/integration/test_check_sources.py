"""Digests of sources on disk: links, modes, what git ignores, what is remembered and when that is not believed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.adapters import check_sources
from core.adapters.check_sources import RepositoryCheckInputs
from core.domain.tasks.task import Task


def check(*sources: str, **fields: object) -> Task:
    return Task(**{"id": "c", "description": "d", "command": "run it", "check": True, "sources": sources, **fields})


def inputs(root: Path, listed: tuple[str, ...] | None = ("a.py",), *, state: bool = False, environ: dict[str, str] | None = None):
    place = root / ".orchestrator"
    if state:
        place.mkdir(mode=0o700, exist_ok=True)
    return RepositoryCheckInputs(root, lambda: listed, place if state else None, ("tasks.yml", ".orchestrator/", "logs/"), environ or {})


def test_a_file_that_git_ignores_counts_when_it_is_named(tmp_path):
    (tmp_path / "made.py").write_text("1")
    before = inputs(tmp_path).digest(check("made.py"))
    (tmp_path / "made.py").write_text("2")

    assert inputs(tmp_path).digest(check("made.py")) != before


def test_what_the_tool_writes_itself_is_no_source(tmp_path):
    listed = ("a.py", "tasks.yml", "logs/run.jsonl")
    (tmp_path / "a.py").write_text("1")
    before = inputs(tmp_path, listed).digest(check("**"))
    (tmp_path / "tasks.yml").write_text("[]")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "run.jsonl").write_text("{}")

    assert inputs(tmp_path, listed).digest(check("**")) == before


def test_an_executable_bit_and_a_link_elsewhere_are_changes(tmp_path):
    (tmp_path / "a.py").write_text("1")
    digests = [inputs(tmp_path).digest(check("a.py"))]
    (tmp_path / "a.py").chmod(0o755)
    digests.append(inputs(tmp_path).digest(check("a.py")))
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    (tmp_path / "a.py").symlink_to("b.py")
    digests.append(inputs(tmp_path).digest(check("a.py")))
    (tmp_path / "b.py").write_text("22")
    digests.append(inputs(tmp_path).digest(check("a.py")))

    assert len(set(digests)) == 4


def test_an_upgraded_program_is_a_change_and_so_is_another_python(tmp_path):
    program = tmp_path / "bin" / "run"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "a.py").write_text("1")
    environ = {"PATH": str(program.parent)}
    before = inputs(tmp_path, environ=environ).digest(check("a.py"))
    other = inputs(tmp_path, environ={**environ, "PYTHONPATH": "src"}).digest(check("a.py"))
    unrelated = inputs(tmp_path, environ={**environ, "SHLVL": "3"}).digest(check("a.py"))
    program.write_text("#!/bin/sh\ntrue\n")

    assert unrelated == before != other
    assert inputs(tmp_path, environ=environ).digest(check("a.py")) != before


def test_an_unchanged_file_is_read_once(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("1")
    os.utime(tmp_path / "a.py", ns=(0, 0))
    monkeypatch.setattr(check_sources, "_RESTED", -1)
    first = inputs(tmp_path, state=True).digest(check("a.py"))
    monkeypatch.setattr(check_sources, "_sha256", lambda _path: pytest.fail("it was read again"))

    assert inputs(tmp_path, state=True).digest(check("a.py")) == first


def test_a_file_that_changed_just_now_is_not_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(check_sources, "_RESTED", 10**18)
    (tmp_path / "a.py").write_text("1")
    inputs(tmp_path, state=True).digest(check("a.py"))

    assert not (tmp_path / ".orchestrator" / "check-sources.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "[1, 2]", "{}", '[1, {"a.py": 3}]', '[1, {"a.py": [1, 2, 3, 4, 5]}]', "[2, {}]", "[" * 100_000])
def test_a_damaged_memory_counts_as_none(tmp_path, text):
    (tmp_path / "a.py").write_text("1")
    sound = inputs(tmp_path).digest(check("a.py"))
    (tmp_path / ".orchestrator").mkdir(mode=0o700)
    (tmp_path / ".orchestrator" / "check-sources.json").write_text(text)

    assert inputs(tmp_path, state=True).digest(check("a.py")) == sound


def test_memory_holds_only_files_that_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(check_sources, "_RESTED", -1)
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("1")
    inputs(tmp_path, ("a.py", "b.py"), state=True).digest(check("*.py"))
    (tmp_path / "a.py").write_text("2")
    inputs(tmp_path, ("a.py",), state=True).digest(check("*.py"))

    _, known = json.loads((tmp_path / ".orchestrator" / "check-sources.json").read_text())
    assert list(known) == ["a.py"]


def test_without_git_hidden_directories_caches_and_environments_are_no_sources(tmp_path):
    (tmp_path / "a.py").write_text("1")
    before = inputs(tmp_path, None).digest(check("**/*.py"))
    for directory in (".cache", "__pycache__", "env"):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / "b.py").write_text("1")
    (tmp_path / "env" / "pyvenv.cfg").touch()

    assert inputs(tmp_path, None).digest(check("**/*.py")) == before


@pytest.mark.parametrize("glob", ["inside", "inside/", "inside/*.py", "inside/**", "inside/deep/a.py", "inside/deep"])
@pytest.mark.parametrize("kind", ["submodule", "link", "ignored"])
def test_a_change_below_a_directory_that_git_does_not_look_into_is_one(tmp_path, kind, glob):
    place = tmp_path / ("real" if kind == "link" else "inside")
    (place / "deep").mkdir(parents=True)
    (place / "deep" / "a.py").write_text("1")
    (place / "b.py").write_text("1")
    if kind == "link":
        (tmp_path / "inside").symlink_to("real")
    listed = ("main.py",) if kind == "ignored" else ("inside", "main.py")
    before = inputs(tmp_path, listed).digest(check(glob))
    for name in ("deep/a.py", "b.py"):
        (place / name).write_text("2")

    assert not before or inputs(tmp_path, listed).digest(check(glob)) != before
    assert before or (kind == "ignored" and "*" in glob)


def test_a_link_that_leads_out_of_the_repository_is_never_up_to_date(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "out").symlink_to(tmp_path / "elsewhere")

    assert inputs(tmp_path / "root", ("out",)).digest(check("out")) == ""
    assert inputs(tmp_path / "root", ("out",)).unmatched(check("out")) == ()
