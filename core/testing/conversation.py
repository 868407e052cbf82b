"""In-memory twin of the port ``Conversation``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class ScriptedConversation:
    """Answers each message with the next of ``answers``: an object, or a sentence on why there is none, after which it has ended."""

    def __init__(self, answers: Sequence[dict[str, Any] | str], *, log: str = "") -> None:
        self._answers = list(answers)
        self._log = log
        self._problem = ""
        #: What it was sent.
        self.sent: list[Mapping[str, Any]] = []

    @property
    def ended(self) -> bool:
        return bool(self._problem)

    def send(self, message: Mapping[str, Any], seconds: float) -> str:  # noqa: ARG002 - it takes no time
        if not self._problem:
            self.sent.append(message)
        return self._problem

    def receive(self, seconds: float) -> tuple[dict[str, Any], str, bool]:
        answer = self._problem or (self._answers.pop(0) if self._answers else f"it ran longer than {seconds:g} s and was killed")
        if isinstance(answer, str):
            self._problem = answer
            return {}, answer, "longer than" in answer
        return answer, "", False

    def watch(self) -> str:
        return ""

    def log(self) -> str:
        written, self._log = self._log, ""
        return written

    def kill(self) -> None:
        self._problem = self._problem or "it closed its answers and was killed"
