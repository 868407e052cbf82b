"""Random backlogs of checks and tasks that change files, against a small model of what must hold: only what processes did counts there."""

from __future__ import annotations

import signal
from dataclasses import replace

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from core.domain.tasks.task import Retry, Status, Task
from tests.faults.scale import count
from tests.unit.check_world import BROKEN, PATHS, Behaviour, Change, CheckWorld, Removal, is_off

# -- the model ---------------------------------------------------------------------------------------------------------


def selected(world, options):
    """Return the ids that a run is about: those chosen, and what they need that is not done."""
    chosen, entries = {*options.get("only", ()), *options.get("named", ())}, world.entries
    if not chosen:
        return set(entries)
    found, wanted = set(), [each for each in chosen if each in entries]
    while wanted:
        task_id = wanted.pop()
        if task_id not in found:
            found.add(task_id)
            wanted += [each for each in entries[task_id].dependencies if entries[each].status is not Status.DONE]
    return found


def about(task, files):
    """Return what a check with sources is about. Files that are changed and restored while it runs count as unchanged: see the docs."""
    return task.command, {path: files[path] for path in task.sources}


def holds(world, task, options):
    """Tell whether a check is in order for the files as they are: it passed after the last work, or for the same sources."""
    ended = [each for each in world.of_run(task.id) if each.exit_code is not None]
    if not ended:
        again = options.get("fresh") or task.id in options.get("named", ())
        return bool(task.sources) and not again and was_up_to_date(world, task, world.files, before=world.runs)
    last = ended[-1]
    if not last.passed or last.command != task.command:
        return False
    if task.sources and about(task, last.files) == about(task, last.files_after) == about(task, world.files):
        return True
    work = [each.ended or world.order for each in world.of_run() if not each.is_check]
    return last.started > max(work, default=0)


def was_up_to_date(world, task, files, *, before):
    """Tell whether the newest whole run of a check for these contents, in a run before number ``before``, passed."""
    known = [
        each
        for each in world.processes
        if each.task_id == task.id and each.run < before and each.ended is not None and about(task, each.files) == about(task, files)
    ]
    return any(each.passed for each in known if each.command == task.command and about(task, each.files) == about(task, each.files_after))


def waits(world, task, chosen):
    """Tell whether a check waits for something that is neither done nor in order: then it need not have run."""
    entries = world.entries
    return any(
        entries[need].check or entries[need].status is not Status.DONE
        if need not in chosen or not entries[need].check
        else is_off(entries[need]) or waits(world, entries[need], chosen)
        for need in task.dependencies
    )


def judge_end(world, last, options):
    """(a) Exit code 0 is only for what is in order, and 1 only for what is not."""
    chosen, entries = selected(world, options), world.entries
    checks = [entries[each] for each in chosen if entries[each].check and not is_off(entries[each])]
    wrong = [task.id for task in checks if not holds(world, task, options) and not waits(world, task, chosen)]
    if last.exit_code == 0:
        assert wrong == [], f"exit code 0, and not in order: {wrong}"
    if last.exit_code == 1:
        failed = [each for each in chosen if entries[each].status is Status.FAILED]
        failed_checks = [task.id for task in checks if not holds(world, task, options)]
        named = [each for each in options.get("named", ()) if entries.get(each) is None or entries[each].status is not Status.DONE]
        assert failed or failed_checks or named, "exit code 1 for no reason"


def judge_starts(world):
    """(b) What depends on a check starts only after it has passed in this run, or where it is up to date."""
    for process in world.of_run():
        task = world.entries[process.task_id]
        for need in (world.entries[each] for each in task.dependencies):
            if not need.check:
                continue
            earlier = [each for each in world.of_run(need.id) if each.ended is not None and each.ended < process.started]
            if earlier and earlier[-1].passed:
                continue
            # Files may have changed since then; they are those of some moment that was observed.
            moments = [files for each in world.of_run() for files in (each.files, each.files_after) if files]
            known = need.sources and any(was_up_to_date(world, need, files, before=world.runs) for files in moments)
            assert known, f"{task.id} started though {need.id} had not passed and is not up to date"


