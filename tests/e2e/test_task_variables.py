"""What a task finds in its environment, and that nothing of it harms the command or another repository."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import ORCHESTRATOR, Rig, until

_DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def _run(rig: Rig, *arguments: str, code: int = 0) -> str:
    ended = rig.run("run", "--no-reflect", *arguments)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("field", ["description", "verify", "kind", "tags"])
def test_a_long_text_is_whole_in_the_file_and_keeps_no_command_from_starting(rig: Rig, field: str) -> None:
    text = ("true # " if field == "verify" else "") + "word " * 20_000
    value = {"verify": [text] * 3, "tags": [text] * 3}.get(field, text)
    rig.write_tasks({"id": "a", "command": 'cp "$ORCHESTRATOR_TASK_JSON" seen', field: value})
    _run(rig)
    assert json.loads((rig.root / "seen").read_text())[field] == value


def test_a_variable_that_is_too_long_fails_its_task_and_is_named(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true", "env": {"SMALL": "x", "BIG": "v" * 140_000}}, {"id": "b", "command": "true"})
    assert "argument list too long: the variable BIG has 140005 bytes" in _run(rig, "-k", code=1)
    assert rig.statuses() == {"a": "failed", "b": "done"}


@pytest.mark.parametrize("way", ["-C", "cd"])
@pytest.mark.parametrize("place", ["inside", "beside"])
def test_an_orchestrator_for_another_repository_uses_the_file_of_that_one(
    rig: Rig, way: str, place: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = rig.root / "sub" if place == "inside" else tmp_path_factory.mktemp("beside")
    other.mkdir(exist_ok=True)
    (other / "tasks.yml").write_text(
        "- id: inner\n  description: d\n  command: env >seen; touch inner; ! test -e ../outer && ! env | grep ORCHESTRATOR_TASKS_FILE\n"
        f"  verify: {ORCHESTRATOR} show inner\n"
    )
    command = f"{ORCHESTRATOR} -C {other} run --no-reflect" if way == "-C" else f"cd {other} && {ORCHESTRATOR} run --no-reflect"
    rig.write_tasks({"id": "usual", "command": "touch usual"})
    outer = json.dumps({"id": "outer", "description": "d", "command": command})
    check = json.dumps({"id": "own", "description": "d", "command": f"{ORCHESTRATOR} list | grep outer"})
    (rig.root / "other.yml").write_text(f"- {outer}\n- {check}\n")
    _run(rig, "-f", "other.yml")
    assert (other / "inner").exists() and not (rig.root / "usual").exists()
    seen = (other / "seen").read_text().splitlines()
    assert f"ORCHESTRATOR_TASK_FILE={other}/tasks.yml" in seen and "ORCHESTRATOR_TASK_ID=inner" in seen


def test_a_run_of_the_same_repository_inside_a_run_is_refused(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": f"{ORCHESTRATOR} run; test $? = 4 && cd / && {ORCHESTRATOR} -C {rig.root} run; test $? = 4"})
    _run(rig)


def test_the_resumable_example_of_the_documents_goes_on_from_where_a_killed_run_was(rig: Rig) -> None:
    text = (_DOCS / "recovery.md").read_text()
    (example,) = re.findall(r"```yaml\n(- id: import\n.*?)```", text, re.DOTALL)
    rig.write(example)
    run = rig.start("run", "--no-reflect")
    until(lambda: len(rig.lines("imported")) >= 5)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    until(lambda: not rig.processes())
    before = rig.lines("imported")
    assert len(before) < 40
    _run(rig)
    after = rig.lines("imported")[len(before) :]
    # The step at which it was killed may be repeated, no other one is.
    assert after in ([f"record {n}" for n in range(len(before) + first, 41)] for first in (0, 1))
    assert list((rig.root / ".orchestrator" / "tasks").iterdir()) == []


def test_a_checkpoint_survives_failure_retry_and_reset_until_the_task_succeeds(rig: Rig) -> None:
    own, previous = "$(ls $ORCHESTRATOR_CHECKPOINT | wc -l)", "$ORCHESTRATOR_PREVIOUS_OUTCOME, $ORCHESTRATOR_PREVIOUS_REASON"
    note = f'echo "$ORCHESTRATOR_TASK_TRY, {previous}, {own}" >>seen; '
    grow = f"touch $ORCHESTRATOR_CHECKPOINT/{own}; test {own} = 4"
    rig.write_tasks({"id": "a/b:c", "command": note + grow, "retries": {"limit": 1, "delay": 0}})
    _run(rig, code=1)
    assert rig.run("reset", "a/b:c").returncode == 0
    _run(rig)
    assert rig.run("reset", "a/b:c").returncode == 0
    _run(rig, code=1)
    assert rig.lines("seen") == [
        "1, , , 0",
        "2, failed, exit 1, 1",
        "1, failed, exit 1, 2",
        "2, failed, exit 1, 3",
        "1, succeeded, exit 0, 0",
        "2, failed, exit 1, 1",
    ]


def _function(name: str, branches: int) -> str:
    return f"def {name}(x):\n" + "".join(f"    if x == {n}:\n        return {n}\n" for n in range(branches)) + "    return None\n"


def test_a_handler_learns_where_the_code_is_when_its_attempt_starts(rig: Rig) -> None:
    source = rig.root / "a.py"
    source.write_text(_function("knot", 20))
    rig.write("[]\n")
    (rig.root / "config.yaml").write_text("handlers: {refactor: 'env >seen; exit 1'}\n")
    ended = rig.run("run", "--reflect")
    assert ended.returncode in (0, 1), ended.stdout + ended.stderr
    source.write_text("#\n" * 30 + _function("knot", 25))
    rig.run("run", "--no-reflect", "--retry-failed")
    seen = dict(line.partition("=")[::2] for line in rig.lines("seen") if line.startswith("ORCHESTRATOR_TASK_"))
    assert (seen["ORCHESTRATOR_TASK_PATH"], seen["ORCHESTRATOR_TASK_BLOCK"]) == ("a.py", "knot")
    assert seen["ORCHESTRATOR_TASK_LINE"] == "31" and seen["ORCHESTRATOR_TASK_END_LINE"] == str(31 + 2 * 25 + 1)
    assert (seen["ORCHESTRATOR_TASK_SCORE"], seen["ORCHESTRATOR_TASK_METRIC"]) == ("26", "complexity")
    assert seen["ORCHESTRATOR_TASK_THRESHOLD"].isdigit()
    assert "line" in seen["ORCHESTRATOR_TASK_SUGGESTION"].lower()
    assert "audit --check" in seen["ORCHESTRATOR_TASK_VERIFY"]
