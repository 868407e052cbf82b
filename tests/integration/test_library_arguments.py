"""What Python users may give, and the error that they get for anything else: nothing is ignored, and no raw Python error comes out."""

from __future__ import annotations

import inspect
import os
import threading
from pathlib import Path

import pytest

from core import api, planner_utils
from core.adapters.run_lock import FileRunLock
from core.errors import InvalidFile, InvalidTasks, LockHeld, OrchestratorError, StorageError, UsageError
from core.executor import Executor, ExecutorSettings
from core.memory import Memory
from core.orchestrator import Orchestrator
from core.planner import Planner
from core.reflector import Reflector
from core.self_auditor import SelfAuditor

ENTRIES = [
    {"id": 1, "description": "first", "cost": 1},
    {"id": 2, "description": "second", "cost": 5, "priority": "high", "dependencies": [1]},
]
CYCLE = [{"id": "a", "description": "x", "dependencies": ["b"]}, {"id": "b", "description": "x", "dependencies": ["a"]}]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def backlog():
    return api.Backlog([{"id": "a", "description": "x", "command": "true"}])


# -- one run a process -----------------------------------------------------------------------------------------------


def test_a_second_run_in_a_process_is_refused_and_the_directory_stays(here, backlog):
    """The first run goes on until the second one was refused, in another thread and in its own."""
    (here / "elsewhere").mkdir()
    refused: list[Exception] = []

    def second() -> None:
        for call in (lambda: api.run(backlog, directory=here / "elsewhere"), lambda: Executor().execute(ENTRIES[0])):
            try:
                call()
            except UsageError as error:
                refused.append(error)

    def on_event(event: api.Event) -> None:
        if not refused:
            other = threading.Thread(target=second)
            other.start()
            other.join()
            second()

    assert api.run(backlog, on_event=on_event).done == ("a",)
    assert [str(error) for error in refused] == ["another run or task is under way in this process"] * 4
    assert all("one after the other" in error.hint for error in refused)
    assert Path.cwd() == here
    backlog.set_status("a", "pending")
    assert api.run(backlog).done == ("a",)


def test_the_directory_is_restored_after_a_run_that_failed(here, backlog):
    def on_event(event: api.Event) -> None:
        raise KeyboardInterrupt

    (here / "elsewhere").mkdir()
    with pytest.raises(KeyboardInterrupt):
        api.run(backlog, directory=here / "elsewhere", on_event=on_event)
    assert Path.cwd() == here
    assert api.run(backlog).done == ("a",)


def test_the_lock_of_a_run_in_this_process_names_no_pid_to_kill(tmp_path):
    lock = FileRunLock(str(tmp_path / "state"))
    lock.acquire("one")
    try:
        with pytest.raises(LockHeld) as held:
            FileRunLock(str(tmp_path / "state")).acquire("two")
    finally:
        lock.release()
    assert "kill" not in held.value.hint
    assert f"kill {os.getpid() + 1}" in LockHeld(os.getpid() + 1, "now").hint


# -- the parts of an Orchestrator ------------------------------------------------------------------------------------


class CheapPlanner(Planner):
    pass


class LoggingMemory(Memory):
    pass


def replaced(part, name):
    setattr(part, name, lambda *_: None)
    return part


PARTS = [
    (lambda: Orchestrator(CheapPlanner()), "planner: CheapPlanner is a subclass of Planner"),
    (lambda: Orchestrator(Planner(), memory=LoggingMemory("x")), "memory: LoggingMemory is a subclass of Memory"),
    (lambda: Orchestrator(replaced(Planner(), "plan")), "planner: its method plan was replaced"),
    (lambda: Orchestrator(Planner(), replaced(Executor(), "execute")), "executor: its method execute was replaced"),
    (lambda: Orchestrator(Planner(planner_utils.topological_order(ENTRIES))), "planner: it was given more than a run takes from it"),
    (lambda: Orchestrator(executor=Executor(launcher=object(), settings=ExecutorSettings(tasks_file="x"))), "executor: it was given more"),
    (lambda: Orchestrator(None, None, None, None), "planner must be a Planner, not None"),
    (lambda: Orchestrator(Executor(), Planner()), "planner must be a Planner, not the Executor"),
    (lambda: Orchestrator(Planner(), Executor(), Memory("x"), None), "reflector must be a Reflector, not the Memory"),
    (lambda: Orchestrator(Planner(), Executor(), None, "state.json"), "memory must be a Memory, not the str 'state.json'"),
    (lambda: Orchestrator(Planner(), Executor(), Reflector("other.yml")).run(), "the reflector is for other.yml, the run for tasks.yml"),
]