def judge_journal(world):
    """(d) Newest first; passed only for a process that did; about contents only where these were left alone."""
    for task_id, results in world.journal.check_results().items():
        assert [(each.at, each.attempt) for each in results] == sorted(((each.at, each.attempt) for each in results), reverse=True)
        for result in results:
            number = int(result.run_id[1:])
            ended = [each for each in world.processes if each.task_id == task_id and each.run == number and each.ended is not None]
            fits = [each for each in ended if each.passed == result.passed]
            assert fits, f"the journal has {result}, the processes were {ended}"
            if result.digest:
                sources = world.sources[task_id]
                same = [each for each in fits if all(each.files[path] == each.files_after[path] for path in sources)]
                assert same, f"the sources changed while it ran: {result}"


def judge_counts(world, edits=0):
    """(f) No check runs more often than files may have changed."""
    changes = sum(not each.is_check for each in world.of_run())
    for task in world.file.tasks:
        if task.check:
            assert len(world.of_run(task.id)) <= (1 + changes + edits) * (1 + task.retries.limit), task.id


def expected_starts(world):
    """(e) Return what a run starts when nothing has changed and all work has ended: checks that are not up to date, in order of need."""
    started, in_order = set(), set()
    for task in world.file.tasks:  # what a task needs stands before it
        if not task.check or is_off(task):
            continue
        if not all(each in in_order or world.entries[each].status is Status.DONE for each in task.dependencies):
            continue
        results = world.journal.check_results().get(task.id, ())
        digest = world.inputs.digest(task)
        newest = next((each for each in results if digest and each.digest == digest), None)
        if newest is None or not newest.passed:
            started.add(task.id)
        if (newest is not None and newest.passed) or not any(
            world.files[path] == BROKEN for path in world.behaviour(task.command).looks_at
        ):
            in_order.add(task.id)
    return started


# -- the backlogs ------------------------------------------------------------------------------------------------------

_texts = st.sampled_from(["0", "1", BROKEN])
_times = st.sampled_from([0.0, 0.4, 0.9, 1.6])
_changes = st.lists(st.tuples(_times, st.sampled_from(PATHS), _texts), max_size=2).map(tuple)
_sources = st.sets(st.sampled_from(PATHS), max_size=2).map(lambda found: tuple(sorted(found)))


@st.composite
def worlds(draw, flaky=True):
    """Return a world of one to six tasks and checks; dependencies stand before what needs them."""
    tasks, behaviours = [], {}
    for number in range(draw(st.integers(1, 6))):
        needs = tuple(sorted(draw(st.sets(st.sampled_from([task.id for task in tasks]), max_size=2)))) if tasks else ()
        retries = Retry(limit=draw(st.integers(0, 1)))
        priority = draw(st.sampled_from([0, 0, 10]))
        duration = draw(st.sampled_from([0.5, 1.0, 2.0]))
        fails_first = draw(st.sampled_from([0, 0, 0, 1])) if flaky else 0
        if draw(st.booleans()):
            sources = draw(_sources)
            status = draw(st.sampled_from([Status.PENDING] * 7 + [Status.CANCELLED]))
            looks_at = sources or draw(_sources)
            task = Task(id=f"c{number}", description="d", command=f"check c{number}", check=True, sources=sources, status=status)
            behaviour = Behaviour(duration=duration, fails_first=fails_first, looks_at=looks_at)
            tasks.append(replace(task, gate=draw(st.booleans()), retries=retries, priority=priority, dependencies=needs))
        else:
            task = Task(id=f"w{number}", description="d", command=f"work w{number}", retries=retries, priority=priority)
            always = draw(st.integers(0, 9)) == 0
            behaviour = Behaviour(duration=duration, changes=draw(_changes), fails_first=fails_first, always_fails=always)
            tasks.append(replace(task, dependencies=needs))
        behaviours[tasks[-1].command] = behaviour
        behaviours[f"{tasks[-1].command} v2"] = replace(behaviour, fails_first=0, always_fails=draw(st.integers(0, 4)) == 0)
    world = CheckWorld(tasks, behaviours)
    world.sources = {task.id: task.sources for task in tasks if task.check}
    return world


