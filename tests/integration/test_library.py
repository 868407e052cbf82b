"""The face for Python users: files and backlogs in memory, and the examples of docs/library.md."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import core
from core import api, planner_utils
from core.errors import EditRefused, InvalidFile, UsageError
from core.events import TaskFinished, TaskStarted

PAGE = Path(core.__file__).parent.parent / "docs" / "library.md"
#: The tasks file that the page shows; its examples work on it.
(TASKS_OF_PAGE,) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)

TASKS = """\
# kept
- id: a
  description: Makes a file
  command: echo made > a.txt
- id: b
  description: Needs it
  command: test -s a.txt
  dependencies: [a]
"""
KNOT = "def knot(a):\n" + "".join(f"    if a > {number}:\n        return {number}\n" for number in range(14)) + "    return a\n"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A directory with a tasks file, in which the test does not stand."""
    root, elsewhere = tmp_path / "repository", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / "tasks.yml").write_text(TASKS)
    monkeypatch.chdir(elsewhere)
    return root


def test_a_tasks_file_is_worked_off_and_its_text_stays(repository):
    finished = api.run(repository / "tasks.yml", jobs=1)

    assert (finished.exit_code, finished.done) == (0, ("a", "b"))
    assert (repository / "a.txt").read_text() == "made\n"
    assert (repository / "tasks.yml").read_text() == re.sub(r"(- id: .\n)", r"\1  status: done\n", TASKS)
    assert [task.status for task in api.Backlog(text=(repository / "tasks.yml").read_text())] == ["done", "done"]


def test_the_current_directory_and_its_signals_are_as_before(repository):
    import signal

    before = (Path.cwd(), signal.getsignal(signal.SIGINT))
    api.run(directory=repository)

    assert (Path.cwd(), signal.getsignal(signal.SIGINT)) == before


def test_a_plan_starts_and_writes_nothing(repository):
    planned = api.plan(repository / "tasks.yml", jobs=1)

    assert [start.explanation.task_id for start in planned.starts] == ["a", "b"]
    assert [entry.name for entry in repository.iterdir()] == ["tasks.yml"]


def test_a_run_may_be_limited_to_some_tasks_and_a_budget(repository):
    assert api.run(repository / "tasks.yml", only=["a"]).done == ("a",)
    assert api.plan(repository / "tasks.yml", budget=0).starts == ()


def test_one_id_tag_or_path_is_a_list_of_one(repository):
    backlog = api.Backlog({"id": "ab", "description": "x", "command": "true", "tags": ["nightly"]})
    backlog.add("y", id="c", command="true")
    (repository / "code.py").write_text(KNOT)

    assert [start.explanation.task_id for start in api.plan(backlog, only="ab").starts] == ["ab"]
    assert api.run(backlog, tags="nightly").done == ("ab",)
    assert len(api.audit(repository / "code.py", directory=repository, history=False).failing) == 1
    assert len(api.audit(str(repository / "code.py"), directory=repository, history=False).failing) == 1
    with pytest.raises(UsageError, match=r"no such file or directory: code\.py"):
        api.audit("code.py", directory=repository)


def test_dependencies_that_are_no_list_are_refused_and_numbers_are_ids(repository):
    (repository / "tasks.yml").write_text("- {id: 1, description: x}\n")

    with pytest.raises(EditRefused, match='dependencies must be a list of ids, not the text "abc"'):
        api.add("y", tasks=repository / "tasks.yml", dependencies="abc")
    assert api.add("y", tasks=repository / "tasks.yml", dependencies=[1]).dependencies == ("1",)


def test_added_tasks_are_in_the_file(repository):
    task = api.add("Look at it", tasks=repository / "tasks.yml", command="cat a.txt", dependencies=["b"], timeout="1m")

    assert (task.id, task.timeout) == ("look-at-it", 60)
    assert (repository / "tasks.yml").read_text().startswith(TASKS)
    with pytest.raises(UsageError, match="no task c"):
        api.add("Never", tasks=repository / "tasks.yml", dependencies=["c"])


