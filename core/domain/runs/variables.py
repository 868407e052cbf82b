"""The variables of an attempt's processes, and which of those that the tool finds itself are about a task of another run. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.runs.attempt import Attempt
from core.domain.tasks.task import Task

TASK_PREFIX = "ORCHESTRATOR_TASK_"
TASKS_FILE = "ORCHESTRATOR_TASKS_FILE"
CHECKPOINT = "ORCHESTRATOR_CHECKPOINT"
PREVIOUS_OUTCOME = "ORCHESTRATOR_PREVIOUS_OUTCOME"
PREVIOUS_REASON = "ORCHESTRATOR_PREVIOUS_REASON"
#: Variables about a run or a task that do not begin with TASK_PREFIX; none of them is a setting.
RUN_VARIABLES = frozenset({"ORCHESTRATOR_RUN_ID", "ORCHESTRATOR_ATTEMPT", CHECKPOINT, PREVIOUS_OUTCOME, PREVIOUS_REASON})

#: Bytes. The system takes 128 KiB in one variable, and on some machines hardly more in all of them and the command together.
_LONGEST_DESCRIPTION, _LONGEST = 32 * 1024, 8 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPlace:
    """What a task of the Reflector's is about, as it is now."""

    #: 1-based, inclusive.
    line: int
    end_line: int
    score: int | float
    threshold: int | float
    #: What to do about it; empty where nothing is wrong any more.
    suggestion: str = ""
    #: The task's description with the place and the suggestion of now; empty where they are not known.
    description: str = ""


def task_variables(task: Task, attempt: Attempt, tasks_file: str, root: str) -> dict[str, str]:
    """Return the variables that an attempt's processes get: text of the task, which is never pasted into a shell line, and its ``env``.

    ``tasks_file`` and ``root`` (of the repository) are absolute paths. Long text is shortened, see ``bounded``.
    """
    origin = task.origin
    return {
        "ORCHESTRATOR_TASK_ID": bounded(task.id),
        "ORCHESTRATOR_TASK_DESCRIPTION": bounded(task.description, _LONGEST_DESCRIPTION),
        "ORCHESTRATOR_TASK_KIND": bounded(task.kind),
        "ORCHESTRATOR_TASK_ATTEMPT": str(attempt.number),
        "ORCHESTRATOR_TASK_VERIFY": bounded("\n".join(task.verify)),
        **{f"{TASK_PREFIX}{key.upper()}": bounded(str(origin.get(key, ""))) for key in ("path", "block", "metric", "score", "threshold")},
        "ORCHESTRATOR_TASK_FILE": tasks_file,
        "ORCHESTRATOR_TASK_ROOT": root,
    }


def place_variables(place: MeasuredPlace | None) -> dict[str, str]:
    """Return the variables about the place that a task is about; empty ones where nothing was measured."""
    if place is None:
        return dict.fromkeys((f"{TASK_PREFIX}{name}" for name in ("LINE", "END_LINE", "SUGGESTION")), "")
    return {
        "ORCHESTRATOR_TASK_LINE": str(place.line),
        "ORCHESTRATOR_TASK_END_LINE": str(place.end_line),
        "ORCHESTRATOR_TASK_SCORE": str(place.score),
        "ORCHESTRATOR_TASK_THRESHOLD": str(place.threshold),
        "ORCHESTRATOR_TASK_SUGGESTION": bounded(place.suggestion),
        **({"ORCHESTRATOR_TASK_DESCRIPTION": bounded(place.description, _LONGEST_DESCRIPTION)} if place.description else {}),
    }


def previous_variables(previous: Attempt | None) -> dict[str, str]:
    """Return the variables about how the attempt before this one ended; empty ones where there was none."""
    outcome = previous.outcome if previous is not None else None
    if outcome is None:
        return {PREVIOUS_OUTCOME: "", PREVIOUS_REASON: ""}
    return {PREVIOUS_OUTCOME: outcome.ending.value, PREVIOUS_REASON: bounded(str(outcome.reason))}


def bounded(text: str, limit: int = _LONGEST) -> str:
    """Return ``text`` as a variable can hold it: at most ``limit`` bytes, then an ellipsis; without NUL, and what is no text as ``?``."""
    content = text.replace("\0", "?").encode(errors="replace")
    return content.decode() if len(content) <= limit else content[:limit].decode(errors="ignore") + "…"


def without_task(environment: Mapping[str, str]) -> dict[str, str]:
    """Return ``environment`` without what it says about the task that this process is part of."""
    about = RUN_VARIABLES - {"ORCHESTRATOR_RUN_ID", "ORCHESTRATOR_ATTEMPT"}
    return {name: value for name, value in environment.items() if not name.startswith(TASK_PREFIX) and name not in about}


def outer_repository(environment: Mapping[str, str]) -> str:
    """Return the repository whose run passed ORCHESTRATOR_TASKS_FILE on to this process; empty where no run did."""
    root, file = environment.get(f"{TASK_PREFIX}ROOT", ""), environment.get(f"{TASK_PREFIX}FILE", "")
    given = environment.get(TASKS_FILE, "")
    return root if root and given and os.path.normpath(os.path.join(root, given)) == os.path.normpath(file) else ""
