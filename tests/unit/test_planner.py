"""The order of work: effective priority, then longest remaining path, then the file; and who is held up by whom."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.runs.budget import Budget
from core.domain.tasks.lookup import select
from core.domain.tasks.plan import Verdict
from core.domain.tasks.task import Readiness, Status, Task
from core.planner import Planner

FREE = Budget()


def task(name, *deps, priority=0, cost=1.0, status=Status.PENDING, **kwargs):
    kwargs.setdefault("command", "true")
    return Task(id=name, description=name, dependencies=deps, priority=priority, cost=cost, status=status, **kwargs)


def drain(planner, budget=FREE):
    order = []
    while (decision := planner.next(budget)) is not None:
        order.append(decision.task.id)
        planner.mark(decision.task.id, Status.DONE)
    return order


def test_a_task_runs_after_everything_it_depends_on():
    assert drain(Planner([task("c", "b"), task("b", "a"), task("a")])) == ["a", "b", "c"]


def test_a_higher_priority_runs_first():
    assert drain(Planner([task("low"), task("high", priority=10)])) == ["high", "low"]


def test_a_task_inherits_the_priority_of_what_waits_for_it():
    planner = Planner([task("other", priority=5), task("base"), task("deploy", "base", priority=100)])

    decision = planner.next(FREE)

    assert decision.task.id == "base"
    assert decision.reason == "priority 100 lent by deploy, remaining path 2 s, entry 2 of the file"


def refactor(name, path):
    return task(name, kind="refactor", command=None, verify=("check",), origin={"by": "reflector", "fingerprint": name, "path": path})


def test_of_two_handlers_on_one_file_one_waits_for_the_other():
    planner = Planner([refactor("a", "x.py"), refactor("b", "x.py"), refactor("c", "y.py")], handlers={"refactor": "fix"})
    for name in ("a", "c"):
        assert planner.next(FREE).task.id == name
        planner.mark(name, Status.IN_PROGRESS)

    assert (planner.next(FREE), planner.upcoming(9)) == (None, ())
    held = planner.explain("b")
    assert (held.verdict, held.readiness, held.reasons) == (Verdict.NOT_READY, Readiness.QUEUED, ("a works on the same file",))
    planner.mark("c", Status.DONE)
    assert planner.next(FREE) is None
    planner.mark("a", Status.FAILED)
    assert planner.next(FREE).task.id == "b"


def test_while_a_handler_pauses_before_a_retry_another_may_work_on_its_file():
    planner = Planner([refactor("a", "x.py"), refactor("b", "x.py")], handlers={"refactor": "fix"})
    planner.restore(running=["b"], pausing=[], waiting={}, checks={})
    assert planner.next(FREE) is None
    planner.delay("b")
    assert planner.next(FREE).task.id == "a"
    planner.mark("a", Status.IN_PROGRESS)
    planner.resume("b")
    assert planner.next(FREE) is None


def test_checks_of_one_file_and_tasks_of_people_run_side_by_side():
    goals = Planner([refactor("a", "x.py"), refactor("b", "x.py")])
    people = Planner([task("a", origin={"path": "x.py"}), task("b", origin={"path": "x.py"})])
    for planner in (goals, people):
        planner.mark(planner.next(FREE).task.id, Status.IN_PROGRESS)
        assert planner.next(FREE).task.id == "b"


def test_a_finished_dependent_lends_no_priority():
    planner = Planner([task("a"), task("b", priority=1), task("gone", "a", priority=9, status=Status.CANCELLED)])

    assert planner.next(FREE).task.id == "b"


def test_the_longer_chain_starts_first_among_equal_priorities():
    tasks = [task("short"), task("one"), task("two", "one"), task("three", "two")]

    assert drain(Planner(tasks))[0] == "one"


def test_paths_are_weighted_by_the_durations_seen():
    tasks = [task("one"), task("two", "one"), task("slow")]

    assert drain(Planner(tasks, durations={"slow": 60.0}))[0] == "slow"


def test_equal_tasks_run_in_file_order():
    assert drain(Planner([task("b"), task("a"), task("c")])) == ["b", "a", "c"]


def test_a_failed_task_blocks_only_what_depends_on_it():
    planner = Planner([task("a"), task("b", "a"), task("c", "b"), task("d")])
    assert planner.next(FREE).task.id == "a"
    planner.mark("a", Status.FAILED)

    assert drain(planner) == ["d"]
    explanation = planner.explain("c")
    assert explanation.readiness is Readiness.BLOCKED
    assert explanation.reasons == ("it depends on a, which failed (through b)",)
    assert explanation.because_of == ("b", "a")


def test_a_manual_dependency_makes_what_follows_wait():
    planner = Planner([task("review", manual=True), task("ship", "review")])

    assert drain(planner) == []
    assert planner.explain("ship").readiness is Readiness.WAITING
    assert planner.explain("review").reasons == ("a person finishes it (manual: true)",)


def test_what_does_not_fit_the_budget_is_passed_over_for_what_fits():
    planner = Planner([task("dear", priority=9, cost=4), task("cheap", cost=1)])

    assert planner.next(Budget(limit=2)).task.id == "cheap"
    assert planner.passed_over() == ("dear",)


def test_on_exceed_stop_ends_at_the_first_task_that_does_not_fit():
    planner = Planner([task("dear", priority=9, cost=4), task("cheap", cost=1)])

    assert planner.next(Budget(limit=2), stop_on_exceed=True) is None
    assert planner.passed_over() == ("dear", "cheap")


def test_what_was_passed_over_comes_back_when_less_was_spent_than_reserved():
    planner = Planner([task("dear", cost=4), task("cheap", cost=1)])
    assert planner.next(Budget(limit=5, reserved=4)).task.id == "cheap"
    assert planner.next(Budget(limit=5, reserved=5)) is None

    assert planner.next(Budget(limit=5, spent=1)).task.id == "dear"


def test_a_task_that_would_overrun_the_time_left_is_passed_over():
    planner = Planner([task("long"), task("brief")], durations={"long": 100.0, "brief": 1.0})

    assert planner.next(FREE, time_left=10.0).task.id == "brief"
    assert planner.next(FREE, time_left=10.0) is None


def test_nothing_starts_when_no_time_is_left():
    assert Planner([task("a")]).next(FREE, time_left=0.0) is None


def test_peek_leaves_the_task_in_the_queue():
    planner = Planner([task("a")])

    assert planner.peek(FREE).task.id == "a"
    assert planner.next(FREE).task.id == "a"
    assert planner.next(FREE) is None


def test_a_paused_task_comes_back_on_resume():
    planner = Planner([task("a")])
    planner.next(FREE)
    planner.delay("a")
    assert planner.next(FREE) is None
    assert planner.explain("a").reasons == ("it pauses before its next attempt",)

    planner.resume("a")
    assert planner.next(FREE).task.id == "a"


def test_a_selection_takes_what_it_needs_along():
    tasks = [task("a", status=Status.DONE), task("b", "a"), task("c", "b", tags=("ship",)), task("d")]

    assert select(tasks, {"c"}, ()) == {"b", "c"}
    assert select(tasks, (), {"ship"}) == {"b", "c"}
    assert select(tasks, (), ()) is None


def test_what_is_not_selected_does_not_run():
    planner = Planner([task("a"), task("b")], selection={"b"})

    assert drain(planner) == ["b"]
    assert planner.explain("a").verdict is Verdict.NOT_SELECTED


@st.composite
def backlogs(draw):
    size = draw(st.integers(1, 12))
    tasks = []
    for position in range(size):
        deps = draw(st.lists(st.integers(0, position - 1), max_size=3, unique=True)) if position else []
        status = draw(st.sampled_from([Status.PENDING] * 5 + [Status.DONE, Status.FAILED, Status.CANCELLED]))
        tasks.append(
            task(
                f"t{position}",
                *[f"t{dep}" for dep in deps],
                priority=draw(st.integers(-3, 3)),
                cost=draw(st.sampled_from([0, 0.5, 1, 4])),
                status=status,
                manual=draw(st.integers(0, 9)) == 0,
            )
        )
    return draw(st.permutations(tasks))


@given(backlogs(), st.one_of(st.none(), st.integers(0, 10)), st.randoms())
@settings(max_examples=200)
def test_every_order_respects_dependencies_priorities_and_budget(tasks, limit, random):
    by_id = {entry.id: entry for entry in tasks}
    planner = Planner(tasks)
    status = {entry.id: entry.status for entry in tasks}
    budget = Budget(limit=limit)
    while True:
        ready = [
            name
            for name, entry in by_id.items()
            if status[name] is Status.PENDING and not entry.manual and all(status[dep] is Status.DONE for dep in entry.dependencies)
        ]
        decision = planner.next(budget)
        fitting = [name for name in ready if budget.affords(by_id[name].cost)]
        if decision is None:
            assert fitting == []
            break
        assert decision.task.id in fitting
        assert decision.rank.effective_priority == effective(by_id, decision.task.id)
        assert decision.rank.effective_priority == max(effective(by_id, name) for name in fitting)
        budget = budget.reserve(decision.cost).settle(decision.cost, decision.cost)
        after = random.choice([Status.DONE, Status.DONE, Status.FAILED])
        status[decision.task.id] = after
        planner.mark(decision.task.id, after)
    assert budget.limit is None or budget.spent <= budget.limit


def effective(by_id, name):
    """The definition, slowly: the highest priority among a task and every task behind it that was open at the start."""
    behind = (other for other in by_id.values() if name in other.dependencies and other.status is Status.PENDING)
    return max([by_id[name].priority, *(effective(by_id, other.id) for other in behind)])


@given(backlogs())
@settings(max_examples=200)
def test_every_open_task_is_explained_and_held_up_by_a_real_cause(tasks):
    by_id = {entry.id: entry for entry in tasks}
    planner = Planner(tasks)
    for explanation in planner.explain_open():
        assert explanation.reasons
        if explanation.readiness is Readiness.BLOCKED:
            assert by_id[explanation.because_of[-1]].status in (Status.FAILED, Status.CANCELLED)
        if explanation.readiness is Readiness.READY:
            assert all(by_id[dep].status is Status.DONE for dep in by_id[explanation.task_id].dependencies)


def test_a_long_chain_is_named_by_its_first_links_and_its_cause():
    tasks = [task("t0", status=Status.FAILED), *(task(f"t{n}", f"t{n - 1}") for n in range(1, 3000))]
    explanations = Planner(tasks).explain_open()

    assert explanations[-1].reasons == ("it depends on t0, which failed (through t2998 → t2997 → t2996 → …)",)
    assert explanations[-1].because_of == ("t2998", "t2997", "t2996", "t0")


@given(backlogs(), st.integers(0, 15))
def test_upcoming_lists_what_next_returns(tasks, count):
    planner = Planner(tasks)
    told = planner.upcoming(count)
    taken = []
    while len(taken) < count and (decision := planner.next(FREE)) is not None:
        taken.append(decision.task.id)

    assert list(told) == taken


def test_what_only_waits_for_what_runs_comes_after_what_is_ready():
    planner = Planner([task("a"), task("b"), task("c", "a"), task("d", "a", priority=1), task("e", "a", "b"), task("f", "c"), task("g")])
    for running in ("a", "b"):
        assert planner.next(FREE).task.id in ("a", "b")
        planner.mark(running, Status.IN_PROGRESS)

    assert planner.upcoming(9, after=("a", "b", "gone")) == ("g", "d", "c", "e")
    assert planner.upcoming(9, after=("a",)) == ("g", "d", "c")
    assert planner.upcoming(2, after=("a",)) == ("g", "d")
    assert planner.upcoming(9) == ("g",)