@pytest.mark.parametrize(("call", "message"), PARTS, ids=[message for _, message in PARTS])
def test_a_part_that_a_run_would_not_use_is_refused(here, call, message):
    (here / "tasks.yml").write_text("[]\n")
    with pytest.raises(UsageError) as refused:
        call()
    assert message in str(refused.value)
    assert refused.value.hint


def test_a_reflector_for_the_file_of_the_run_or_for_none_is_taken(here):
    (here / "plans").mkdir()
    (here / "plans" / "tasks.yml").write_text("[]\n")
    for reflector in (Reflector("plans/../plans/tasks.yml"), Reflector(here / "plans" / "tasks.yml"), Reflector(threshold=12)):
        assert Orchestrator(Planner(), Executor(), reflector, Memory("state.json")).run("plans/tasks.yml").exit_code == 0


# -- questions about tasks -------------------------------------------------------------------------------------------


def ids(tasks):
    return [task.id for task in tasks]


def test_questions_about_tasks_take_maps_and_any_iterable():
    for made in (list, tuple, iter):
        given = lambda made=made: made(ENTRIES)  # noqa: E731
        assert ids(planner_utils.topological_order(given())) == ["1", "2"]
        assert planner_utils.find_cycles(made(CYCLE)) == (("a", "b", "a"),)
        assert ids(planner_utils.get_pending_tasks(given())) == ["1", "2"]
        assert ids(planner_utils.filter_ready_tasks(given(), given())) == ["1"]
        assert ids(planner_utils.sort_by_priority(given())) == ["2", "1"]
        assert planner_utils.select_highest_priority(given()).id == "2"
        assert ids(planner_utils.filter_affordable_tasks(given(), 4)) == ["1"]
        assert planner_utils.dependencies_met(ENTRIES[1], made([{**ENTRIES[0], "status": "done"}]))
        planner_utils.validate_unique_ids(given())
    both = iter(ENTRIES)
    assert ids(planner_utils.filter_ready_tasks(both, both)) == ["1"]


@pytest.mark.parametrize("call", [lambda: Planner().plan(iter(CYCLE)), lambda: planner_utils.topological_order(iter(CYCLE))])
def test_a_cycle_is_an_error_that_names_it(call):
    with pytest.raises(InvalidTasks, match="in a circle: a → b → a") as refused:
        call()
    assert isinstance(refused.value, ValueError)
    assert isinstance(refused.value, InvalidFile)


def test_two_tasks_with_an_id_are_an_error_that_names_it():
    for call in (planner_utils.topological_order, planner_utils.validate_unique_ids, Planner().plan):
        with pytest.raises(InvalidTasks, match=r"^task 1: [^\n]*(?<!line 0)$") as refused:
            call([ENTRIES[0], ENTRIES[0]])
        assert "give each task an id of its own" in str(refused.value)


# -- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [-1, float("nan"), float("inf"), True, "lots", [1], object], ids=str)
def test_the_budget_of_a_planner_is_held_to_the_rules_of_a_run(here, backlog, budget):
    errors = []
    for call in (lambda: Planner(budget=budget), lambda: api.plan(backlog, budget=budget)):
        with pytest.raises(OrchestratorError) as refused:
            call()
        errors.append((type(refused.value), str(refused.value)))
    assert errors[0] == errors[1]


def test_a_budget_may_be_a_number_in_text_as_for_a_run():
    assert Planner(budget="5").budget.left == 5
    assert Planner(budget=0).budget.left == 0


