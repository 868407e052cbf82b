"""A disk that is really full, and one that is really read-only, in a mount of our own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import core

SCRIPT = """
import os, subprocess, sys
from pathlib import Path
from core.adapters.tasks_yaml import YamlTaskFile
from core.domain.tasks.entry import SetField
from core.errors import StorageError
from core.ports.task_file import Busy, Written

directory = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", directory], check=True)
path = directory / "tasks.yml"
text = "".join(f"- {{id: t{n}, description: d}}\\n" for n in range(1000))
path.write_text(text)
file = YamlTaskFile(path, directory)
file.read()
filler = (directory / "filler").open("wb")
try:
    while True:
        os.write(filler.fileno(), b"x" * 4096)
except OSError:
    pass
edit = [SetField(task_id="t7", path=("status",), value="done")]
for ask in (file.check_writable, lambda: file.write(edit), lambda: file.write(edit)):
    try:
        print("not refused", ask())
    except StorageError as error:
        print(f"{error} ({error.hint.split(';')[-1].strip()})")
print(path.read_text() == text, sorted(os.listdir(directory)))
(directory / "filler").unlink()
filler.close()
print(isinstance(file.write(edit), Written), path.read_text().count("done"))
file.close()
subprocess.run(["mount", "-o", "remount,ro", directory], check=True)
file = YamlTaskFile(path, directory)
print(len(file.read().tasks), file.poll())
for ask in (file.check_writable, lambda: file.write([SetField(task_id="t8", path=("status",), value="done")])):
    try:
        print("not refused", ask())
    except StorageError as error:
        print(f"{error} ({error.hint})")
file.close()
"""


def test_a_full_and_a_read_only_disk_leave_the_file_as_it_was(tmp_path: Path):
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", tmp_path], capture_output=True).returncode != 0:
        pytest.skip("mounts of one's own are not allowed here")
    result = subprocess.run(
        [*unshare, sys.executable, "-c", SCRIPT, tmp_path], capture_output=True, text=True, cwd=Path(core.__file__).parents[1]
    )
    assert result.stdout.splitlines() == [
        *["tasks.yml: No space left on device (the file is as it was)"] * 3,
        "True ['filler', 'tasks.yml']",
        "True 1",
        "1000 None",
        *["tasks.yml: Read-only file system (its file system is mounted read-only; the file is as it was)"] * 2,
    ], result.stderr
