"""The verbs as a Python user makes them: without ports, by what they are for."""

from __future__ import annotations

import ast
import fcntl
import json
import os
from pathlib import Path

import pytest

import core
from core.cli import build_parser, main
from core.domain.tasks.task import Status, Task, with_status
from core.errors import EditRefused, InvalidFile, StorageError, UsageError
from core.executor import Executor
from core.memory import Memory
from core.orchestrator import Orchestrator
from core.planner import Planner
from core.reflector import Reflector
from core.self_auditor import SelfAuditor

KNOT = "def knot(a):\n" + "".join(f"    if a > {number}:\n        return {number}\n" for number in range(17)) + "    return a\n"
PLAIN = "def plain(a):\n    return a\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def task(name, *deps, **fields):
    return Task(id=name, description=f"do {name}", dependencies=deps, **fields)


# -- Memory ----------------------------------------------------------------------------------------------------------


def test_memory_keeps_values_in_a_file_whose_directories_it_makes(tmp_path):
    memory = Memory(tmp_path / "deep" / "down" / "state.json")

    assert memory.load() == {}
    memory.save({"cycle": 3})
    memory.save("seen", ["a"])
    assert json.loads((tmp_path / "deep" / "down" / "state.json").read_text()) == {"cycle": 3, "seen": ["a"]}
    assert (memory.load(), memory.load("cycle"), memory.load("missing")) == ({"cycle": 3, "seen": ["a"]}, 3, None)
    assert [entry.name for entry in (tmp_path / "deep" / "down").iterdir()] == ["state.json"]


def test_a_state_file_that_is_no_object_is_refused(tmp_path):
    (tmp_path / "state.json").write_text("[1]")
    with pytest.raises(InvalidFile, match="must be a JSON object"):
        Memory(tmp_path / "state.json").load()


@pytest.mark.parametrize(
    "value", [float("inf"), float("nan"), {"deep": [-float("inf")]}, {1, 2}, "x" * (64 << 20)], ids=lambda value: str(value)[:9]
)
def test_memory_refuses_values_that_it_could_not_read_back_and_keeps_the_file(tmp_path, value):
    memory = Memory(tmp_path / "state.json")
    memory.save("seen", 1)
    with pytest.raises(UsageError, match="the values"):
        memory.save("x", value)
    assert memory.load() == {"seen": 1}


def test_memory_writes_and_reads_tasks_of_a_file_whose_directories_it_makes(tmp_path):
    file, memory = tmp_path / "plans" / "tasks.yml", Memory(tmp_path / "state.json")

    assert memory.load_tasks(file) == ()
    memory.save_tasks([task("a", command="true"), {"id": "b", "description": "do b", "dependencies": ["a"]}], file)
    assert [(each.id, each.command, each.dependencies) for each in memory.load_tasks(file)] == [("a", "true", ()), ("b", None, ("a",))]


def test_saved_tasks_change_only_what_differs(tmp_path):
    file, memory = tmp_path / "tasks.yml", Memory(tmp_path / "state.json")
    file.write_text("# mine\n- id: a   # first\n  description: do a\n  command: 'true'\n- {id: b, description: do b}\n")
    first, second = memory.load_tasks(file)

    memory.save_tasks([with_status(first, Status.DONE), {"id": "c", "description": "do c"}], file)
    assert file.read_text() == (
        "# mine\n- id: a   # first\n  status: done\n  description: do a\n  command: 'true'\n- {id: b, description: do b}\n"
        "- id: c\n  description: do c\n"
    )
    with pytest.raises(EditRefused, match="dependencies of b differs from the file"):
        memory.save_tasks([task("b", "a")], file)
    assert memory.load_tasks(file)[1].description == second.description


