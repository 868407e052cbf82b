"""What a started process finds around it, and what is said when it cannot be started."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.processes import ProcessLauncher
from core.adapters.processes.command import direct_words
from core.ports.processes import CommandNotStarted, Exit, Launch
from tests.run_ids import own_run_id
from tests.waiting import TIMEOUT

_TELL = """
import json, os, signal, sys
print(json.dumps({
    "cwd": os.getcwd(), "environment": dict(os.environ), "session": os.getsid(0) == os.getpid(), "stdin": os.readlink("/proc/self/fd/0"),
    "open": sorted(map(int, os.listdir("/proc/self/fd")))[:-1], "argv": sys.argv[1:],
    "ignored": [s for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) is signal.SIG_IGN],
}))
"""

Run = Callable[..., tuple[Exit, str]]


@pytest.fixture(params=["here", "elsewhere"])
def cwd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the task: the tool's own, or another. They are started in different ways."""
    directory = tmp_path / "repository"
    directory.mkdir()
    monkeypatch.chdir(directory if request.param == "here" else tmp_path)
    return directory


@pytest.fixture
def run(cwd: Path, tmp_path: Path) -> Iterator[Run]:
    with ProcessLauncher() as launcher:

        def run(command: str | tuple[str, ...], where: Path = cwd, **env: str) -> tuple[Exit, str]:
            output = os.open(tmp_path / "output", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC)
            try:
                launcher.start(Launch(command=command, cwd=str(where), env=env, output=output, run_id=own_run_id()))
                (exit_,) = launcher.wait(TIMEOUT)
            finally:
                os.close(output)
            return exit_, (tmp_path / "output").read_text()

        yield run


def script(path: Path, text: str, mode: int = 0o755) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.fixture
def told(run: Run) -> dict[str, object]:
    exit_, output = run((sys.executable, "-I", "-c", _TELL, "a b", ""), EXTRA="ü €")
    assert exit_.exit_code == 0
    return json.loads(output)


def test_a_process_finds_its_directory_arguments_and_session(told, cwd):
    assert told["cwd"] == str(cwd)
    assert told["argv"] == ["a b", ""]
    assert told["session"] is True


def test_a_process_has_no_input_and_inherits_no_descriptor(told):
    assert told["stdin"] == "/dev/null"
    assert told["open"] == [0, 1, 2]


def test_the_environment_is_the_tools_with_the_tasks_and_the_marks_on_top(told, cwd):
    environment = told["environment"]
    assert environment["EXTRA"] == "ü €"
    assert environment["PATH"] == os.environ["PATH"]
    assert environment["PWD"] == str(cwd)
    assert environment["ORCHESTRATOR_RUN_ID"] == own_run_id()
    assert environment["ORCHESTRATOR_ATTEMPT"] == f"{own_run_id()}:1"


def test_no_stop_signal_is_ignored(told):
    assert told["ignored"] == []


def test_a_broken_pipe_ends_a_process_as_the_system_has_it(run):
    exit_, output = run(("sh", "-c", "yes 2>&1 | head -n 1"))
    assert (exit_.exit_code, output) == (0, "y\n"), "and it prints no complaint"


def test_stdout_and_stderr_end_up_in_the_order_in_which_they_were_written(run):
    assert run("echo 1; echo 2 >&2; echo 3")[1] == "1\n2\n3\n"


def test_the_tasks_own_path_decides_which_program_runs(run, cwd):
    script(cwd / "tools" / "greet", "#!/bin/sh\necho from the task\n")
    assert run("greet", PATH=f"{cwd}/tools:{os.environ['PATH']}")[1] == "from the task\n"
    assert run("greet", PATH=f"tools:{os.environ['PATH']}")[1] == "from the task\n", "relative to the task's directory"
    with pytest.raises(CommandNotStarted, match=r"^no such command: greet$"):
        run("greet")


def test_a_path_with_a_slash_is_relative_to_the_tasks_directory(run, cwd):
    script(cwd / "tools" / "where", '#!/bin/sh\necho "$0"\n')
    assert run("tools/where")[1] == run("sh -c tools/where")[1] == "tools/where\n"


def test_a_directory_or_a_file_without_permission_is_passed_over_on_the_path(run, cwd):
    (cwd / "first" / "tool").mkdir(parents=True)
    script(cwd / "second" / "tool", "", mode=0o644)
    script(cwd / "third" / "tool", "#!/bin/sh\necho third\n")
    path = ":".join(str(cwd / name) for name in ("first", "second", "third")) + f":{os.environ['PATH']}"
    assert run("tool", PATH=path)[1] == run("tool;", PATH=path)[1] == "third\n"


def test_a_script_without_a_first_line_runs_as_in_a_shell(run, cwd):
    script(cwd / "plain", 'echo "ran with $1"\n')
    assert run("./plain here")[1] == run("./plain here;")[1] == "ran with here\n"