def test_events_are_delivered_as_they_happen(repository):
    events: list[api.Event] = []
    api.run(repository / "tasks.yml", jobs=1, on_event=events.append)

    told = [(type(event), event.task_id) for event in events if isinstance(event, (TaskStarted, TaskFinished))]
    assert told == [(TaskStarted, "a"), (TaskFinished, "a"), (TaskStarted, "b"), (TaskFinished, "b")]


def test_a_backlog_in_memory_is_worked_off_where_the_process_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    backlog = api.Backlog([{"id": "a", "description": "Makes a file", "command": "echo made > a.txt"}])
    backlog.add("Breaks", command="exit 3", dependencies=["a"], id="b")
    backlog.add("Comes behind", command="true", dependencies=["b"], id="c")
    finished = api.run(backlog)

    assert (finished.exit_code, finished.done, finished.failed) == (1, ("a",), ("b",))
    assert [task.status for task in backlog] == ["done", "failed", "pending"]
    assert (tmp_path / "a.txt").read_text() == "made\n"
    assert not (tmp_path / "tasks.yml").exists()
    assert len(list((tmp_path / "logs").glob("task-b-*.log"))) == 1


def test_a_backlog_is_held_to_the_rules_of_the_file():
    backlog = api.Backlog([{"id": "a", "description": "x"}])

    with pytest.raises(EditRefused, match="cost must be 0 or more"):
        backlog.add("y", cost=-1)
    with pytest.raises(EditRefused, match='no field "prio"'):
        backlog.add("y", prio=1)
    with pytest.raises(EditRefused, match="tags must be something that YAML can hold, not a Python set"):
        backlog.add("y", tags={"x"})
    with pytest.raises(EditRefused, match="no task z to depend on"):
        api.add("y", tasks=backlog, dependencies=["z"])
    with pytest.raises(InvalidFile, match="backlog:1:3"):
        api.Backlog(text="- id: [1]\n")
    assert len(backlog) == 1


def test_a_backlog_and_its_text_are_the_same_backlog():
    backlog = api.Backlog(text=TASKS)
    backlog.add("And more", priority="high", tags=["x"])
    backlog.set_status("a", "done")

    assert api.Backlog(text=backlog.text).tasks == backlog.tasks
    assert backlog.text.startswith("# kept\n")
    assert [backlog["a"].status, backlog["and-more"].priority] == ["done", 10]
    with pytest.raises(UsageError, match="no task an-more"):
        backlog["an-more"]


def test_a_plan_of_a_backlog_knows_its_order_and_budget():
    backlog = api.Backlog(text=TASKS)

    assert [start.explanation.task_id for start in api.plan(backlog, jobs=1).starts] == ["a", "b"]
    assert [start.explanation.task_id for start in api.plan(backlog, budget=1).starts] == ["a"]


def test_an_audit_says_what_does_not_pass(repository):
    (repository / "code.py").write_text(KNOT)
    gate = api.audit(directory=repository, history=False)

    assert [(judged.finding.path, judged.finding.block, judged.finding.score) for judged in gate.failing] == [("code.py", "knot", 15)]
    assert api.audit(directory=repository, complexity=15, history=False).failing == ()
    assert api.audit(directory=repository, metrics=["maintainability"], history=False).failing == ()
    assert api.audit([repository / "code.py"], directory=repository, fail_on="never").failing == ()


def test_an_audit_of_a_change_reads_a_coverage_report(repository):
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "one"]):
        subprocess.run(["git", *command], cwd=repository, check=True, capture_output=True)
    (repository / "new.py").write_text("def new(a):\n    return a\n")
    report = repository / "coverage.info"
    report.write_text("SF:new.py\nDA:1,1\nDA:2,0\nend_of_record\n")
    gate = api.audit(directory=repository, since="HEAD", coverage=report)

    assert [(judged.finding.path, judged.finding.line, judged.finding.score) for judged in gate.failing] == [("new.py", 2, 50)]
    assert api.audit(directory=repository, since="HEAD").failing == ()


