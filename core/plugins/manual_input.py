"""The input of a plugin that a person starts, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.domain.plugins.plugin import ProvisionKind
from core.errors import UsageError
from core.files.reading import MIB, read_text
from core.schema.json_reader import load_json


def manual_input(kind: ProvisionKind, arguments: tuple[str, ...], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the input for ``kind``: a command takes the arguments, a reporter or listener one JSON file, an auditor paths.

    A task takes its id and description from ORCHESTRATOR_TASK_ID and _DESCRIPTION. Raises UsageError for arguments to a task and for
    a file that is not there, InvalidFile and StorageError for one that is no JSON.
    """
    if kind is ProvisionKind.COMMAND:
        return {"arguments": list(arguments)}
    if kind is ProvisionKind.AUDITOR:
        return {"files": list(arguments)}
    if kind is ProvisionKind.TASK:
        if arguments:
            hint = "configure it: --with KEY=VALUE; or run it as what takes arguments: --as command"
            raise UsageError(f"a task takes no arguments: {' '.join(arguments)}", hint=hint)
        described = environment.get("ORCHESTRATOR_TASK_DESCRIPTION", "run by hand")
        return {"task": {"id": environment.get("ORCHESTRATOR_TASK_ID", "0"), "description": described}}
    if len(arguments) != 1:
        raise UsageError(f"running a {kind} by hand takes one file with the JSON that it is given")
    try:
        value = load_json(read_text(arguments[0], arguments[0], limit=16 * MIB), arguments[0])
    except FileNotFoundError as error:
        raise UsageError(f"no such file: {arguments[0]}") from error
    return {"report" if kind is ProvisionKind.REPORTER else "event": value}
