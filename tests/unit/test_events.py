"""Events as JSON."""

import dataclasses
import json

from core import events
from core.domain.runs.exit_code import ExitCode
from core.domain.runs.outcome import Ending, Outcome

STAMP = {"at": 1.5, "run_id": "r"}


def test_an_event_is_its_name_and_its_fields():
    event = events.TaskClosed(**STAMP, task_id="t", status="done", reason="gone")
    assert events.to_json(event) == {"event": "task_closed", "at": 1.5, "run_id": "r", "task_id": "t", "status": "done", "reason": "gone"}


def test_nested_nouns_maps_and_enums_become_json_values():
    outcome = Outcome(ending=Ending.TIMED_OUT, reason="too long", exit_code=None)
    event = events.TaskRetried(**STAMP, task_id="t", attempt=1, outcome=outcome, pause=2.0)
    value = json.loads(json.dumps(events.to_json(event)))
    assert value["outcome"]["ending"] == "timed_out"
    names = {field.name for field in dataclasses.fields(Outcome)} - {"usage"}
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
    value = events.to_json(end)
    assert (type(value["exit_code"]), value["exit_code"], value["done"], value["blocked"]) == (int, 1, ["a"], {"b": "a"})
