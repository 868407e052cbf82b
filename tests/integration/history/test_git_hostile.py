"""What a repository can hold against who reads it: each trick beside each way that we ask git, and a canary that must not be written."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from core.adapters.git import Git, GitLog, GitRepository, GitWorktrees, is_tracked, list_files
from core.adapters.git.read.blobs import LARGEST, read_blobs
from core.errors import OrchestratorError
from tests.waiting import TIMEOUT

BIG = "".join(f"line_{number} = {number}\n" for number in range(40))


@pytest.fixture(scope="module")
def model(scratch_in, tmp_path_factory):
    """A repository in the middle of work, with a submodule, and files whose times alone changed."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "inner").mkdir()
    (folder / "project").mkdir()
    other, made = scratch_in(folder / "inner"), scratch_in(folder / "project")
    other.git("init", "-q")
    other.commit({"inside.py": "x\n"})
    made.git("init", "-q", "-b", "main")
    for lines in range(1, 4):
        made.commit({"a.py": "x\n" * lines, "b.py": BIG + "y\n" * lines, "pkg/c.py": f"z = {lines}\n"})
    made.git("submodule", "add", "-q", f"file://{folder / 'inner'}", "sub")
    made.commit()
    made.git("tag", "base", "HEAD~2")
    made.write("a.py", "edited\n")
    made.git("mv", "b.py", "moved.py")
    made.write("new.py", "new\n")
    made.write("sub/inside.py", "dirty\n")
    return folder


@pytest.fixture
def victim(model, scratch_in, tmp_path):
    """A copy of the model to be spoiled: every file of it looks touched to git."""
    shutil.copytree(model, tmp_path, symlinks=True, dirs_exist_ok=True)
    return scratch_in(tmp_path / "project")


@pytest.fixture
def canary(tmp_path):
    """A program that leaves a trace and then behaves like ``cat``."""
    program = tmp_path / "canary"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {shlex.quote(str(tmp_path / "trace"))}\nexec cat\n')
    program.chmod(0o755)
    return program


def config(key, value="{canary}"):
    def plant(repository, canary):
        repository.git("config", key, value.format(canary=canary))

    return plant


def attributes(line, **settings):
    def plant(repository, canary):
        (repository.root / ".git" / "info").mkdir(exist_ok=True)
        (repository.root / ".git" / "info" / "attributes").write_text(f"*.py {line}\n")
        for key, value in settings.items():
            repository.git("config", key.replace("__", "."), value.format(canary=canary))

    return plant


def committed_attributes(repository, canary):
    repository.write(".gitattributes", "*.py filter=evil diff=evil merge=evil\n")
    for key in ("filter.evil.clean", "filter.evil.process", "diff.evil.textconv", "diff.evil.command", "merge.evil.driver"):
        repository.git("config", key, str(canary))


def hooks(repository, canary):
    folder = repository.root / ".git" / "hooks"
    folder.mkdir(exist_ok=True)
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc", "query-watchman", "fsmonitor-watchman"):
        shutil.copy(canary, folder / name)


def submodule(repository, canary):
    modules = repository.root / ".git" / "modules" / "sub"
    for key, value in {
        "core.fsmonitor": str(canary), "filter.evil.clean": str(canary), "filter.evil.process": str(canary),
        "core.hooksPath": str(canary.parent),
    }.items():  # fmt: skip
        subprocess.run(["git", "config", "-f", str(modules / "config"), key, value], check=True)
    (modules / "info").mkdir(exist_ok=True)
    (modules / "info" / "attributes").write_text("* filter=evil\n")
    for key, value in {
        "submodule.recurse": "true", "diff.submodule": "log", "status.submoduleSummary": "true", "submodule.sub.update": f"!{canary}",
        "diff.ignoreSubmodules": "none", "submodule.sub.ignore": "none",
    }.items():  # fmt: skip
        repository.git("config", key, value)


