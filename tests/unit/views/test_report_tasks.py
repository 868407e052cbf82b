"""Tasks, plans, reasons, histories and graphs as text and as JSON."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.runs.attempt import Attempt, RunRecord, Transition
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code
from core.domain.runs.run_state import RunOptions
from core.domain.tasks.plan import Explanation, Plan, PlannedStart, Rank, Verdict
from core.domain.tasks.task import Place, Readiness, Retry, Status, Task
from core.reports.backlog.display_status import BacklogContext, display_status, task_json
from core.reports.backlog.graph_text import dot, mermaid
from core.reports.backlog.plan_text import plan_json, plan_text
from core.reports.backlog.show_text import Surroundings, show_json, show_text
from core.reports.backlog.status_text import status_json, status_text, task_table
from core.reports.backlog.why_text import Past, why_json, why_text
from core.reports.run.history_text import attempt_json, attempts_text, run_json, runs_text, transition_json, transitions_text
from core.reports.text.columns import cells
from core.reports.text.style import PLAIN, Style


@pytest.fixture(autouse=True)
def _utc(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def task(task_id, status=Status.PENDING, **fields):
    fields = {"command": "true", "place": Place(line=3, column=1)} | fields
    return Task(id=task_id, description=f"Do {task_id}", status=status, **fields)


def explained(task_id, readiness=Readiness.READY, **fields):
    verdict = Verdict.START if readiness is Readiness.READY else Verdict.NOT_READY
    rank = Rank(effective_priority=10, priority_from="top", remaining_path=42.0, order=1)
    return Explanation(**{"task_id": task_id, "verdict": verdict, "readiness": readiness, "rank": rank, "reasons": ("it is so",)} | fields)


def context(*explanations, **fields):
    return BacklogContext(explanations={one.task_id: one for one in explanations}, **fields)


@pytest.mark.parametrize(
    ("one", "behind", "word"),
    [
        (task("a"), context(), "pending"),
        (task("a"), context(explained("a")), "ready"),
        (task("a"), context(explained("a", Readiness.BLOCKED)), "blocked"),
        (task("a"), context(explained("a", verdict=Verdict.OVER_BUDGET)), "over budget"),
        (task("a", Status.IN_PROGRESS), context(live_run="r"), "in progress"),
        (task("a", Status.IN_PROGRESS), context(), "interrupted"),
        (task("a", Status.DONE), context(), "done (unverified)"),
        (task("a", Status.DONE, verify=("true",)), context(), "done (unverified)"),  # done by hand: its check never ran
        (task("a", Status.DONE), context(verified={"a"}), "done"),
        (task("a", Status.DONE, command=None, dependencies=("b",)), context(), "done"),  # a milestone has nothing to check
        (task("a", Status.DONE, command=None, kind="fix"), context(handlers={"fix": "x"}), "done (unverified)"),
        (task("a", Status.DONE, command=None, verify=("true",)), context(), "done"),  # a goal is its own check
        (task("a", Status.DONE, check=True), context(), "done"),
        (task("a", Status.DONE, kind="fix", origin={"by": "reflector", "fingerprint": "f"}), context(), "done"),  # it was measured
        (task("a", Status.FAILED), context(), "failed"),
    ],
)
def test_the_displayed_status_of_a_task(one, behind, word):
    assert display_status(one, behind) == word


def test_the_list_shows_priorities_and_costs_only_where_some_differ():
    assert task_table([task("a")], context(explained("a")), PLAIN) == "status  id  description\nready   a   Do a\n"
    text = task_table([task("a", priority=10), task("b", cost=2.5)], context(), PLAIN)
    assert text.splitlines()[0] == "status   id  priority  cost  description"
    assert text.splitlines()[2] == "pending  b          0   2.5  Do b"


def test_an_empty_list_says_so():
    assert task_table([], context(), PLAIN) == "no tasks\n"


@given(st.integers(20, 120), st.lists(st.text(max_size=50), min_size=1, max_size=4))
def test_the_list_fits_the_terminal(width, ids):
    tasks = [Task(id=f"t{n}", description=words) for n, words in enumerate(ids)]
    assert all(cells(line) <= width + 10 for line in task_table(tasks, context(), Style(width=width)).splitlines())


def planned():
    starts = (
        PlannedStart(explanation=explained("a"), starts_at=0.0, duration=42.0, duration_known=True, cost=1.0),
        PlannedStart(explanation=explained("b"), starts_at=42.0, duration=1.0, duration_known=False, cost=2.0),
    )
    left = (explained("c", Readiness.BLOCKED), explained("d", verdict=Verdict.OVER_BUDGET))
    return Plan(starts=starts, left=left, makespan=43.0, cost=3.0), {name: task(name) for name in "abcd"}


def test_a_plan_shows_the_order_and_what_decides_it():
    plan, tasks = planned()
    assert plan_text(plan, tasks, RunOptions(jobs=2, budget=4.0), PLAIN) == (
        "   at  takes  cost  priority  path  id  description\n"
        "   0s    40s     1        10   40s  a   Do a (priority of top)\n"
        "42.0s      ?     2        10   40s  b   Do b (priority of top)\n"
        "\n"
        "blocked      c  it is so\n"
        "over budget  d  it is so\n"
        "\n"
        "2 tasks, 2 left · about 45s with 2 jobs · cost 3 of 4 (durations known of 1, 1s taken for the others)\n"
        "in order of priority, then of the longest path to the end of what waits, then of the file\n"
    )


def test_an_empty_plan_says_that_nothing_would_start():
    assert plan_text(Plan(starts=(), left=(), makespan=0, cost=0), {}, RunOptions(), PLAIN) == "nothing would start\n"


def test_a_plan_is_json():
    plan, tasks = planned()
    value = json.loads(json.dumps(plan_json(plan, tasks, RunOptions(jobs=2))))
    assert [start["id"] for start in value["starts"]] == ["a", "b"]
    assert value["left"][0]["readiness"] == "blocked"
    assert value["starts"][1]["duration_known"] is False


def attempt(task_id="a", **fields):
    outcome = Outcome(ending=Ending.FAILED, reason=Code.EXIT.of(3), usage=Usage(seconds=2.0, units=1.0))
    return Attempt(**{"run_id": "r1", "task_id": task_id, "number": 2, "started": 0.0, "log": "logs/a.log", "outcome": outcome} | fields)


def test_why_a_blocked_task_does_not_run_and_what_to_type():
    tasks = {"c": task("c"), "a": task("a", Status.FAILED)}
    why = explained("c", Readiness.BLOCKED, reasons=("it depends on a, which failed",), because_of=("a",))
    assert why_text(why, tasks, Past(attempt=attempt("c")), context(), PLAIN).splitlines() == [
        "c is blocked; it depends on a, which failed",
        "  priority      10, lent by top, which waits for it",
        "  longest path  about 40s from its start to the end of what waits for it",
        "  entry         2 of the file, line 3",
        "  last attempt  failed: exit 3 after 2.0s",
        "  try           orchestrator log a",
        "  try           orchestrator run --retry-failed",
    ]
    assert why_json(why, tasks, Past(attempt=attempt("c")))["because_of"] == [{"id": "a", "status": "failed"}]


def test_what_a_cancelled_task_blocks_is_freed_by_a_reset():
    tasks = {"c": task("c"), "b": task("b", Status.CANCELLED)}
    why = explained("c", Readiness.BLOCKED, reasons=("it depends on b, which is cancelled",), because_of=("b",))
    steps = [line.split(maxsplit=1)[1] for line in why_text(why, tasks, Past(), context(), PLAIN).splitlines() if line.startswith("  try")]
    assert steps == ["orchestrator reset b"]


def test_why_a_goal_waits_names_the_person_and_the_handler():
    tasks = {"g": task("g", command=None, verify=("true",), kind="refactor")}
    why = explained("g", Readiness.WAITING, reasons=("a person or an agent does what it says",))
    steps = [line.split(maxsplit=1)[1] for line in why_text(why, tasks, Past(), context(), PLAIN).splitlines() if line.startswith("  try")]
    assert steps == [
        "do what g says, then: orchestrator run",
        "a handler in config.yaml, which a run then calls: handlers: {refactor: COMMAND}",
        "orchestrator done g",
    ]


@pytest.mark.parametrize(
    ("ending", "reason", "words"),
    [
        (Ending.TIMED_OUT, "timed out after 1 s", "timed out after 1 s"),
        (Ending.FAILED_VERIFY, "check failed: x: exit 1", "failed verify: check failed: x: exit 1 after 2.0s"),
    ],
    ids=["timeout", "check"],
)
def test_why_words_the_last_attempt_for_people(ending, reason, words):
    last = attempt("c", outcome=Outcome(ending=ending, reason=Code.TEXT.of(reason), usage=Usage(seconds=2.0)))
    assert f"last attempt  {words}\n" in why_text(explained("c"), {"c": task("c")}, Past(attempt=last), context(), PLAIN)


def test_why_a_waiting_task_names_the_task_that_a_person_finishes():
    tasks = {"b": task("b"), "look": task("look", manual=True)}
    why = explained("b", Readiness.WAITING, because_of=("look",))
    assert "orchestrator done look" in why_text(why, tasks, Past(), context(), PLAIN)


@pytest.mark.parametrize(
    ("status", "steps"), [(Status.DONE, 0), (Status.FAILED, 1), (Status.CANCELLED, 1)], ids=["done", "failed", "cancelled"]
)
def test_an_ended_task_can_be_reset_unless_it_is_done(status, steps):
    why = explained("a", None, verdict=Verdict.ENDED, rank=None)
    assert why_text(why, {"a": task("a", status)}, Past(), context(), PLAIN).count("orchestrator reset a") == steps


def test_history_lists_runs():
    runs = (RunRecord(id="r2", pid=7, started=100.0), RunRecord(id="r1", pid=6, started=0.0, ended=3.0, exit_code=1))
    assert runs_text(runs, "r2", PLAIN) == (
        "started              took  exit  run\n"
        "1970-01-01 00:01:40              r2   running\n"
        "1970-01-01 00:00:00  3.0s     1  r1   a task failed\n"
    )
    assert (run_json(runs[0], "r2")["live"], run_json(runs[1], "r2")["live"], run_json(runs[1], "r2")["exit_code"]) == (True, False, 1)
    assert runs_text((), "", PLAIN) == "no runs yet\n"


@pytest.mark.parametrize("end", [{}, {"ended": 99.0, "exit_code": -1}], ids=["not found yet", "found by the next run"])
def test_a_killed_run_has_neither_end_nor_exit_code(end):
    run = RunRecord(id="r1", pid=6, started=0.0, **end)
    assert runs_text((run,), "", PLAIN).splitlines()[1].split()[2:] == ["r1", "killed", "or", "broken", "off"]
    assert run_json(run, "") == {"id": "r1", "pid": 6, "started": 0.0, "ended": None, "exit_code": None, "live": False}
    assert "last run 1970-01-01 00:00:00, killed or broken off\n" in status_text([task("a")], context(), (), run, PLAIN)


def test_a_run_whose_terminal_was_closed_says_so():
    assert "its terminal was closed" in runs_text((RunRecord(id="r", pid=6, started=0.0, ended=1.0, exit_code=129),), "", PLAIN)


def test_history_lists_the_attempts_of_a_task():
    verified = Outcome(ending=Ending.SUCCEEDED, reason=Code.EXIT.of(0), usage=Usage(seconds=1.0, units=1.0), verified=True)
    attempts = (attempt(), attempt(number=1, outcome=None), attempt(number=0, outcome=verified))
    text = attempts_text(attempts, "r1", PLAIN)
    assert "interrupted: its run died" in attempts_text(attempts, "", PLAIN)
    assert [line.split("  ")[0] for line in text.splitlines()[1:]] == ["1970-01-01 00:00:00"] * 3
    assert [word for word in ("failed: exit 3", "running", "succeeded") if word in text] == ["failed: exit 3", "running", "succeeded"]
    assert "unverified" not in text
    change = Transition(
        seq=1, run_id="r1", task_id="a", before=Status.PENDING, after=Status.IN_PROGRESS, at=0.0, reason=Code.ATTEMPT_STARTED.of(1)
    )
    assert transitions_text((change,), PLAIN).splitlines()[1] == "1970-01-01 00:00:00  pending  in progress  attempt 1 started"
    assert transition_json(change)["after"] == "in_progress"
    assert attempt_json(attempts[1])["ending"] is None


def test_status_counts_only_what_is_still_wanted():
    tasks = [task("a", Status.DONE), task("b"), task("c", Status.FAILED), task("d", Status.CANCELLED), task("e")]
    behind = context(explained("b"), explained("e", Readiness.BLOCKED))
    text = status_text(tasks, behind, ("b",), RunRecord(id="r", pid=1, started=0.0, ended=2.0, exit_code=1), PLAIN)
    assert text == (
        "━━━━━━━───────────────────────  1 of 4 tasks done (1 unverified)\n"
        "\n"
        "1 ready, 1 blocked, 1 failed, 1 cancelled\n"
        "\n"
        "next    b  Do b\n"
        "failed  c  Do c\n"
        "\n"
        "last run 1970-01-01 00:00:00, 2.0s, exit 1\n"
    )
    value = status_json(tasks, behind, ("b",), None)
    assert value["statuses"] == {"pending": 2, "in_progress": 0, "done": 1, "failed": 1, "cancelled": 1}
    assert (value["next"], value["failed"], value["unverified"], value["last_run"]) == (["b"], ["c"], 1, None)


def test_a_check_costs_nothing_in_show():
    assert "cost     0\n" in show_text(
        task("a", check=True, timeout=90.0), context(), Surroundings(dependents=(), attempts=()), "tasks.yml", PLAIN
    )


def test_show_tells_everything_that_is_set_and_nothing_else():
    one = task("a", verify=("make check", "true"), dependencies=("b",), timeout=90.0, tags=("x", "y"))
    around = Surroundings(dependents=("z",), attempts=(attempt(),))
    text = show_text(one, context(explained("a")), around, "tasks.yml", PLAIN)
    labels = [line.split("  ")[0] for line in text.splitlines()[3:13]]
    assert labels == ["stands", "command", "verify", "verify", "depends on", "needed by", "cost", "timeout", "tags", "entry"]
    assert "tasks.yml:3" in text
    assert "failed: exit 3" in text
    value = json.loads(json.dumps(show_json(one, context(explained("a")), around)))
    assert (value["dependents"], value["attempts"][0]["attempt"], value["explanation"]["verdict"]) == (["z"], 2, "start")


def test_show_tells_the_users_own_fields_and_every_circumstance():
    retries = Retry(limit=3, delay=2.0, backoff=3.0, max_delay=60.0)
    one = task("a", retries=retries, env={"A": "1"}, cwd="sub", manual=True, extra={"x-owner": "me", "x-list": [1, 2]})
    change = Transition(
        seq=1, run_id="r", task_id="a", before=Status.PENDING, after=Status.DONE, at=0.0, reason=Code.TEXT.of("complexity: 14 → 1")
    )
    around = Surroundings(dependents=(), attempts=(), last_change=change)
    lines = [line.split(maxsplit=1) for line in show_text(one, context(), around, "tasks.yml", PLAIN).splitlines()[3:]]
    assert dict(lines) | {"x-owner": "me", "x-list": "[1, 2]", "cwd": "sub", "env": "A=1"} == dict(lines)
    text = show_text(one, context(), around, "tasks.yml", PLAIN)
    assert "last change  1970-01-01 00:00:00: pending → done: complexity: 14 → 1" in text
    assert "3 retries, after 2.0s, then 3 times as long, at most 1m 00s" in text
    value = task_json(one, context())
    assert value["retries"] == {"limit": 3, "delay": 2.0, "backoff": 3.0, "max_delay": 60.0}
    assert (value["env"], value["cwd"], value["manual"], value["x-owner"], value["x-list"]) == ({"A": "1"}, "sub", True, "me", [1, 2])


def test_why_tells_why_a_task_has_ended_unless_that_is_no_longer_so():
    why = explained("a", None, verdict=Verdict.ENDED, rank=None, reasons=("it is done",))
    change = Transition(
        seq=1, run_id="r", task_id="a", before=Status.PENDING, after=Status.DONE, at=0.0, reason=Code.TEXT.of("complexity: 14 → 1")
    )
    said = [why_text(why, {"a": task("a", status)}, Past(change=change), context(), PLAIN) for status in (Status.DONE, Status.CANCELLED)]
    assert ["  because       complexity: 14 → 1, 1970-01-01 00:00:00\n" in text for text in said] == [True, False]


def test_json_of_a_task_always_has_the_same_keys():
    assert task_json(task("a"), context()).keys() == task_json(task("b", manual=True, epic="e"), context(explained("b"))).keys()


HOSTILE = 'a"] --> b; %% <script> `x` \\ {y} #quot; end'


def test_a_mermaid_label_says_what_the_description_says_and_no_more():
    tasks = [Task(id="a", description=HOSTILE), Task(id="b/c", description="", dependencies=("a",))]
    text = mermaid(tasks, context())
    lines = text.splitlines()
    assert lines[0] == "flowchart LR"
    assert lines[2] == '  t1["<b>b/c</b>"]:::open'
    assert lines[3] == "  t0 --> t1"
    label = re.fullmatch(r'  t0\["<b>a</b><br/>([^"\[\]{}<>`\\|]*)"\]:::open', lines[1]).group(1)
    assert re.sub(r"#(\d+);", lambda m: chr(int(m.group(1))), label) == HOSTILE


def test_a_dot_string_says_what_the_id_says_and_no_more():
    tasks = [Task(id="a", description=HOSTILE), Task(id="b/c", description="x", dependencies=("a", "gone"))]
    text = dot(tasks, context())
    assert '"a" -> "b/c";' in text
    assert "gone" not in text
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    assert "".join(re.sub(r'"(?:[^"\\]|\\.)*"', "", text).split()) == "".join(
        re.sub(r'"(?:[^"\\]|\\.)*"', "", dot([Task(id="a", description="x"), tasks[1]], context())).split()
    ), "what is outside of strings does not depend on what people wrote"
    assert any(re.sub(r"\\(.)", r"\1", string.removeprefix("a\\n")) == HOSTILE for string in strings)


def test_a_graph_colours_by_standing_and_defines_only_what_it_uses():
    tasks = [task("a", Status.DONE), task("b", Status.FAILED)]
    text = mermaid(tasks, context())
    assert [line.split()[1] for line in text.splitlines() if "classDef" in line] == ["done", "failed"]