@pytest.mark.parametrize("entry", [{"id": "c", "description": "do c"}, {"id": "a", "description": "do it"}], ids=["new", "edited"])
def test_tasks_that_cannot_be_saved_now_are_an_error(here, entry):
    memory, file = Memory("state.json"), here / "tasks.yml"
    file.write_text("- {id: a, description: do a}\n")
    # Whoever is writing the file holds a lock on its directory.
    holder = os.open(here, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        with pytest.raises(StorageError, match="is being saved by somebody else"):
            memory.save_tasks([entry], file)
    finally:
        os.close(holder)
    assert file.read_text() == "- {id: a, description: do a}\n"


# -- Planner ---------------------------------------------------------------------------------------------------------


def test_the_planner_returns_the_next_task_and_spends_its_cost():
    planner = Planner(budget=3)
    tasks = [task("a", "b", cost=1), task("b", cost=2), task("c", cost=2)]

    assert planner.plan(tasks).id == "b"
    tasks[1] = with_status(tasks[1], Status.DONE)
    assert planner.plan(tasks).id == "a", "c does not fit what is left"
    assert (planner.budget.spent, planner.plan(tasks)) == (3, None)


def test_the_planner_takes_entries_and_lets_the_highest_priority_go_first():
    entries = [
        {"id": 1, "description": "x"},
        {"id": 2, "description": "y", "priority": "high"},
        {"id": 3, "description": "z", "manual": True},
    ]

    assert Planner().plan(entries).id == "2"
    assert Planner().plan([]) is None
    assert Planner().plan(entries[2:]) is None


def test_the_planner_refuses_what_is_no_backlog():
    with pytest.raises(ValueError, match="in a circle: a → b → a"):
        Planner().plan([task("a", "b"), task("b", "a")])


WRONG_ENTRIES = [
    ({"timeout": "lots"}, 'timeout must be a duration, not the text "lots"'),
    ({"cost": "lots"}, 'cost must be a number, not the text "lots"'),
    ({"cost": float("inf")}, "cost must be a number"),
    ({"env": {"A": 1}}, "env.A must be text, but 1 is a number"),
    ({"dependencies": "abc"}, 'dependencies must be a list of ids, not the text "abc"'),
    ({"status": "finished"}, "status must be pending, in_progress, done, failed or cancelled"),
    ({"comand": "true"}, "a task has no field \"comand\" (did you mean 'command'?)"),
    ({"tags": {"x"}}, "tags must be something that YAML can hold, not a Python set"),
]


@pytest.mark.parametrize(("fields", "problem"), WRONG_ENTRIES, ids=lambda each: str(each)[:20])
def test_entries_are_held_to_the_rules_of_the_tasks_file(here, fields, problem):
    entry = {"id": "a", "description": "x", **fields}
    calls = (
        lambda: Planner().plan([entry]),
        lambda: Executor().execute(entry),
        lambda: SelfAuditor().audit([entry]),
        lambda: Memory("state.json").save_tasks([entry], "new.yml"),
    )
    for call in calls:
        with pytest.raises(InvalidFile) as refused:
            call()
        assert f"task a: {problem}" in str(refused.value)
    assert list(here.iterdir()) == []


def test_entries_may_be_written_as_in_the_tasks_file(here):
    entry = {
        "id": 7,
        "description": "x\ny: z",
        "command": ["true"],
        "timeout": "1h30m",
        "priority": "high",
        "retries": {"limit": 2},
        "x-mine": [1],
    }
    planned = Planner().plan([entry])

    assert (planned.id, planned.timeout, planned.priority, planned.retries.limit) == ("7", 5400, 10, 2)
    assert (planned.description, planned.command, planned.extra) == ("x\ny: z", ("true",), {"x-mine": [1]})
    assert Planner().plan(entry) == planned, "one alone is a list of one"
    with pytest.raises(InvalidFile, match=r"a task must be a map, not the str 'tasks\.yml'"):
        Planner().plan(["tasks.yml"])
    with pytest.raises(InvalidFile, match="the task has no description"):
        Planner().plan([{"id": 1}])


# -- SelfAuditor -----------------------------------------------------------------------------------------------------


def test_the_auditor_analyses_files_wherever_they_are(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "knot.py").write_text(KNOT)
    (tmp_path / "code" / "plain.py").write_text(PLAIN)
    (tmp_path / "broken.py").write_text("def (:\n")
    auditor = SelfAuditor(complexity_threshold=15, maintainability_threshold="B", use_wily=False)
    metrics = auditor.analyze([tmp_path / "code", tmp_path / "broken.py"])

    knot, plain, broken = (metrics[str(tmp_path / name)] for name in ("code/knot.py", "code/plain.py", "broken.py"))
    assert (knot["max_complexity"], knot["needs_refactor"]) == (18, True)
    assert knot["complexity_violations"] == [{"name": "knot", "type": "function", "complexity": 18, "rank": "C", "lineno": 1}]
    assert (plain["needs_refactor"], plain["maintainability"], plain["complexity_violations"]) == (False, {"mi": 100.0, "rank": "A"}, [])
    assert "error" in broken


def test_one_path_is_a_list_of_one_and_a_path_that_is_not_there_an_error(here):
    (here / "knot.py").write_text(KNOT)

    assert list(SelfAuditor().analyze("knot.py")) == ["knot.py"]
    assert list(SelfAuditor().analyze(here / "knot.py")) == [str(here / "knot.py")]
    with pytest.raises(UsageError, match=r"no such file or directory: knto\.py"):
        SelfAuditor().analyze(["knot.py", "knto.py"])
    (here / "tasks.yml").write_text("[]\n")
    assert [each.origin["path"] for each in Reflector(paths="knot.py").run_cycle().appended] == ["knot.py"]


@pytest.mark.parametrize(("threshold", "found"), [(18, 0), (17, 1)])
def test_the_auditor_returns_entries_for_findings_without_a_task(here, threshold, found):
    (here / "knot.py").write_text(KNOT)
    auditor = SelfAuditor(complexity_threshold=threshold, maintainability_threshold="C")
    entries = auditor.audit([])

    assert [entry["origin"]["path"] for entry in entries] == ["knot.py"] * found
    assert auditor.audit(entries) == []
    assert (here / "knot.py").read_text() == KNOT


@pytest.mark.parametrize(("threshold", "breaks"), [("A", True), ("B", True), ("C", False), (5, False), (20.0, True)])
def test_a_maintainability_threshold_is_a_number_or_a_rank(tmp_path, threshold, breaks):
    # Many long expressions: the index is between 5 and 9.
    (tmp_path / "long.py").write_text(
        "".join(f"def f{n}(a, b):\n    return a * {n} + b * {n} - a % {n + 1} if a > b else b\n" for n in range(100))
    )
    (metrics,) = SelfAuditor(complexity_threshold=99, maintainability_threshold=threshold).analyze([tmp_path / "long.py"]).values()

    assert 5 < metrics["maintainability"]["mi"] < 9
    assert metrics["needs_refactor"] is breaks


# -- Reflector -------------------------------------------------------------------------------------------------------


def test_the_reflector_appends_tasks_for_the_files_it_is_given(tmp_path):
    (tmp_path / "tasks.yml").write_text(
        "- id: 1\n  description: base\n  component: core\n  dependencies: []\n  priority: 1\n  status: pending\n"
    )
    for name in ("one.py", "other.py"):
        (tmp_path / name).write_text(KNOT)
    reflector = Reflector(tmp_path / "tasks.yml", threshold=10, paths=[tmp_path / "one.py"])
    cycle = reflector.run_cycle()

    assert [appended.origin["path"] for appended in cycle.appended] == ["one.py"]
    assert Reflector(tmp_path / "tasks.yml", threshold=18).run_cycle().closed[0].task_id == cycle.appended[0].id
    assert len(Reflector(tmp_path / "tasks.yml").run_cycle().appended) == 1, "the other file; the task of the first is opened again"


def test_a_cycle_on_some_files_leaves_tasks_about_others_alone(tmp_path):
    (tmp_path / "tasks.yml").write_text("- {id: 1, description: base}\n")
    (tmp_path / "one.py").write_text(KNOT)
    Reflector(tmp_path / "tasks.yml").run_cycle()
    (tmp_path / "one.py").write_text(PLAIN)
    (tmp_path / "other.py").write_text(PLAIN)

    assert Reflector(tmp_path / "tasks.yml", paths=[tmp_path / "other.py"]).run_cycle().closed == ()
    assert len(Reflector(tmp_path / "tasks.yml", paths=[tmp_path / "one.py"]).run_cycle().closed) == 1


# -- Executor --------------------------------------------------------------------------------------------------------


def test_the_executor_carries_out_a_task_where_the_process_is_and_logs_it(here):
    outcome = Executor().execute(task("greet", command="echo hello; pwd > where", verify=("test -s where",)))

    (log,) = (here / "logs").glob("task-greet-*.log")
    assert (outcome.succeeded, outcome.verified, outcome.log) == (True, True, f"logs/{log.name}")
    assert "hello" in log.read_text()
    assert (here / "where").read_text() == f"{here}\n"


def test_an_executor_leaves_nothing_open_behind_a_task(here):
    def opened():
        return sorted(
            os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")
        )

    before = opened()
    for name in ("a", "b"):
        Executor().execute(task(name, command="true"))
    assert [path for path in opened() if path not in before] == []


def test_a_task_that_fails_is_an_outcome(here):
    outcome = Executor().execute({"id": "a", "description": "fails", "command": "exit 3"})

    assert (outcome.ending, outcome.exit_code) == ("failed", 3)


@pytest.mark.parametrize("fields", [{}, {"dependencies": ("b",)}, {"manual": True}])
def test_a_task_with_nothing_to_execute_has_not_succeeded(here, fields):
    outcome = Executor().execute(task("a", **fields) if "dependencies" not in fields else task("a", "b"))

    assert (outcome.ending, outcome.verified) == ("failed", False)
    assert str(outcome.reason) == "there is nothing to execute: the task has no command, no plugin and no check"
    assert str(outcome.reason) in (here / outcome.log).read_text()


def test_a_part_of_a_verb_that_needs_ports_says_so():
    with pytest.raises(UsageError, match="a port that was not given"):
        Executor().wait(0)


# -- Orchestrator ----------------------------------------------------------------------------------------------------


def test_the_orchestrator_works_off_a_tasks_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks.yml").write_text(
        "- {id: b, description: do b, command: cat a, dependencies: [a]}\n- {id: a, description: do a, command: touch a}\n"
    )
    (tmp_path / "knot.py").write_text(KNOT)
    tasks_file = tmp_path / "tasks.yml"
    memory = Memory(tmp_path / "state" / "state.json")
    finished = Orchestrator(Planner(), Executor(), Reflector(tasks_file, threshold=10), memory).run(tasks_file)

    assert (finished.exit_code, finished.done) == (0, ("a", "b"))
    assert [(each.id, each.status) for each in memory.load_tasks(tasks_file)][:2] == [("b", "done"), ("a", "done")]
    assert [each.origin["path"] for each in memory.load_tasks(tasks_file)[2:]] == ["knot.py"]
    assert len(list((tmp_path / "logs").glob("task-*.log"))) == 2


