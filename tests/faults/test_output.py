"""Row 8: output without end, without lines, without sense, and with orders to the terminal.

A gigabyte of NUL without a line is in ``tests/e2e/test_run_faults.py``; here are ten of them, and what may be in the way of a reader.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.rig import ORCHESTRATOR
from tests.faults.laboratory import RUN, Laboratory
from tests.faults.scale import count
from tests.waiting import TIMEOUT

_MIB = 1024 * 1024
_FLOODS = {
    "zeros": "head -c {size} /dev/zero",
    "one line": "head -c {size} /dev/zero | tr '\\0' x",
    "no text": "head -c {size} /dev/urandom",
    "lines": "yes '0123456789 0123456789' | head -c {size}",
}
#: Title, clipboard, a query whose answer is typed in, clearing, the alternate screen, a device string, C1 forms, a bell.
_ORDERS = (
    "\x1b]0;OWNED\x07\x1b]52;c;T1dORUQ=\x07\x1b[6n\x1b[2J\x1b[?1049h\x1bP1$r0m\x1b\\\x9b2J\x9d0;OWNED\x9c"
    "\x07\x0e\x08\x08\r\u202eDENWO\u2066"
)
#: What the tool itself says to a terminal: colours, moving and clearing within its own lines, hiding the cursor.
_HARMLESS = re.compile(r"\x1b\[(?:[0-9;]*m|\d*[ABFGJK]|\?25[lh]|\?2026[hl]|\?7[lh])")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("flood", _FLOODS)
def test_a_flood_costs_the_log_limit_and_hardly_any_memory(flood: str, laboratory: Laboratory) -> None:
    size = count(256, 10 * 1024) * _MIB
    laboratory.write_tasks({"id": "flood", "command": _FLOODS[flood].format(size=size)})
    tool = laboratory.fork(*RUN)
    peak = 0
    while tool.poll() is None:
        peak = max(peak, _own_memory(tool.pid))
        time.sleep(0.005)
    log = next((laboratory.root / "logs").glob("task-flood-*.log"))

    assert tool.returncode == 0, tool.output()
    assert peak < 64 * _MIB, f"{peak / _MIB:.0f} MiB"
    assert log.stat().st_blocks * 512 <= 65 * _MIB
    assert laboratory.violations(resting=True) == []
    print(f"{flood}: {size // _MIB} MiB, peak {peak / _MIB:.0f} MiB")
    log.unlink()


def _own_memory(pid: int) -> int:
    """Return the most resident memory a process has had, in bytes; 0 when it is gone."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


@pytest.fixture
def hostile(laboratory: Laboratory) -> Laboratory:
    """A backlog that says dangerous things wherever it may: text of the person's file, output, names of files, reasons."""
    (laboratory.root / "orders").write_bytes(_ORDERS.encode() + b"\xff\xfe\xc3(\n")
    said = json.dumps(_ORDERS)
    parts = [
        f"- id: loud\n  description: {said}\n  command: cat orders; exit 1\n  tags: [a]\n",
        f"  component: {said}\n  epic: {said}\n  x-note: {said}\n",
        f"- id: nameless\n  description: n\n  command: [{said}, {said}]\n",
        f"- id: checked\n  description: c\n  command: 'true'\n  verify: {json.dumps('echo ' + _ORDERS + '; false')}\n",
        f"- id: goal\n  description: {said}\n  verify: {json.dumps('false ' + _ORDERS)}\n",
        f"- id: later\n  description: {said}\n  dependencies: [loud]\n  env: {{SAID: {said}}}\n",
    ]
    laboratory.write("".join(parts))
    return laboratory


_LOOKS = ("run --no-reflect", "status", "list", "plan", "why later", "why goal", "show loud", "show nameless", "log loud", "log checked")
_MORE = ("history", "history loud", "history nameless", "graph", "validate", "run -n")


def test_no_text_of_a_task_gives_orders_to_the_terminal(hostile: Laboratory) -> None:
    guilty = {}
    for command in (*_LOOKS, *_MORE):
        shown = _on_terminal(hostile, *command.split())
        orders = _HARMLESS.sub("", shown.decode(errors="replace"))
        if found := set(_CONTROL.findall(orders)):
            at = orders.index(next(iter(found)))
            guilty[command] = (found, orders[max(0, at - 60) : at + 40])
    assert guilty == {}


@pytest.mark.parametrize("command", ["list", "show loud", "status", "history loud"])
def test_json_carries_the_text_and_no_raw_control_character(hostile: Laboratory, command: str) -> None:
    hostile.run(*RUN)
    ended = hostile.run(*command.split(), "--json")

    assert ended.returncode == 0, ended.stderr
    assert not _CONTROL.search(ended.stdout)
    json.loads(ended.stdout)


def _on_terminal(laboratory: Laboratory, *arguments: str) -> bytes:
    """Return everything a command sends to its terminal."""
    ours, theirs = pty.openpty()
    environment = laboratory.environment(TERM="xterm-256color")
    process = subprocess.Popen(
        [ORCHESTRATOR, *arguments], cwd=laboratory.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    parts: list[bytes] = []
    while select.select([ours], [], [], TIMEOUT)[0]:
        try:
            parts.append(os.read(ours, 65536))
        except OSError:
            break
    process.wait(TIMEOUT)
    os.close(ours)
    return b"".join(parts)
