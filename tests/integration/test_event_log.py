"""The event log of a run on a real disk."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from core.adapters.event_log import EventLog
from core.events import RunFinished, Warned

_FINISHED = {
    "exit_code": 0,
    "duration": 1.0,
    "done": (),
    "failed": (),
    "blocked": {},
    "waiting": {},
    "left": {},
    "spent": 0.0,
    "reason": "done",
}


def _log(root: Path) -> EventLog:
    (root / "logs").mkdir()
    return EventLog(root, "logs", "r1")


def _messages(root: Path) -> list[str]:
    return [json.loads(line)["event"] for line in (root / "logs/run-r1.jsonl").read_text().splitlines()]


def test_the_last_event_of_a_run_is_in_the_file_at_once(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log(Warned(at=1.0, run_id="r1", message="m"))
    log(RunFinished(at=2.0, run_id="r1", **_FINISHED))

    assert _messages(tmp_path) == ["warned", "run_finished"]
    assert log.close() == ()


def test_a_disk_that_takes_only_a_part_of_a_write_is_reported(tmp_path: Path) -> None:
    program = """
import resource, sys
from pathlib import Path
from core.adapters.event_log import EventLog
from core.events import Warned
log = EventLog(Path(sys.argv[1]), "logs", "r1")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
log(Warned(at=1.0, run_id="r1", message="m" * 2000))
log.flush()
print(*log.close())
"""
    (tmp_path / "logs").mkdir()
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)

    assert done.stdout == f"{tmp_path}/logs/run-r1.jsonl: File too large: events are missing there\n", done.stderr