FLAGS = [
    (api.run, "reflect"),
    (api.run, "retry_failed"),
    (api.run, "fresh"),
    (api.run, "fail_fast"),
    (api.plan, "retry_failed"),
    (api.plan, "fresh"),
    (api.audit, "history"),
    (SelfAuditor, "use_wily"),
]


@pytest.mark.parametrize(("function", "flag"), FLAGS, ids=[f"{function.__name__}-{flag}" for function, flag in FLAGS])
@pytest.mark.parametrize("value", ["no", "false", 0, 1, []], ids=repr)
def test_a_flag_is_true_or_false(here, function, flag, value):
    arguments = {flag: value} | ({"tasks": api.Backlog()} if "tasks" in inspect.signature(function).parameters else {})
    with pytest.raises(UsageError, match=f"{flag} must be True or False, not the {type(value).__name__}"):
        function(**arguments)


WRONG = [
    (lambda b: api.Backlog(5), "entries must be maps of fields, not the int '5'"),
    (lambda b: api.Backlog("tasks.yml"), "entries must be maps of fields, not the str 'tasks.yml'"),
    (lambda b: api.Backlog([5]), "entries must be maps of fields, not the int '5'"),
    (lambda b: api.Backlog(text=b""), "text must be the text of a tasks.yml, not the bytes"),
    (lambda b: b.add(5), "description must be text, not the int '5'"),
    (lambda b: api.add(5, tasks=b), "description must be text, not the int '5'"),
    (lambda b: b.set_status("a", "dne"), "status must be one of pending, in_progress, done, failed, cancelled; not 'dne'"),
    (lambda b: b[8], "no task 8"),
    (lambda b: api.plan(5), "tasks must be the path of a tasks file, or a Backlog, not the int '5'"),
    (lambda b: api.run([{"id": 1}]), "tasks must be the path of a tasks file, or a Backlog, not the list"),
    (lambda b: api.plan(b, directory=5), "directory must be a path, not the int '5'"),
    (lambda b: api.plan(b, only=None), "only must be a text or a list of texts, not None"),
    (lambda b: api.plan(b, tags=5.5), "tags must be a text or a list of texts, not the float '5.5'"),
    (lambda b: api.run(b, on_event=5), "on_event must be a function of one event, not the int '5'"),
    (lambda b: api.audit(fail_on="nevr"), "fail_on must be one of any, new, worse, never; not 'nevr'"),
    (lambda b: api.audit(5), "paths must be a path or several, not the int '5'"),
    (lambda b: api.audit([5]), "paths must be a path or several, not the int '5'"),
    (lambda b: api.audit(coverage=5), "coverage must be a path, not the int '5'"),
    (lambda b: api.audit(since=5), "since must be a revision of git, not the int '5'"),
    (lambda b: Memory(5), "path must be a path, not the int '5'"),
    (lambda b: Memory("state.json").save([1]), "key must be the name of a value, or a map of names to values, not the list '[1]'"),
    (lambda b: Memory("state.json").load(5), "key must be the name of a value, not the int '5'"),
    (lambda b: Memory("state.json").load_tasks(5), "tasks_file must be a path, not the int '5'"),
    (lambda b: Memory("state.json").save_tasks([], 5), "tasks_file must be a path, not the int '5'"),
    (lambda b: Planner().plan(5), "tasks must be tasks, or maps of their fields, not the int '5'"),
    (lambda b: planner_utils.topological_order(None), "tasks must be tasks, or maps of their fields, not None"),
    (lambda b: Reflector(5), "tasks_path must be a path, not the int '5'"),
]


@pytest.mark.parametrize(("call", "message"), WRONG, ids=[message for _, message in WRONG])
def test_a_value_of_the_wrong_type_is_a_clear_error(here, backlog, call, message):
    with pytest.raises(UsageError) as refused:
        call(backlog)
    assert message in str(refused.value)
    assert refused.value.hint
    assert len(backlog) == 1
    assert list(here.iterdir()) == []


# -- backlogs --------------------------------------------------------------------------------------------------------


