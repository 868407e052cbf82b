"""What a handler did counts when its finding is gone, the checks pass, nothing got worse and nothing was silenced; else it is undone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.audit_repository import ORCHESTRATOR, CodeRepository, branchy
from tests.waiting import until

HANDLER = """import os, pathlib, sys, time
code = pathlib.Path("src/app.py")
text = code.read_text()
{body}
"""
#: Simple, and of the same behaviour as ``branchy("work", 14)``.
GOOD = "def work(value):\\n    for number in range(13):\\n        value -= number if value > number else 0\\n    return value\\n"
WRITE_GOOD = f'code.write_text(text.replace(text[text.index("def work"):text.index("def last")], "{GOOD}\\n\\n"))'
GUT = 'code.write_text(text[:text.index("def work")] + "def work(value):\\n    return 0\\n\\n\\n" + text[text.index("def last"):])'
TESTS = """import unittest
from src.app import first, last, work


class Works(unittest.TestCase):
    def test_work(self):
        self.assertEqual(work(100), 100 - sum(range(13)))

    def test_last(self):
        self.assertEqual((first(1), last(1)), (1, 1))
"""
CHECK = {
    "id": "test",
    "description": "The tests pass",
    "check": True,
    "command": [sys.executable, "-B", "-m", "unittest", "-q", "tests.test_app"],
}
#: A check whose command is a script of the repository.
SCRIPT = ({**CHECK, "command": "test ! -e check.sh || sh check.sh"},)


class Judged:
    """A repository with one function that is too complex, its tests as a check, and a handler for tasks of the kind ``refactor``."""

    def __init__(self, root: Path) -> None:
        self.code = CodeRepository(root)
        self.root = root
        self.task = ""

    def build(self, body: str, *, checks: tuple[dict, ...] = (CHECK,), git: bool = True, **fields: object) -> None:
        self.code.write("src/app.py", "# The first line.\ndef first(value):\n    return value\n", branchy("work", 14), branchy("last", 1))
        self.code.write("src/__init__.py", "")
        self.code.write("src/other.py", branchy("fine", 3))
        self.code.write("tests/__init__.py", "")
        self.code.write("tests/test_app.py", TESTS)
        self.code.write("handler.py", HANDLER.format(body=body))
        self.code.write(".gitignore", "__pycache__/\n")
        settings = f"handlers:\n  refactor: {sys.executable} -B handler.py\naudit:\n  include: [src/**/*.py]\n"
        self.code.write("config.yaml", settings)
        self.code.write("tasks.yml", "".join(f"- {json.dumps(check)}\n" for check in checks))
        appended = self.code.run("audit", "--append", "--fail-on", "never")
        assert appended.returncode == 0, appended.stderr
        (self.task,) = [task["id"] for task in self.code.tasks().values() if "origin" in task]
        if fields:
            with (self.root / "tasks.yml").open("a") as file:
                file.write("".join(f"  {name}: {json.dumps(value)}\n" for name, value in fields.items()))
        if git:
            self.code.commit()
        else:
            os.rename(self.root / ".git", self.root.parent / "hidden.git")

    def run(self, *arguments: str, code: int):
        done = self.code.run("run", "--no-reflect", *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def status(self) -> str:
        return {task["id"]: task["status"] for task in json.loads(self.code.run("list", "--json").stdout)}[self.task]

    def reason(self) -> str:
        (attempt, *_) = json.loads(self.code.run("history", self.task, "--json").stdout)["attempts"]
        return attempt["reason"]

    def changed(self) -> str:
        """Return what git sees changed, but for the tasks file, in which the tool writes statuses."""
        return self.code.git("status", "--porcelain", "--", ".", ":!tasks.yml")


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    return Judged(tmp_path / "project")


def test_a_function_that_was_gutted_is_restored_and_the_task_failed(judged):
    judged.build(GUT)
    done = judged.run(code=1)

    assert (judged.status(), judged.changed()) == ("failed", "")
    assert judged.reason().startswith("check test failed: exit 1; the change was rolled back (1 file; git show ")
    assert "rolled back" in done.stdout + done.stderr
    commit = judged.reason().split("git show ")[1].split()[0]
    assert "+    return 0" in judged.code.git("show", commit)


def test_a_change_that_holds_is_kept_and_the_task_done(judged):
    judged.build(WRITE_GOOD)
    judged.run(code=0)

    assert (judged.status(), judged.changed()) == ("done", " M src/app.py\n")


def test_without_checks_the_finding_and_what_came_with_it_decide(judged):
    judged.build(WRITE_GOOD, checks=())
    judged.run(code=0)

    assert judged.status() == "done"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            "os.rename('src/app.py', 'src/big.py'); pathlib.Path('src/app.py').write_text('from src.big import *\\n')",
            "the finding is still there: `work` in src/big.py",
        ),
        (
            "os.makedirs('lib'); os.rename('src/app.py', 'lib/big.py'); pathlib.Path('src/app.py').write_text('from lib.big import *\\n')",
            "the finding is still there: `work` in lib/big.py",
        ),
        (WRITE_GOOD + "; code.open('a').write('import os  # noqa: F401\\n')", "src/app.py:14: # noqa: F401"),
        (WRITE_GOOD + "; code.open('a').write('x: int = \"\"  # type: ignore\\n')", "# type: ignore"),
        (
            "code.write_text('# orchestrator: accept complexity - later\\n' + code.read_text())",
            "src/app.py:1: # orchestrator: accept complexity - later",
        ),
        (WRITE_GOOD + "; open('config.yaml', 'a').write('  thresholds: {complexity: 50}\\n')", "audit.thresholds.complexity"),
        (WRITE_GOOD + "; open('config.yaml', 'a').write('  exclude: [src/app.py]\\n')", "audit.exclude"),
        (f"os.system('{ORCHESTRATOR} audit --update-baseline --fail-on never'); " + WRITE_GOOD, "audit-baseline.json: 1 accepted more"),
        (WRITE_GOOD + "; os.remove('tests/test_app.py')", "test_work"),
        (
            WRITE_GOOD + "; t = pathlib.Path('tests/test_app.py'); "
            "t.write_text(t.read_text().replace('    def test_work', '    @unittest.skip(\"later\")\\n    def test_work'))",
            "tests/test_app.py:6: skip",
        ),
        (GUT + "; open('check.sh', 'w').write('true')", "check.sh: it says what is checked, and changed"),
        (WRITE_GOOD + "; open('pytest.ini', 'w').write('[pytest]\\naddopts = --deselect tests\\n')", "pytest.ini"),
        (WRITE_GOOD + "; open('src/more.py', 'w').write('def more(v):\\n' + '    if v: v = 1\\n' * 12)", "more"),
        (
            WRITE_GOOD
            + "; t = pathlib.Path('tasks.yml'); t.write_text(t.read_text().replace('\"check\": true', '\"check\": true, \"gate\": false'))",
            "tasks.yml",
        ),
    ],
    ids=[
        "moved",
        "moved-out",
        "noqa",
        "ignore",
        "accepted",
        "threshold",
        "exclude",
        "baseline",
        "test-removed",
        "test-skipped",
        "script-of-a-check",
        "pytest.ini",
        "new-finding",
        "gate",
    ],
)
def test_what_silences_or_adds_trouble_is_rolled_back(judged, body, why):
    judged.build(body, checks=({**CHECK, "command": "true"},) if why == "tasks.yml" else SCRIPT if "check.sh" in why else ())
    judged.run(code=1)

    assert why in judged.reason()
    assert (judged.status(), judged.changed()) == ("failed", "")


def test_what_a_person_edits_meanwhile_is_kept(judged):
    edit = "sed -i 's/# The first line./# Edited./' src/app.py; echo '# mine' >> src/other.py; echo new > notes.txt; false"
    judged.build(GUT, checks=({**CHECK, "command": "test ! -e edit || { " + edit + "; }"},))
    (judged.root / "handler.py").write_text((judged.root / "handler.py").read_text() + "open('.orchestrator/edit', 'w')\n")
    judged.code.git("commit", "-qam", "handler")
    text = (judged.root / "tasks.yml").read_text().replace("test ! -e edit", "test ! -e .orchestrator/edit")
    (judged.root / "tasks.yml").write_text(text)
    before = (judged.root / "src/app.py").read_text()
    judged.run(code=1)

    assert (judged.root / "src/app.py").read_text() == before.replace("# The first line.", "# Edited.")
    assert judged.changed() == " M src/app.py\n M src/other.py\n?? notes.txt\n"


def test_where_both_changed_the_same_lines_the_file_is_left_and_named(judged):
    judged.build(
        GUT, checks=({**CHECK, "command": "grep -q 'return 0$' src/app.py && sed -i 's/return 0$/return 1/' src/app.py && exit 1 || true"},)
    )
    judged.run(code=1)

    assert "not rolled back (edited meanwhile): src/app.py" in judged.reason()
    assert "return 1" in (judged.root / "src/app.py").read_text()


def test_a_timeout_is_rolled_back(judged):
    judged.build(GUT + "; time.sleep(600)", timeout="1s")
    judged.run(code=1)

    assert (judged.status(), judged.changed()) == ("failed", "")
    assert judged.reason().startswith("timed out after 1 s; the change was rolled back")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_rolled_back(judged, number):
    judged.build(GUT + "; time.sleep(600)", checks=())
    process = subprocess.Popen([ORCHESTRATOR, "run", "--no-reflect"], cwd=judged.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: "return 0" in (judged.root / "src/app.py").read_text(), what="the handler's change")
    process.send_signal(number)

    assert process.wait() == 128 + number
    assert (judged.status(), judged.changed()) == ("pending", "")


def test_bytes_come_back_whatever_attributes_say(judged):
    judged.build(
        "for name in ('crlf.txt', 'ident.txt', 'new/file.txt'):\n"
        "    os.makedirs('new', exist_ok=True); open(name, 'w').write('gone')\n"
        "os.chmod('script.sh', 0o644); os.remove('link'); os.symlink('elsewhere', 'link'); os.remove('kept.bin'); " + GUT
    )
    (judged.root / ".gitattributes").write_text("*.txt text eol=lf filter=evil\nident.txt ident\n*.bin filter=evil\n")
    judged.code.git("config", "filter.evil.clean", "touch ran; cat")
    judged.code.git("config", "filter.evil.smudge", "touch ran; cat")
    files = {"crlf.txt": b"a\r\nb\r\n", "ident.txt": b"$Id: 123 $\r\n", "kept.bin": bytes(range(256))}
    for name, content in files.items():
        (judged.root / name).write_bytes(content)
    (judged.root / "script.sh").write_text("#!/bin/sh\n")
    (judged.root / "script.sh").chmod(0o755)
    (judged.root / "link").symlink_to("src")
    judged.run(code=1)

    assert {name: (judged.root / name).read_bytes() for name in files} == files
    assert (judged.root / "script.sh").stat().st_mode & 0o777 == 0o755
    assert os.readlink(judged.root / "link") == "src"
    assert not (judged.root / "new").exists()
    assert not (judged.root / "ran").exists()


def test_a_killed_run_says_where_the_state_of_before_is(judged):
    judged.build(GUT + "; time.sleep(600)")
    process = subprocess.Popen([ORCHESTRATOR, "run", "--no-reflect"], cwd=judged.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: "return 0" in (judged.root / "src/app.py").read_text(), what="the handler's change")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (judged.root / "handler.py").write_text("")
    done = judged.run("--only", "test", code=1)

    told = done.stdout + done.stderr
    assert f"the run was killed while the handler of {judged.task} was at work" in told
    commit = told.split("git diff ")[1].split()[0]
    assert "-def work" not in judged.code.git("diff", commit, "--", "src/other.py")
    assert "+    return 0" in judged.code.git("diff", commit, "--", "src/app.py")
    assert "was killed while the handler" not in "".join(str(judged.code.run("run", "--no-reflect", "--only", "test").stderr))


def test_without_git_nothing_is_undone_and_what_changed_is_named(judged):
    judged.build(GUT, git=False)
    judged.run(code=1)

    assert judged.status() == "failed"
    assert judged.reason() == "check test failed: exit 1; not rolled back (not in a git repository): src/app.py"


def test_a_failed_check_blocks_judged_tasks(judged):
    judged.build(WRITE_GOOD, checks=({**CHECK, "command": "false"},))
    done = judged.run(code=1)

    assert (judged.status(), judged.changed()) == ("pending", "")
    assert "the gating check test failed" in done.stdout
    assert "the gating check test must pass first" in judged.code.run("why", judged.task).stdout


def test_what_a_task_before_it_broke_is_not_the_handlers_fault(judged):
    breaks = {"id": "breaks", "description": "Break the tests", "command": "echo 'def broken(' >> src/app.py", "priority": 50}
    judged.build(WRITE_GOOD, checks=(CHECK, {**breaks, "dependencies": ["test"]}))
    done = judged.run(code=1)

    assert "✓" in done.stderr and "test  The tests pass" in done.stderr
    assert (judged.status(), judged.changed()) == ("pending", " M src/app.py\n")


def test_the_index_and_the_branches_stay_as_they_are(judged):
    judged.build(GUT)
    (judged.root / "src/other.py").write_text(branchy("staged", 2))
    judged.code.git("add", "src/other.py")
    before = judged.code.git("diff", "--cached"), judged.code.git("for-each-ref"), (judged.root / ".git/index").read_bytes()
    judged.run(code=1)

    assert (judged.code.git("diff", "--cached"), judged.code.git("for-each-ref")) == before[:2]
    assert judged.changed() == "M  src/other.py\n"


def test_a_goal_that_a_person_reached_is_done_when_the_checks_pass(judged):
    judged.build(WRITE_GOOD)
    (judged.root / "config.yaml").write_text("audit:\n  include: [src/**/*.py]\nreflect:\n  enabled: true\n")
    subprocess.run([sys.executable, "handler.py"], cwd=judged.root, check=True)
    (judged.root / "tests/test_app.py").write_text(TESTS.replace("sum(range(13))", "1"))
    broken = judged.code.run("run")

    assert (broken.returncode, judged.status()) == (1, "pending")
    assert "its finding is gone, but the gating check test has not passed" in broken.stdout
    (judged.root / "tests/test_app.py").write_text(TESTS)
    mended = judged.code.run("run")

    assert (mended.returncode, judged.status()) == (0, "done"), mended.stdout + mended.stderr


def test_without_reflection_too_a_goal_waits_for_the_checks(judged):
    judged.build(WRITE_GOOD)
    (judged.root / "config.yaml").write_text("audit:\n  include: [src/**/*.py]\n")
    subprocess.run([sys.executable, "handler.py"], cwd=judged.root, check=True)
    (judged.root / "tests/test_app.py").write_text(TESTS.replace("sum(range(13))", "1"))
    broken = judged.run(code=1)

    assert judged.status() == "pending"
    assert "the gating check test failed" in broken.stdout
    (judged.root / "tests/test_app.py").write_text(TESTS)
    judged.run(code=0)

    assert judged.status() == "done"


def test_what_a_person_made_simple_is_no_work_for_a_handler(judged):
    judged.build("raise SystemExit('not needed')")
    judged.code.write("src/app.py", branchy("first", 1), "def work(value):\n    return 22\n", branchy("last", 1))
    with (judged.root / "config.yaml").open("a") as file:
        file.write("reflect: {enabled: true}\n")
    done = judged.code.run("run")

    assert (done.returncode, judged.status()) == (0, "done"), done.stdout + done.stderr
    assert json.loads(judged.code.run("history", judged.task, "--json").stdout)["attempts"] == []


def test_a_check_that_judged_a_change_is_not_run_once_more(judged):
    counted = judged.root.parent / "counted"
    judged.build(WRITE_GOOD, checks=({**CHECK, "command": f"echo run >> {counted}", "sources": ["src"]},))
    judged.run(code=0)

    assert counted.read_text().split() == ["run", "run"]
    judged.run(code=0)

    assert counted.read_text().split() == ["run", "run"], "it is up to date for what the handler left"


def test_a_task_that_is_asked_for_alone_is_judged_by_the_checks_all_the_same(judged):
    judged.build(GUT)
    judged.run(judged.task, code=1)

    assert (judged.status(), judged.changed()) == ("failed", "")
    assert judged.reason().startswith("check test failed")


@pytest.mark.parametrize(("body", "code", "status", "changed"), [(GUT, 1, "failed", ""), (WRITE_GOOD, 0, "done", " M src/app.py\n")])
def test_a_handler_that_marks_its_task_as_done_is_judged_all_the_same(judged, body, code, status, changed):
    judged.build(f"{body}; os.system('{ORCHESTRATOR} done ' + os.environ['ORCHESTRATOR_TASK_ID'] + ' --force'); time.sleep(1)")
    with (judged.root / "config.yaml").open("a") as file:
        file.write("reflect: {enabled: true}\n")
    done = judged.code.run("run")

    assert done.returncode == code, done.stdout + done.stderr
    assert (judged.status(), judged.changed()) == (status, " M config.yaml\n" + changed)
    assert "set to done while it was carried out" in done.stderr
