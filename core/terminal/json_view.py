"""The view of a program: one JSON object a line."""

from __future__ import annotations

import json

from core.domain.untrusted.printable import inert_json
from core.events import Event, RunFinished, to_json
from core.terminal.console import Output


class JsonView:
    """Writes every event to one stream, in ASCII: valid whatever the stream's encoding and the bytes of a file name."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, event: Event) -> None:
        """Write one event."""
        self._output.add_exact(inert_json(json.dumps(to_json(event))) + "\n")
        if isinstance(event, RunFinished):
            self._output.flush()

    def tick(self) -> None:
        """Write what is pending."""
        self._output.tick()

    def close(self) -> str:
        """Write what is pending; return why events are lost, if any are."""
        self._output.flush()
        return self._output.problem