def ids_of(world):
    return st.sampled_from([task.id for task in world.file.tasks])


@st.composite
def options_of(draw, world):
    """Return how a run is started."""
    options = {"jobs": draw(st.integers(1, 3))}
    match draw(st.sampled_from(["", "", "", "only", "named", "fresh", "fail_fast", "time", "units"])):
        case "only":
            options["only"] = frozenset({draw(ids_of(world))})
        case "named":
            options["named"] = frozenset({draw(ids_of(world))})
            world.file.given = {key: Status.PENDING if key in options["named"] else value for key, value in world.file.given.items()}
        case "fresh":
            options["fresh"] = True
        case "fail_fast":
            options["fail_fast"] = True
        case "time":
            options["time_budget"] = draw(st.sampled_from([0.2, 1.5, 3.0, 6.0]))
        case "units":
            options |= {"budget": float(draw(st.integers(0, 3))), "stop_on_exceed": draw(st.booleans())}
    return options


def judge(world, last, options, edits=0):
    judge_end(world, last, options)
    if not edits:
        judge_starts(world)
    judge_journal(world)
    judge_counts(world, edits)


_MANY = settings(max_examples=count(150, 20_000), phases=[Phase.generate])


@given(st.data(), worlds())
@_MANY
def test_a_run_ends_well_only_when_every_check_holds_for_what_it_left(data, world):
    for _ in range(data.draw(st.integers(1, 3))):
        options = data.draw(options_of(world))
        judge(world, world.run(**options), options)
        world.change(data.draw(st.sampled_from(PATHS)), data.draw(_texts))


@given(st.data(), worlds(flaky=False), st.integers(1, 3))
@_MANY
def test_a_second_run_starts_exactly_the_checks_that_are_not_up_to_date(data, world, jobs):
    world.run(jobs=jobs)
    expected = expected_starts(world)
    last = world.run(jobs=data.draw(st.integers(1, 3)))

    assert {each.task_id for each in world.of_run()} == expected
    assert all(len(world.of_run(each)) == 1 for each in expected if world.of_run(each)[0].passed)
    judge(world, last, {})


@given(st.data(), worlds(), st.lists(st.integers(0, 150), min_size=1, max_size=4))
@_MANY
def test_killed_at_any_step_no_check_is_taken_to_hold_that_did_not_run_to_its_end(data, world, kills):
    for length in kills:
        world.run(fuse=length, jobs=data.draw(st.integers(1, 3)))
        judge_journal(world)
    judge(world, world.run(), {})


@given(st.data(), worlds(), st.floats(0.1, 4.0), st.sampled_from([signal.SIGTERM, signal.SIGINT]))
@_MANY
def test_stopped_by_a_signal_at_any_time_the_next_run_checks_what_is_not_known(data, world, after, number):
    last = world.run(signals=[(after, number)], jobs=data.draw(st.integers(1, 3)))
    assert last.exit_code in (128 + number, 0, 1)
    judge_journal(world)
    judge(world, world.run(), {})


@st.composite
def edits_of(draw, world):
    """Return one edit of an entry."""
    task_id = draw(ids_of(world))
    task = world.entries[task_id]
    kinds = [
        Change(task_id=task_id, fields={"command": f"{task.command.removesuffix(' v2')} v2"}),
        Change(task_id=task_id, fields={"description": "another"}),
        Change(task_id=task_id, fields={"status": Status.CANCELLED}),
        Change(task_id=task_id, fields={"status": Status.PENDING}),
        Removal(task_id=task_id),
        Change(task_id=task_id, fields={"retries": Retry(limit=0)}),
    ]
    return draw(st.sampled_from([0.2, 0.7, 1.2, 2.2, 3.3])), kinds[draw(st.integers(0, len(kinds) - 1))]


@given(st.data(), worlds())
@_MANY
def test_whatever_is_edited_meanwhile_a_run_ends_well_only_when_every_check_holds(data, world):
    edits = data.draw(st.lists(edits_of(world), min_size=1, max_size=3))
    jobs = data.draw(st.integers(1, 3))
    last = world.run(edits=edits, jobs=jobs)
    judge(world, last, {}, edits=len(edits))
    judge(world, world.run(), {})