def test_a_backlog_knows_what_is_in_it(backlog):
    task = backlog.add("y", id=7)

    assert "a" in backlog
    assert 7 in backlog
    assert task in backlog
    assert "b" not in backlog
    assert None not in backlog
    assert repr(backlog) == "<Backlog of 2 tasks: a: pending, 7: pending>"
    assert (len(backlog), [each.id for each in backlog]) == (2, ["a", "7"])


def test_a_whole_number_is_an_id(here, backlog):
    for number in (0, 7):
        backlog.add("y", id=number)
        backlog.set_status(number, "done")
        assert (backlog[number].id, backlog[str(number)].status) == (str(number), "done")
    backlog.add("z", id=8, dependencies=[7], command="true")
    assert api.run(backlog, only=8).done == ("8",)
    assert backlog["a"].status == "pending"
    with pytest.raises(OrchestratorError, match='not ""'):
        backlog.add("y", id="")


# -- saving ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", [False, True])
def test_an_entry_that_cannot_be_saved_is_named_with_its_file_and_place(here, there):
    if there:
        (here / "t.yml").write_text("- {id: 1, description: first}\n")
    memory = Memory("state.json")
    with pytest.raises(InvalidFile, match=r"t\.yml: task at index 1: the task has no id"):
        memory.save_tasks([ENTRIES[0], {"description": "y"}], "t.yml")
    with pytest.raises(InvalidFile, match=r"t\.yml: task 2: cost must be a number"):
        memory.save_tasks([ENTRIES[0], {**ENTRIES[1], "cost": "lots"}], "t.yml")
    with pytest.raises(OrchestratorError, match=r"t\.yml: "):
        memory.save_tasks([ENTRIES[0], {**ENTRIES[0], "dependencies": [3]}], "t.yml")


# -- the auditor and single tasks ------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_measured_does_not_look_perfect(here):
    (here / "broken.py").write_text("def (:\n")
    (here / "notes.md").write_text("# Notes\nnot a line of Python\n")
    for metrics in SelfAuditor().analyze(["broken.py", "notes.md"]).values():
        assert metrics["maintainability"] == {"mi": None, "rank": None}
        assert metrics["needs_refactor"] is True
        assert "invalid syntax" in metrics["error"]
    assert len(SelfAuditor().audit([])) == 1, "to the audit the Python file is a finding, too"


def test_wily_that_was_asked_for_and_cannot_be_installed_is_an_error(here, monkeypatch, tmp_path_factory):
    (here / "code.py").write_text("x = 1\n")
    without_index = {
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": "",
        "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")),
    }
    for name, value in without_index.items():
        monkeypatch.setenv(name, value)
    for call in (lambda auditor: auditor.analyze("code.py"), lambda auditor: auditor.audit([])):
        with pytest.raises(StorageError, match="the environment of wily cannot be made: Could not find") as refused:
            call(SelfAuditor(use_wily=True))
        assert "set PIP_INDEX_URL to an index within reach" in refused.value.hint
    assert SelfAuditor(use_wily=False).audit([]) == []


def test_a_path_that_is_not_there_says_where_it_was_looked_for(here):
    (here / "other" / "src").mkdir(parents=True)
    for call in (lambda: api.audit("src", directory="other"), lambda: SelfAuditor().analyze("src")):
        with pytest.raises(UsageError, match="no such file or directory: src") as refused:
            call()
        assert refused.value.hint == f"paths are relative to the current directory, {here}"


SINGLE = [
    ({"command": "true", "manual": True}, "there is nothing to execute: a person finishes the task (manual: true)"),
    ({"plugin": "changelog", "manual": True}, "there is nothing to execute: a person finishes the task (manual: true)"),
    ({"plugin": "nope"}, "there is no plugin nope"),
]


@pytest.mark.parametrize(("fields", "reason"), SINGLE, ids=["command", "plugin", "unknown"])
def test_a_task_that_is_not_executed_has_the_true_reason(here, fields, reason):
    outcome = Executor().execute({"id": "a", "description": "x", **fields})

    assert (outcome.ending, str(outcome.reason)) == ("failed", reason)
    assert reason in (here / outcome.log).read_text()