def test_importing_the_face_imports_nothing_heavy():
    heavy = ["yaml", "typer", "radon", "sqlite3", "core.adapters", "core.assembly", "subprocess"]
    script = f"import sys, core.api; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.splitlines()[0])
def test_the_examples_of_the_page_run(example, tmp_path):
    (tmp_path / "tasks.yml").write_text(TASKS_OF_PAGE)
    (tmp_path / "code.py").write_text(KNOT)
    done = subprocess.run([sys.executable, "-W", "error", "-c", example], cwd=tmp_path, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_example_is_short():
    assert len([line for line in EXAMPLES[0].splitlines() if line.strip()]) <= 10


def test_the_page_names_every_parameter_of_a_function_and_every_question():
    page = PAGE.read_text(encoding="utf-8")
    for function in (api.run, api.plan, api.audit):
        row = next(line for line in page.splitlines() if line.startswith(f"| `{function.__name__}("))
        assert [name for name in inspect.signature(function).parameters if name not in row] == []
    for name, function in vars(planner_utils).items():
        if inspect.isfunction(function) and function.__module__ == planner_utils.__name__ and not name.startswith("_"):
            parameters = [
                each.name if each.default is each.empty else f"{each.name}={each.default}"
                for each in inspect.signature(function).parameters.values()
            ]
            assert f"`{name}({', '.join(parameters)})`" in page


def test_verify_says_what_holds_and_changes_nothing(repository: Path) -> None:
    backlog = api.Backlog([{"id": "a", "description": "Holds", "command": "touch ran", "verify": "true"}])
    backlog.add("Does not", id="b", verify="false", status="done", tags=["t"])
    text = backlog.text

    assert [(each.task.id, each.holds, each.no_longer_holds) for each in api.verify(backlog)] == [("a", True, False), ("b", False, True)]
    assert [each.task.id for each in api.verify(backlog, tags="t", jobs=1)] == ["b"]
    assert backlog.text == text
    assert not (repository / "ran").exists()


def test_a_named_task_runs_whatever_its_status(repository: Path) -> None:
    backlog = api.Backlog([{"id": "a", "description": "Was done", "command": "true", "status": "done"}])
    assert [start.explanation.task_id for start in api.plan(backlog, named="a").starts] == ["a"]
    assert api.run(backlog, named="a").done == ("a",)


def test_a_check_that_is_up_to_date_is_planned_only_afresh(repository: Path) -> None:
    (repository / "code").write_text("1")
    entry = {"id": "a", "description": "Holds", "command": "true", "check": True, "sources": ["code"]}
    (repository / "tasks.yml").write_text(json.dumps([entry]))
    assert api.run(repository / "tasks.yml", reflect=False).passed == ("a",)

    planned = api.plan(repository / "tasks.yml")

    assert (planned.starts, planned.up_to_date) == ((), ("a",))
    assert [start.explanation.task_id for start in api.plan(repository / "tasks.yml", fresh=True).starts] == ["a"]
    assert api.run(repository / "tasks.yml", reflect=False).up_to_date == ("a",)


def _python(code: str, cwd: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(core.__file__).parent.parent), **variables}
    return subprocess.run([sys.executable, *options, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_a_python_that_does_not_speak_utf8_is_told_how_to(repository):
    foreign = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    refused = _python("from core import api; api.run()", repository, **foreign)
    assert "UsageError: the encoding of Python is ascii" in refused.stderr
    done = _python("from core import api; print(api.run(reflect=False).exit_code)", repository, "-X", "utf8", **foreign)
    assert done.stdout == "0\n", done.stderr


def test_a_host_that_ignores_sigchld_gets_results_and_keeps_its_way(repository):
    code = "import signal; from core import api; signal.signal(signal.SIGCHLD, signal.SIG_IGN); "
    code += "print(api.run(reflect=False).exit_code, signal.getsignal(signal.SIGCHLD).name)"
    done = _python(code, repository)
    assert done.stdout == "0 SIG_IGN\n", done.stderr
