"""What is kept of a mistake of ours."""

from __future__ import annotations

import subprocess
import sys

_CODE = """
import sys
started = []
starts = ("subprocess.Popen", "os.posix_spawn", "os.system")
sys.addaudithook(lambda event, arguments: started.append(arguments) if event in starts else None)
from core.cli.crash_log import crash_text
text = crash_text(ValueError("x"), ["audit"])
assert "ValueError: x" in text and "arguments: ['audit']" in text
assert not started, started
"""


def test_the_text_names_the_system_without_starting_a_program() -> None:
    ended = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
