"""Events as JSON."""

import dataclasses
import json

import pytest

from core import event_values, events
from core.domain.runs.exit_code import ExitCode
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code

STAMP = {"at": 1.5, "run_id": "r"}


def test_an_event_is_its_name_and_its_fields():
    event = events.TaskClosed(**STAMP, task_id="t", status="done", reason="gone")
    assert event_values.to_json(event) == {
        "event": "task_closed",
        "at": 1.5,
        "run_id": "r",
        "task_id": "t",
        "status": "done",
        "reason": "gone",
    }


def test_nested_nouns_maps_and_enums_become_json_values():
    outcome = Outcome(ending=Ending.TIMED_OUT, reason=Code.TEXT.of("too long"), exit_code=None)
    event = events.TaskRetried(**STAMP, task_id="t", attempt=1, outcome=outcome, pause=2.0)
    value = json.loads(json.dumps(event_values.to_json(event)))
    assert value["outcome"]["ending"] == "timed_out"
    names = {field.name for field in dataclasses.fields(Outcome)} - {"usage", "checks"}
    assert value["outcome"].keys() == names | {"duration", "cpu", "peak_memory", "cost"}
    end = events.RunFinished(
        **STAMP,
        exit_code=ExitCode.FAILED,
        duration=1.0,
        done=("a",),
        failed=(),
        blocked={"b": "a"},
        waiting={},
        left={},
        spent=0.0,
        reason="",
    )
    value = event_values.to_json(end)
    assert (type(value["exit_code"]), value["exit_code"], value["done"], value["blocked"]) == (int, 1, ["a"], {"b": "a"})


@pytest.mark.parametrize(
    ("usage", "shown"),
    [
        (Usage(tokens=1200, money=0.25), {"tokens": 1200, "money": 0.25}),
        (Usage(tokens=7), {"tokens": 7, "money": 0.0}),
        (Usage(money=0.5), {"tokens": 0, "money": 0.5}),
        (Usage(units=3.0), {}),
    ],
)
def test_an_outcome_has_tokens_and_money_where_there_are_any(usage, shown):
    outcome = Outcome(ending=Ending.SUCCEEDED, reason=Code.EXIT.of(0), exit_code=0, usage=usage)
    event = events.TaskFinished(
        **STAMP, task_id="t", description="x", attempt=1, status="done", outcome=outcome, reason="exit 0", done=1, total=1
    )
    value = json.loads(json.dumps(event_values.to_json(event)))["outcome"]
    assert {name: value[name] for name in ("tokens", "money") if name in value} == shown
    assert value["cost"] == usage.units
