"""A wing is registered by its folder and one line: command, settings, tables, subscriber, handler and doctor check take effect."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.assembly.container import Session
from core.terminal.console import Console

ENTRY = Path(__file__).with_name("orchestrator_with_toy.py")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text("toy:\n  word: salut\nreflect:\n  enabled: false\n")
    (tmp_path / "tasks.yml").write_text("- id: hi\n  description: the world\n  kind: greeting\n")
    return tmp_path


def with_toy(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(ENTRY), *arguments], cwd=repository, capture_output=True, text=True)


def test_a_command_of_a_wing_reads_its_settings_and_writes_its_table(repository: Path) -> None:
    assert with_toy(repository, "greet", "you").stdout == "salut you\n"
    assert with_toy(repository, "greetings", "list").stdout == "salut you\n"


def test_a_run_uses_the_handler_of_a_wing_and_its_subscriber_receives_the_events(repository: Path) -> None:
    done = with_toy(repository, "run")
    assert done.returncode == 0
    assert (repository / "greeting.txt").read_text() == "salut the world\n"
    assert json.loads(with_toy(repository, "greetings", "list", "--json").stdout) == ["salut hi"]


def test_plan_and_why_know_that_a_wing_carries_the_task_out(repository: Path) -> None:
    plan = json.loads(with_toy(repository, "plan", "--json").stdout)
    assert ([start["id"] for start in plan["starts"]], plan["left"]) == (["hi"], [])
    why = with_toy(repository, "why", "hi")
    assert why.stdout.splitlines()[0] == "hi runs next time", why.stderr
    explained = json.loads(with_toy(repository, "why", "hi", "--json").stdout)
    assert (explained["verdict"], explained["readiness"], explained["because_of"]) == ("start", "ready", [])
    assert json.loads(with_toy(repository, "list", "--json").stdout)[0]["work"] == "command"


def test_a_wing_has_its_section_in_config_show_schema_and_validation(repository: Path) -> None:
    shown = {each["key"]: each for each in json.loads(with_toy(repository, "config", "show", "--json").stdout)}
    assert shown["toy.word"]["value"] == "salut"
    schema = json.loads(with_toy(repository, "schema", "config").stdout)
    assert schema["properties"]["toy"]["properties"]["word"]["default"] == "hello"
    (repository / "config.yaml").write_text("toy:\n  wrd: salut\n")
    refused = with_toy(repository, "validate")
    assert (refused.returncode, "did you mean 'word'?" in refused.stderr) == (2, True)


def test_the_environment_sets_the_options_of_a_wing(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_TOY_WORD", "servus")
    assert with_toy(repository, "greet", "you").stdout == "servus you\n"


def test_doctor_shows_what_a_wing_says_of_itself(repository: Path) -> None:
    assert "greets with salut" in with_toy(repository, "doctor").stdout


def test_a_mistyped_command_of_a_wing_is_named_with_the_nearest(repository: Path) -> None:
    assert "did you mean: orchestrator greet" in with_toy(repository, "gret").stderr


def test_without_its_line_nothing_of_the_wing_is_known(repository: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "core", "greet", "you"], cwd=repository, capture_output=True, text=True)
    assert (done.returncode, "no such command: greet" in done.stderr) == (2, True)
    done = subprocess.run([sys.executable, "-m", "core", "validate"], cwd=repository, capture_output=True, text=True)
    assert "unknown key 'toy'" in done.stderr


def test_a_command_imports_only_the_settings_and_migrations_of_a_wing_that_it_does_not_need(repository: Path) -> None:
    code = f"import sys; sys.argv = ['x', 'list']; sys.path.insert(0, {str(ENTRY.parent)!r})\n"
    code += "from core.cli import main; from toy.wing import TOY; main(['list'], wings=(TOY,))\n"
    code += "print(sorted(name for name in sys.modules if name.startswith('toy')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "['toy', 'toy.settings', 'toy.tables', 'toy.wing']"


def test_a_runner_of_a_wing_is_found_by_its_name(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ENTRY.parent))
    from toy.wing import TOY

    with Session(Console({}), (TOY,)) as session:
        container = session.open(str(repository))
        assert container.runner("toy") == ("a runner of", repository)
        with pytest.raises(LookupError, match="no wing has registered a runner elsewhere"):
            container.runner("elsewhere")