def test_the_planner_of_an_orchestrator_brings_the_budget_and_no_reflector_no_reflection(here):
    (here / "tasks.yml").write_text(
        "- {id: a, description: do a, command: 'true', cost: 2}\n- {id: b, description: do b, command: 'true', cost: 2}\n"
    )
    (here / "knot.py").write_text(KNOT)
    finished = Orchestrator(Planner(budget=3)).run()

    assert (finished.done, tuple(finished.left), finished.spent) == (("a",), ("b",), 2)
    assert len(Memory("state.json").load_tasks("tasks.yml")) == 2


def test_the_reflector_of_an_orchestrator_brings_its_paths(here):
    (here / "tasks.yml").write_text("- {id: a, description: do a, command: 'true'}\n")
    for name in ("one.py", "other.py"):
        (here / name).write_text(KNOT)
    Orchestrator(reflector=Reflector(paths=["one.py"])).run()

    assert [each.origin["path"] for each in Memory("state.json").load_tasks("tasks.yml")[1:]] == ["one.py"]


# -- the command line ------------------------------------------------------------------------------------------------


def test_main_runs_a_command_line_and_returns_its_exit_code(tmp_path, capsys):
    (tmp_path / "tasks.yml").write_text("- {id: a, description: do a, command: 'true'}\n")

    assert main(["list", "-C", str(tmp_path), "--json"]) == 0
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == ["a"]
    assert main(["show", "b", "-C", str(tmp_path)]) == 2
    assert "no task b" in capsys.readouterr().err


