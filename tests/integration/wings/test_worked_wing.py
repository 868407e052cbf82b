"""docs/wings.md: its worked wing runs as it stands there, its list of what a wing adds is whole, its table of twins too."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import core.ports

ROOT = Path(core.__file__).parent.parent
PAGE = (ROOT / "docs" / "wings.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```python\n# (core/\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of the source with the wing of the page in it."""
    copy = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT / "core", copy / "core", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs", copy / "docs", ignore=shutil.ignore_patterns("images"))
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    for name, text in FILES:
        path = copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        (path.parent / "__init__.py").touch()
    return copy


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "config.yaml").write_text("notes: {bullet: '+'}\nreflect: {enabled: false}\n")
    (tmp_path / "tasks.yml").write_text(
        "- {id: milk, description: Buy milk, kind: note}\n- {id: other, description: Not a note, command: 'true'}\n"
    )
    return tmp_path


def python(source: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(source)}
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True)


def test_the_worked_wing_carries_out_its_tasks_and_records_them(source, repository):
    done = python(source, "-m", "core", "run", cwd=repository)

    assert done.returncode == 0, done.stderr
    assert (repository / "notes" / "milk.txt").read_text() == "+ Buy milk\n"
    assert "no note was taken of other" in done.stderr
    assert python(source, "-m", "core", "notes", cwd=repository).stdout == "milk\n"
    listed = python(source, "-m", "core", "-C", repository, "notes", "--json", "-f", "tasks.yml", cwd=source)
    assert json.loads(listed.stdout) == ["milk"]


def test_the_worked_wing_has_its_settings_and_its_line_in_doctor(source, repository):
    shown = json.loads(python(source, "-m", "core", "config", "show", "--json", cwd=repository).stdout)
    assert [each["value"] for each in shown if each["key"] == "notes.bullet"] == ["+"]
    assert "a task of the kind note makes one" in python(source, "-m", "core", "doctor", cwd=repository).stdout


def test_a_wing_needs_its_name_in_the_contract_of_layers_and_nothing_more(source):
    def imports():
        return subprocess.run([BIN / "lint-imports", "--no-cache"], cwd=source, capture_output=True, text=True)

    contract = source / "pyproject.toml"
    without = imports()
    assert (without.returncode, "core.notes" in without.stdout) == (1, True)
    contract.write_text(contract.read_text().replace('| (simulation)"', '| (simulation) | notes"'))
    assert imports().returncode == 0


def test_the_worked_wing_keeps_the_rules_of_the_source(source):
    done = subprocess.run([BIN / "ruff", "check", "--no-cache", "core/notes"], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_check_of_the_docs_names_what_lacks_the_commands_of_a_wing_until_they_are_made(source):
    generate = source / "docs" / "generate.py"
    stale = python(source, generate, "--check", cwd=source)
    assert stale.returncode == 1
    assert (
        stale.stderr
        == "error: not what the code says: docs/cli.md, docs/config.md, core/cli/help.txt\n  hint: make docs writes them anew\n"
    )

    assert python(source, generate, cwd=source).returncode == 0
    assert python(source, generate, "--check", cwd=source).returncode == 0
    assert "List the notes that were taken." in python(source, "-m", "core", "--help", cwd=source).stdout


def test_the_table_of_twins_has_every_port_and_only_twins_that_are_there():
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", PAGE.partition("## Twins")[2], re.MULTILINE)
    named = {port for ports, _ in rows for port in re.findall(r"`(\w+)`", ports)}
    modules = [importlib.import_module(f"core.ports.{module.name}") for module in pkgutil.iter_modules(core.ports.__path__)]
    ports = {name for module in modules for name, value in vars(module).items() if inspect.isclass(value) and _is_port(value)}
    assert named == ports
    for twin in (twin for _, twins in rows if not twins.startswith("none") for twin in re.findall(r"`([\w.]+)`", twins)):
        module, _, name = twin.partition(".")
        assert hasattr(importlib.import_module(f"core.testing.{module}"), name)


def _is_port(cls: type) -> bool:
    return cls.__module__.startswith("core.ports") and bool(getattr(cls, "_is_protocol", False))