@pytest.mark.parametrize(
    ("command", "reason", "exit_code"),
    [
        ("no-such-command --flag", "no such command: no-such-command", 127),
        (("no-such-command", "--flag"), "no such command: no-such-command", 127),
        ("./no-such-script", "no such command: ./no-such-script", 127),
        ("./data.txt", "not executable: ./data.txt", 126),
        ("only-readable", "not executable: {cwd}/tools/only-readable", 126),
        ("./bad-interpreter", "cannot start ./bad-interpreter: the interpreter its first line names does not exist", 127),
        (("./plain",), "not executable: ./plain is neither a program nor a script with a #! line", 126),
        ((), "the command is empty", 127),
        (("",), "the command is empty", 127),
        (("true", "nul\0byte"), "cannot start 'true nul\\x00byte': embedded null byte", 126),
        (("true", "x" * 3_000_000), "cannot start true: argument list too long: a word of the command has 3000001 bytes", 126),
    ],
)
def test_what_cannot_be_started_is_named_with_the_reason(run, cwd, command, reason, exit_code):
    script(cwd / "data.txt", "data", mode=0o644)
    script(cwd / "tools" / "only-readable", "", mode=0o644)
    script(cwd / "bad-interpreter", "#!/no/such/interpreter\n")
    script(cwd / "plain", "echo hello\n")
    with pytest.raises(CommandNotStarted) as refusal:
        run(command, PATH=f"{cwd}/tools:{os.environ['PATH']}")
    assert (str(refusal.value.reason), refusal.value.exit_code) == (reason.format(cwd=cwd), exit_code)


def test_a_directory_that_is_not_there_is_not_taken_for_a_command_that_is_not(run, cwd):
    with pytest.raises(CommandNotStarted) as refusal:
        run("true", where=cwd / "gone")
    assert str(refusal.value.reason) == f"cannot start true: no such directory: {cwd}/gone"
    assert refusal.value.exit_code == 126


def test_a_directory_that_is_a_file_is_said_to_be_one(run, cwd):
    script(cwd / "file", "")
    with pytest.raises(CommandNotStarted, match=r"^cannot start make test in .*/file: not a directory$"):
        run("make test", where=cwd / "file")


def test_text_that_is_none_to_the_system_is_refused(run, cwd):
    for where, variable in ((cwd / "nul\0byte", "fine"), (cwd, "nul\0byte"), (cwd, "half a pair: \ud800")):
        with pytest.raises(CommandNotStarted, match=r"^cannot start 'make': ") as refusal:
            run("make", where=where, EXTRA=variable)
        assert refusal.value.exit_code == 126


def test_a_task_cannot_take_its_mark_off(run):
    assert run("env", ORCHESTRATOR_ATTEMPT="mine", PWD="/nowhere")[1].count(f"ORCHESTRATOR_ATTEMPT={own_run_id()}:1\n") == 1


def test_a_missing_command_in_a_shell_line_is_the_shells_to_report(run):
    exit_, output = run("no-such-command || exit 9")
    assert exit_.exit_code == 9
    assert "no-such-command" in output


def test_cpu_time_includes_children_that_were_waited_for(run):
    exit_, _ = run(
        (sys.executable, "-I", "-S", "-c", "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(4 * 10**7))'])")
    )
    assert exit_.cpu > 0.1


def test_peak_memory_is_that_of_the_largest_process_or_unknown(run):
    much = 300_000_000 + 2 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    exit_, _ = run((sys.executable, "-I", "-S", "-c", f"x = b'x' * {much}"))
    assert much < exit_.peak_memory < much + 100_000_000
    assert run("true")[0].peak_memory == 0, "a small process cannot be told from the tool that started it"


def test_every_word_that_a_shell_of_this_system_understands_itself_is_left_to_it():
    """``true`` and ``false`` are programs too and do the same."""
    understood = set()
    if shutil.which("bash"):
        listed = subprocess.run(["bash", "-c", "compgen -b; compgen -k"], capture_output=True, text=True, check=True)
        understood |= set(listed.stdout.split())
    for word in understood | {"chdir", "local", "getopts", "umask", "hash", "fg", "bg", "jobs", "alias"}:
        described = subprocess.run(["sh", "-c", 'command -V "$1"', "sh", word], capture_output=True, text=True)
        if any(kind in described.stdout for kind in ("builtin", "keyword", "reserved")):
            understood.add(word)
    assert {word for word in understood if direct_words(word) is not None} <= {"true", "false"}


_TEXT = st.text(alphabet=st.sampled_from("ab1-_./,:@+^ \t\u00a0\u3000é€;$'\"\\*?#~=%!{}[]()&|<>`\n"), max_size=30)


@settings(max_examples=300, deadline=None)
@given(_TEXT)
def test_words_executed_directly_are_those_a_shell_would_make(text):
    words = direct_words(f"printf-all {text}")
    if words is None:
        return
    shell = subprocess.run(["/bin/sh", "-c", f"printf '%s\\0' printf-all {text}"], capture_output=True, check=True)
    assert shell.stdout.decode() == "".join(f"{word}\0" for word in words)


def test_a_log_may_be_the_lowest_descriptor_of_a_tool_without_stdin(tmp_path):
    """Started with stdin closed, the first file a program opens becomes descriptor 0."""
    source = f"""
import os, sys
sys.path[:0] = {sys.path!r}
from core.adapters.processes import ProcessLauncher
from core.ports.processes import Launch
os.close(0)
log = os.open("log", os.O_RDWR | os.O_CREAT | os.O_APPEND)
assert log == 0
with ProcessLauncher() as launcher:
    launcher.start(Launch(command="echo out; cat; echo err >&2", cwd=os.getcwd(), env={{}}, output=log, run_id={own_run_id()!r}))
    launcher.wait(300)
"""
    subprocess.run([sys.executable, "-c", source], cwd=tmp_path, check=True)
    assert (tmp_path / "log").read_text() == "out\nerr\n"
    assert stat.S_ISREG(os.stat(tmp_path / "log").st_mode)


def test_a_killed_leader_is_told_as_its_signal(run):
    assert run(("sh", "-c", "kill -KILL $$"))[0].signal == signal.SIGKILL
