"""Whatever whoever starts the tool left in its process: no command ends as if the tool itself were at fault, and tasks run as ever."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.rig import ORCHESTRATOR
from tests.waiting import TIMEOUT

_COMMANDS = (
    "run --no-reflect",
    "list --json",
    "status",
    "validate",
    "audit",
    "doctor",
    "plugins list",
    "config show",
    "history",
    "why accents",
    "plan",
    "log accents",
    "graph",
    "init -n",
    "schema tasks",
    "--help",
)
_TASKS = """\
- id: accents
  description: Prüfe das Gebäude – ✓
  command: printf '%s' "é ✓" >"datei-é.txt"; pwd; echo "ü"
  cwd: ordner-ä
  tags: [größe]
- id: wrong
  description: Fails with a code of its own
  command: exit 5
  dependencies: [accents]
"""
_WITHOUT_UTF8 = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PATH": os.environ["PATH"], "HOME": "/nonexistent"}
_PATH = {"PATH": os.environ["PATH"]}
#: A user id that has no name here.
_NAMELESS = 54321


def _ignore_all() -> None:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)


def _block_all() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def _close_all() -> None:
    for descriptor in range(3):
        os.close(descriptor)


def _leave_open() -> None:
    for descriptor in range(3, 60):
        os.dup2(0, descriptor, inheritable=True)


def _limit(kind: int, amount: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (amount, resource.getrlimit(kind)[1]))


_STATES: dict[str, Callable[[], object]] = {
    "signals ignored": _ignore_all,
    "signals blocked": _block_all,
    "a umask against the owner": lambda: os.umask(0o777),
    "no umask": lambda: os.umask(0),
    "streams closed": _close_all,
    "descriptors left open": _leave_open,
    "a timer that runs": lambda: signal.setitimer(signal.ITIMER_REAL, 3600),
    "a low priority": lambda: os.nice(19),
    "a small stack": _limit(resource.RLIMIT_STACK, 256 * 1024),
    "no cores": _limit(resource.RLIMIT_CORE, 0),
}
_ENVIRONMENTS: dict[str, dict[str, str]] = {
    "nothing": {},
    "no HOME": _PATH,
    "HOME is relative": {**_PATH, "HOME": "relative"},
    "HOME is empty": {**_PATH, "HOME": ""},
    "HOME is a file": {**_PATH, "HOME": "/etc/passwd"},
    "HOME is not there": {**_PATH, "HOME": "/nonexistent"},
    "HOME is the root": {**_PATH, "HOME": "/"},
    "XDG leads nowhere": {**_PATH, "XDG_CONFIG_HOME": "/proc/nope", "XDG_DATA_HOME": "/dev/null/x", "XDG_CACHE_HOME": "x"},
    "the C locale": {**_WITHOUT_UTF8, "LC_ALL": "C"},
    "the POSIX locale": {**_WITHOUT_UTF8, "LC_ALL": "POSIX"},
    "a Latin-1 locale": {**_WITHOUT_UTF8, "LC_ALL": "en_US.ISO-8859-1"},
    "streams in ASCII": {**_PATH, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    "TMPDIR is not there": {**_PATH, "TMPDIR": "/nonexistent"},
    "a value that is not UTF-8": {**_PATH, "ODD": "\udcff"},
}


def _repository(root: Path) -> Path:
    (root / "tasks.yml").write_text(_TASKS, encoding="utf-8")
    (root / "ordner-ä").mkdir()
    (root / "a.py").write_text("def f(x):\n    return x\n")
    subprocess.run(["git", "init", "-q", root], check=True)
    return root


def _command(
    words: str,
    root: Path | None,
    environment: dict[str, str] | None = None,
    left: Callable[[], object] | None = None,
    before: tuple[str, ...] = (),
) -> int:
    argv = [*before, str(ORCHESTRATOR), *words.split()]
    ended = subprocess.run(
        argv,
        cwd=root,
        env=environment,
        preexec_fn=left,
        capture_output=True,
        timeout=TIMEOUT,
        close_fds=left is not _leave_open,
        check=False,
    )
    assert b"Traceback" not in ended.stdout + ended.stderr
    assert b"crash-" not in ended.stdout + ended.stderr
    return ended.returncode


def _assert_right(codes: dict[str, int], root: Path) -> None:
    assert codes.pop("run --no-reflect") == 1
    assert {words: code for words, code in codes.items() if code not in (0, 1, 2)} == {}
    assert (root / "ordner-ä" / "datei-é.txt").read_text(encoding="utf-8") == "é ✓"
    text = (root / "tasks.yml").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if "status" in line] == ["  status: done", "  status: failed"]


@pytest.mark.parametrize("state", _STATES)
def test_a_state_left_by_whoever_starts_us_changes_no_result(tmp_path: Path, state: str) -> None:
    root = _repository(tmp_path)
    codes = {words: _command(words, root, left=_STATES[state]) for words in _COMMANDS[:7]}
    if state == "streams closed":
        # What could not be said is an error of its own; what was done is done.
        codes = {words: 1 if code == 2 else code for words, code in codes.items()}
    _assert_right(codes, root)


@pytest.mark.parametrize("name", _ENVIRONMENTS)
def test_an_environment_left_by_whoever_starts_us_changes_no_result(tmp_path: Path, name: str) -> None:
    root = _repository(tmp_path)
    codes = {words: _command(words, root, _ENVIRONMENTS[name]) for words in _COMMANDS}
    assert {words: code for words, code in codes.items() if code == 2} == {}
    _assert_right(codes, root)
    assert not (root / "relative").exists()


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="takes another user id")
@pytest.mark.parametrize("name", ["nothing", "no HOME", "HOME is relative", "HOME is the root", "HOME is not there", "XDG leads nowhere"])
def test_a_user_without_a_name_or_a_home_can_do_everything_here(tmp_path: Path, name: str) -> None:
    root = _repository(tmp_path)
    for path in (root, *root.rglob("*")):
        os.chown(path, _NAMELESS, _NAMELESS)
    reading = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")  # of whatever the tool is installed in
    become = ("setpriv", *reading, f"--reuid={_NAMELESS}", f"--regid={_NAMELESS}", "--clear-groups")
    environment = {"PATH": os.defpath, **_ENVIRONMENTS[name]}
    codes = {words: _command(words, root, environment, before=become) for words in _COMMANDS}
    _assert_right(codes, root)


def test_a_directory_that_was_removed_is_said_and_another_one_can_be_named(tmp_path: Path) -> None:
    gone, repository = tmp_path / "gone", tmp_path / "repository"
    repository.mkdir()
    _repository(repository)

    def leave() -> None:
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()

    assert {words: code for words in _COMMANDS if (code := _command(words, None, left=leave)) not in (0, 1, 2)} == {}
    _assert_right({words: _command(f"-C {repository} {words}", None, left=leave) for words in _COMMANDS[:7]}, repository)


def test_commands_get_the_variables_that_the_tool_was_started_with(tmp_path: Path) -> None:
    (tmp_path / "tasks.yml").write_text(
        "- id: a\n  description: d\n  command: env >seen; cat /proc/self/status | grep Sig >>seen; umask >>seen\n"
    )
    assert _command("run --no-reflect", tmp_path, {**_WITHOUT_UTF8, "LC_ALL": "C", "ODD": "\udcff"}, left=_ignore_all) == 0
    seen = (tmp_path / "seen").read_bytes().splitlines()
    assert b"ODD=\xff" in seen
    assert b"PYTHONUTF8=0" in seen
    ignored = next(line for line in seen if line.startswith(b"SigIgn"))
    assert _numbers(ignored) & signal.valid_signals() == {signal.SIGHUP}  # nohup goes on


def _numbers(line: bytes) -> set[int]:
    mask = int(line.split()[1], 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}