def test_the_parser_runs_a_command_line_and_ends_with_its_exit_code(tmp_path, monkeypatch, capsys):
    (tmp_path / "tasks.yml").write_text("- {id: a, description: do a, command: exit 3}\n")
    failing, unknown = ["run", "-C", str(tmp_path)], ["show", "b", "-C", str(tmp_path)]

    with pytest.raises(SystemExit) as ended:
        build_parser().main(failing)
    assert ended.value.code == 1
    assert build_parser().main(unknown, standalone_mode=False) == 2
    assert "no task b" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["orchestrator", *unknown])
    with pytest.raises(SystemExit) as ended:
        build_parser()()
    assert ended.value.code == 2


def test_the_parser_knows_every_command_and_its_options():
    parser = build_parser()
    run = parser.commands["run"]

    assert {"run", "plan", "audit", "add"} <= set(parser.commands)
    assert {"--jobs", "--budget", "--dry-run"} <= {name for parameter in run.params for name in parameter.opts}


# -- imports ---------------------------------------------------------------------------------------------------------


_IMPORTERS = {"import_module", "__import__"}


def imports_by_name(source):
    """Tell whether a module calls, mentions or renames a function that imports what a text names."""
    return any(
        (isinstance(node, ast.Name) and node.id in _IMPORTERS)
        or (isinstance(node, ast.Attribute) and node.attr in _IMPORTERS)
        or (isinstance(node, ast.ImportFrom) and any(alias.name in _IMPORTERS for alias in node.names))
        for node in ast.walk(ast.parse(source))
    )


@pytest.mark.parametrize(
    "source",
    [
        "import importlib\nimportlib.import_module(name)",
        "from importlib import import_module\nimport_module(name)",
        "from importlib import import_module as load\nload(name)",
        "__import__(name)",
        "import builtins\nbuiltins.__import__(name)",
    ],
)
def test_an_import_by_name_is_seen_in_every_form(source):
    assert imports_by_name(source)


def test_only_three_modules_of_core_import_by_name():
    """For the standard verbs, the registrations of wings, and a plugin inside its sandbox."""
    root = Path(core.__file__).parent
    by_name = [file.relative_to(root).as_posix() for file in root.rglob("*.py") if imports_by_name(file.read_text())]

    assert sorted(by_name) == ["plugins/sandbox/inside/start.py", "ports/standard.py", "ports/wing.py"]