def included(repository, canary):
    (repository.root / "more").write_text(f'[core]\n\tfsmonitor = {canary}\n[filter "evil"]\n\tclean = {canary}\n\tprocess = {canary}\n')
    repository.git("config", "include.path", "../more")
    repository.git("config", f"includeIf.gitdir:{repository.root}/.path", "../more")
    attributes("filter=evil")(repository, canary)


def worktree_config(repository, canary):
    repository.git("config", "extensions.worktreeConfig", "true")
    repository.git("config", "--worktree", "core.fsmonitor", str(canary))
    repository.git("config", "--worktree", "filter.evil.clean", str(canary))
    attributes("filter=evil")(repository, canary)


def promisor(repository, canary):
    for key, value in {
        "core.repositoryFormatVersion": "1", "extensions.partialClone": "evil", "remote.evil.promisor": "true",
        "remote.evil.url": f"ext::{canary}", "remote.evil.uploadpack": str(canary), "remote.evil.vcs": "evil",
        "protocol.ext.allow": "always",
        "protocol.allow": "always", "core.sshCommand": str(canary),
    }.items():  # fmt: skip
        repository.git("config", key, value)
    blob = repository.git("rev-parse", "base:a.py")
    (repository.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


def ssh_promisor(repository, canary):
    promisor(repository, canary)
    repository.git("config", "--unset", "remote.evil.vcs")
    repository.git("config", "remote.evil.url", "ssh://nobody@127.0.0.1:9/evil")


def alternates(repository, canary):
    (repository.root / ".git" / "objects" / "info").mkdir(exist_ok=True)
    (repository.root / ".git" / "objects" / "info" / "alternates").write_text("/etc\n../../../inner/.git/objects\n")
    (repository.root / ".git" / "objects" / "info" / "http-alternates").write_text("http://127.0.0.1:9/objects\n")
    repository.git("config", "core.alternateRefsCommand", str(canary))


def options_as_names(repository, canary):
    commit = repository.git("rev-parse", "HEAD")
    for name in (f"--exec={canary}", "-c", "--output=stolen"):
        (repository.root / ".git" / "refs" / "heads" / name.replace("/", "_")).write_text(f"{commit}\n")
    (repository.root / ".git" / "HEAD").write_text("ref: refs/heads/--output=stolen\n")
    repository.git("config", "remote.--upload-pack=evil;touch x.url", str(canary))


TRICKS = {
    "fsmonitor": config("core.fsmonitor"),
    "hooks": hooks,
    "hooksPath": lambda repository, canary: (hooks(repository, canary), repository.git("config", "core.hooksPath", ".git/hooks")),
    "pager": config("core.pager"),
    "pager of a command": lambda repository, canary: [
        config(f"pager.{name}")(repository, canary) for name in ("rev-list", "diff-index", "ls-files", "cat-file")
    ],
    "editor": config("core.editor"),
    "sshCommand": config("core.sshCommand"),
    "askPass": config("core.askPass"),
    "gitProxy": config("core.gitProxy"),
    "credential helper": config("credential.helper", "!{canary}"),
    "alternateRefsCommand": config("core.alternateRefsCommand"),
    "signatures": lambda repository, canary: [
        config(key, value)(repository, canary)
        for key, value in {
            "log.showSignature": "true",
            "gpg.program": "{canary}",
            "gpg.ssh.program": "{canary}",
            "gpg.format": "ssh",
        }.items()
    ],
    "alias of a command": lambda repository, canary: [
        config(f"alias.{name}", "!{canary}")(repository, canary) for name in ("rev-parse", "ls-files", "diff-index", "cat-file", "config")
    ],
    "clean filter": attributes("filter=evil", filter__evil__clean="{canary}", filter__evil__required="true"),
    "smudge filter": attributes("filter=evil", filter__evil__smudge="{canary}"),
    "filter process": attributes("filter=evil", filter__evil__process="{canary}"),
    "filter of an odd name": attributes("filter=a=b", **{"filter__a=b__clean": "{canary}"}),
    "textconv": attributes("diff=evil", diff__evil__textconv="{canary}", diff__evil__cachetextconv="true"),
    "diff driver": attributes("diff=evil", diff__evil__command="{canary}"),
    "external diff": config("diff.external"),
    "merge driver": attributes("merge=evil", merge__evil__driver="{canary}"),
    "committed attributes": committed_attributes,
    "submodule": submodule,
    "include": included,
    "worktree config": worktree_config,
    "promisor": promisor,
    "promisor by ssh": ssh_promisor,
    "alternates": alternates,
    "options as names": options_as_names,
}


def history(repository, _):
    return repository.history().revisions(50)


def since(repository, _):
    return repository.repository().changed_since("base")


def since_an_option(repository, _):
    return repository.repository().changed_since("--output=stolen")


def facts(repository, _):
    return repository.repository().facts()


def listing(repository, _):
    return list_files(Git(str(repository.root)))


def detached_worktree(repository, place):
    git = Git(str(repository.root))
    GitWorktrees(git).create_detached(str(place), GitLog(git).window(5))


QUESTIONS = {question.__name__: question for question in (history, since, since_an_option, facts, listing, detached_worktree)}


@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_starts_a_program_whatever_git_is_asked(victim, canary, tmp_path, trick, monkeypatch):
    TRICKS[trick](victim, canary)
    monkeypatch.chdir(victim.root)
    for name, question in QUESTIONS.items():
        with suppress(OrchestratorError, IndexError):  # a refusal is an answer; nobody asks for a work tree of an empty window
            question(victim, tmp_path / f"tree-{name}")
        assert not (tmp_path / "trace").exists(), (name, (tmp_path / "trace").read_text())
        assert not list(victim.root.glob("stolen*")), name


@pytest.mark.parametrize("trick", ["fsmonitor", "clean filter", "filter process", "submodule"])
def test_the_canary_sings_for_a_git_that_is_not_hardened(victim, canary, tmp_path, trick):
    TRICKS[trick](victim, canary)
    victim.git("status", "--porcelain", check=False)
    assert (tmp_path / "trace").exists()


ASK = """
import sys
from core.adapters.git import BlobHistory, Git, GitLog, GitRepository, GitWorktrees, list_files
git = Git(sys.argv[1])
window = GitLog(git).window(50)
GitWorktrees(git).create_detached(sys.argv[2], window)
GitRepository(git).facts()
list_files(git)
try:
    GitRepository(git).changed_since("base")
except Exception as error:
    print(error)
"""


def executed(trace):
    return {Path(name).name for name in re.findall(r'execve\("([^"]+)".*= 0$', trace, re.MULTILINE)}


#: The C library looks up the name of a user in its own cache, where there is one.
_CACHE_OF_USERS = re.compile(r'connect\(\d+, \{sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"\}, \d+(?:\)| <unfinished)')


def connected(trace):
    """Return the calls that connect to anything but the C library's cache of users."""
    return [line for line in trace.splitlines() if "connect(" in line and not _CACHE_OF_USERS.search(line)]


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_only_a_connection_to_the_cache_of_users_is_excused(tmp_path):
    paths = ["/var/run/nscd/socket", "/var/run/nscd/socket2", "/nowhere/var/run/nscd/socket", "nscd/socket", "\0/var/run/nscd/socket"]
    code = f"import socket\nfor path in {paths!r}: socket.socket(socket.AF_UNIX).connect_ex(path)\n"
    code += "socket.socket().connect_ex(('127.0.0.1', 9))"
    watched = ["strace", "-f", "-qq", "-e", "trace=connect", "-s", "300", "-o", str(tmp_path / "calls")]
    done = subprocess.run([*watched, sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    calls = (tmp_path / "calls").read_text()
    assert len(calls.splitlines()) == len(paths) + 1, calls
    assert len(connected(calls)) == len(paths), calls


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_under_strace_nothing_but_git_is_started_with_every_trick_at_once(victim, canary, tmp_path):
    for name, plant in TRICKS.items():
        if "promisor" not in name and name not in ("options as names", "filter of an odd name"):
            plant(victim, canary)
    watched = ["strace", "-f", "-qq", "-e", "trace=execve,connect", "-s", "300", "-o", str(tmp_path / "calls")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [*watched, sys.executable, "-c", ASK, str(victim.root), str(tmp_path / "tree")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    calls = (tmp_path / "calls").read_text()
    assert executed(calls) <= {Path(sys.executable).name, "git"}, executed(calls)
    assert not connected(calls)
    # The same watch sees a program that is started, and what is connected to.
    planted = [*watched, "git", "-C", str(victim.root), "status"]
    subprocess.run(planted, capture_output=True, check=False, timeout=TIMEOUT)
    assert canary.name in executed((tmp_path / "calls").read_text())


def test_variables_that_turn_git_elsewhere_or_write_are_dropped(victim, canary, tmp_path, monkeypatch):
    committed = victim.git("show", "HEAD:a.py").encode() + b"\n"
    for name, value in {
        "GIT_TRACE": str(tmp_path / "trace"), "GIT_TRACE_SETUP": str(tmp_path / "trace"), "GIT_TRACE2_EVENT": str(tmp_path / "trace"),
        "GIT_EXTERNAL_DIFF": str(canary), "GIT_SSH_COMMAND": str(canary), "GIT_ASKPASS": str(canary), "GIT_PAGER": str(canary),
        "GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/nowhere", "GIT_INDEX_FILE": "/nowhere", "GIT_OBJECT_DIRECTORY": "/nowhere",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nowhere", "GIT_CONFIG": str(canary),
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor'='{canary}' 'filter.evil.clean'='{canary}'", "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": str(canary), "GIT_NAMESPACE": "evil",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    (victim.root / ".git" / "info" / "attributes").write_text("*.py filter=evil\n")
    git = Git(str(victim.root))
    assert {change.path for change in GitRepository(git).changed_since("base").changes} >= {"a.py", "new.py"}
    assert GitLog(git).window(5).gap == ""
    GitWorktrees(git).create_detached(str(tmp_path / "tree"), GitLog(git).window(5))
    assert (tmp_path / "tree" / "a.py").read_bytes() == committed
    assert os.environ["GIT_DIR"] == "/nowhere"
    assert not (tmp_path / "trace").exists()


def test_a_path_is_a_name_and_no_pattern(scratch):
    scratch.commit({"a.py": "x\n", ":weird.py": "y\n", "[a].py": "z\n"})
    repository, commit = scratch.repository(), scratch.git("rev-parse", "HEAD")
    assert repository.file_at(commit, ":weird.py") == b"y\n"
    assert repository.file_at(commit, "[a].py") == b"z\n"
    assert repository.file_at(commit, ":(glob)*.py") is None
    assert [is_tracked(str(scratch.root), path) for path in ("a.py", "*.py", ":(glob)*", "[a].py", ":weird.py")] == [
        True, False, False, True, True,
    ]  # fmt: skip


def test_a_count_of_settings_that_is_no_number_is_nobodys_crash(victim, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_COUNT", "many")
    assert victim.history().revisions(5).gap == ""


def test_a_git_of_the_directory_that_we_are_in_is_never_taken(victim, canary, tmp_path, monkeypatch):
    shutil.copy(canary, victim.root / "git")
    monkeypatch.chdir(victim.root)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    assert victim.history().revisions(5).gap == ""
    assert not (tmp_path / "trace").exists()


def test_a_bare_repository_in_the_tree_of_another_is_no_repository(victim, canary, tmp_path):
    bare = victim.clone(tmp_path / "bare.git", "--bare").root
    shutil.copytree(bare, victim.root / "docs" / "evil")
    subprocess.run(["git", "config", "-f", str(victim.root / "docs/evil/config"), "core.fsmonitor", str(canary)], check=True)
    inside = type(victim)(victim.root / "docs" / "evil")
    assert inside.history().revisions(5).revisions == ()
    with pytest.raises(OrchestratorError):
        inside.repository().changed_since("base")
    assert not (tmp_path / "trace").exists()


def test_a_work_tree_elsewhere_is_not_looked_at(victim, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.py").write_text("x\n")
    victim.git("config", "core.worktree", str(tmp_path / "elsewhere"))
    assert list_files(Git(str(victim.root))) is None
    with pytest.raises(OrchestratorError, match="no work tree here"):
        victim.repository().changed_since("base")


def test_paths_of_the_index_that_lead_out_of_the_project_are_left_out(victim, tmp_path):
    (tmp_path / "outside.py").write_text("x\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x.py").write_text("x\n")
    blob = victim.git("hash-object", "-w", "a.py")
    victim.git("update-index", "--add", "--cacheinfo", f"100644,{blob},lnk/x.py")
    victim.git("update-index", "--add", "--cacheinfo", f"100644,{blob},qqqqqqqqqq.py")
    index = victim.root / ".git" / "index"
    content = index.read_bytes()[:-20].replace(b"qqqqqqqqqq.py", b"../outside.py")
    index.write_bytes(content + hashlib.sha1(content, usedforsecurity=False).digest())
    (victim.root / "lnk").symlink_to(tmp_path / "folder")
    assert not [path for path in list_files(Git(str(victim.root))) or () if ".." in path]
    changed = victim.repository().changed_since("base")
    assert not {"../outside.py", "lnk/x.py"} & {change.path for change in changed.changes}


PIPES = (".git/HEAD", ".git/index", ".git/shallow", ".gitignore", ".git/objects/info/alternates")


@pytest.mark.parametrize("path", PIPES)
def test_a_named_pipe_in_place_of_a_file_is_no_hang(victim, path):
    place = victim.root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    os.mkfifo(place)
    began = time.monotonic()
    git = Git(str(victim.root))
    list_files(git)
    GitLog(git).window(5)
    with suppress(OrchestratorError):
        GitRepository(git).changed_since("nowhere")
    # A bound against waiting for ever; git is given up once, after two seconds of sleep.
    assert time.monotonic() - began < TIMEOUT


def test_a_blob_that_is_a_bomb_is_not_held_in_memory(scratch):
    scratch.commit({"a.py": b"#" * (40 * 1024 * 1024)})
    scratch.commit({"a.py": "x\n"})
    blob = scratch.git("rev-parse", "HEAD~1:a.py")
    small = scratch.git("rev-parse", "HEAD:a.py")
    assert [len(content) for _, content in read_blobs(Git(str(scratch.root)), [blob, small])] == [LARGEST, 2]


OTHER_WORDS = """#!/bin/sh
{git} "$@" 2>/dev/null
code=$?
[ $code = 0 ] || echo "fatal: quelque chose a mal tourn\u00e9" >&2
exit $code
"""


@pytest.fixture
def git_of_other_words(tmp_path):
    place = tmp_path / "newer" / "git"
    place.parent.mkdir()
    place.write_text(OTHER_WORDS.format(git=shutil.which("git")))
    place.chmod(0o755)
    return str(place)


def test_the_cause_of_a_failure_is_found_without_reading_gits_messages(scratch, tmp_path, git_of_other_words, monkeypatch):
    def gap(place):
        git = Git(str(place), executable=git_of_other_words)
        return GitLog(git).window(5).gap

    scratch.commit({"a.py": "1\n"})
    scratch.commit({"a.py": "2\n"})
    scratch.git("config", "uploadpack.allowFilter", "true")
    treeless = scratch.clone(tmp_path / "treeless", "--filter=tree:0", "--no-checkout")
    assert gap(treeless.root) == "objects are missing in this partial clone: git fetch --refetch --no-filter"
    (tmp_path / "plain").mkdir()
    assert gap(tmp_path / "plain") == "not a git repository"
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    assert gap(scratch.root) == (
        f"git refuses the repository because another user owns it: git config --global --add safe.directory '{scratch.root}'"
    )


def test_a_remote_whose_name_is_a_command_is_in_no_line_that_is_to_be_typed(victim):
    victim.git("config", "remote.x;touch evil.url", "file:///nowhere")
    with pytest.raises(OrchestratorError) as caught:
        victim.repository().changed_since("nowhere")
    assert "touch" not in caught.value.hint
