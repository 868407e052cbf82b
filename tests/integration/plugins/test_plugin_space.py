"""What a plugin may take up in its private directory, and what is left of that when its host is killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from core.domain.plugins.plugin import ProvisionKind
from core.plugins.sandbox.layers import Tier
from core.plugins.sandbox.resource_use import LARGEST_SPACE, SpaceWatch
from tests.waiting import until

TASK = {"task": {"id": "1", "description": "test"}}
TIERS = pytest.mark.parametrize("tier", [Tier.BASIC, Tier.STRONG])
SPACE = "it used more than 256MiB of temporary space and was killed"


def source(*lines: str) -> str:
    head = "import os\nimport resource\nimport signal\nimport socket\nimport time\n\n\ndef run(context):\n    top = context.temporary\n"
    return head + "".join(f"    {line}\n" for line in lines) + "    return {'message': 'fine'}\n"


#: Space is taken by allocating it, so that the tests write nothing: a plugin may do that too.
ATTEMPTS = {
    "the largest file and one more": (
        ["for n in 'ab':", "    os.posix_fallocate(os.open(f'{top}/{n}', os.O_CREAT | os.O_RDWR), 0, 256 << 20)", "time.sleep(600)"],
        SPACE,
    ),
    "many files": (
        ["for n in range(9):", "    os.posix_fallocate(os.open(f'{top}/{n}', os.O_CREAT | os.O_RDWR), 0, 32 << 20)", "time.sleep(600)"],
        SPACE,
    ),
    "and then answers at once": (
        ["for n in range(9):", "    os.posix_fallocate(os.open(f'{top}/{n}', os.O_CREAT | os.O_RDWR), 0, 32 << 20)"],
        SPACE,
    ),
    "files without a name": (
        [
            "for n in range(9):",
            "    opened = os.open(f'{top}/a', os.O_CREAT | os.O_RDWR)",
            "    os.unlink(f'{top}/a')",
            "    os.posix_fallocate(opened, 0, 32 << 20)",
            "time.sleep(600)",
        ],
        SPACE,
    ),
    "files on their way through a socket": (
        [
            "left, right = socket.socketpair()",
            "for n in range(20):",
            "    with open(f'{top}/a', 'wb') as stream:",
            "        os.unlink(f'{top}/a')",
            "        socket.send_fds(left, [b'x'], [stream.fileno()])",
            "time.sleep(600)",
        ],
        "it kept more than 16 open files in its sockets and was killed",
    ),
}


@TIERS
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_more_space_than_allowed_ends_the_call_and_is_given_back(world, tier, attempt, tmp_path, monkeypatch):
    lines, reason = ATTEMPTS[attempt]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    host = world.ready(source(*lines), tier, {"time": "10m"})
    assert host.call("sample", ProvisionKind.TASK, TASK, {}).problem == reason
    assert list(temporary.iterdir()) == []


@TIERS
def test_a_plugin_cannot_hide_what_it_has_open(world, tier):
    lines = ["import ctypes", "if ctypes.CDLL(None).prctl(4, 0, 0, 0, 0) == 0:", "    raise RuntimeError('hidden')"]
    assert world.ready(source(*lines), tier).call("sample", ProvisionKind.TASK, TASK, {}).problem == ""


@TIERS
def test_usage_within_the_quota_is_allowed(world, tier):
    lines = [
        "for n in range(100):",
        "    with open(f'{top}/{n}', 'wb') as stream:",
        "        stream.write(bytes(10_000))",
        "time.sleep(0.3)",
    ]
    answer = world.ready(source(*lines), tier).call("sample", ProvisionKind.TASK, TASK, {})
    assert answer.result == {"message": "fine"}, answer.problem


def test_a_look_costs_little_and_is_not_repeated_too_soon(tmp_path: Path):
    for number in range(300):
        (tmp_path / str(number)).touch()
    looks = []
    watch = SpaceWatch(directory=tmp_path, processes=lambda: looks.append(1) or ())
    used = time.process_time()
    until = time.monotonic() + 1
    while time.monotonic() < until:
        assert watch.exceeded() == ""
        time.sleep(0.005)
    assert 1 <= len(looks) <= 21
    assert time.process_time() - used < 0.5


def test_space_is_counted_in_blocks_and_links_once(tmp_path: Path):
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(10 * LARGEST_SPACE)
    with (tmp_path / "half").open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, LARGEST_SPACE // 2 + 4096)
    os.link(tmp_path / "half", tmp_path / "again")
    watch = SpaceWatch(directory=tmp_path, processes=tuple)
    assert watch.exceeded(now=True) == ""
    with (tmp_path / "other").open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, LARGEST_SPACE // 2)
    assert watch.exceeded(now=True) == SPACE


def test_files_directories_and_links_count_against_the_limit(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    for number in range(9):
        (tmp_path / "folder" / str(number)).touch()
    watch = SpaceWatch(directory=tmp_path, processes=tuple, most_files=10)
    assert watch.exceeded(now=True) == ""
    (tmp_path / "link").symlink_to("/usr")
    assert watch.exceeded(now=True) == "it made more than 10 temporary files and was killed"


def test_what_is_too_deep_to_look_into_cannot_be_measured(tmp_path: Path):
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        for _ in range(20):
            os.mkdir("d" * 250)
            os.chdir("d" * 250)
    finally:
        os.chdir(here)
    told = SpaceWatch(directory=tmp_path, processes=tuple).exceeded(now=True)
    assert told == "its temporary files cannot be measured (File name too long) and it was killed"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into any directory")
def test_a_directory_that_is_closed_to_the_host_cannot_be_measured(tmp_path: Path):
    (tmp_path / "closed").mkdir(0o300)
    assert "cannot be measured" in SpaceWatch(directory=tmp_path, processes=tuple).exceeded(now=True)


@TIERS
def test_what_a_killed_host_leaves_is_removed_by_the_next_start_and_a_running_ones_is_not(world, tier, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    waiting = world.ready(source("if context.config.get('wait'):", "    time.sleep(600)"), tier, config={"type": "object"})
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            try:
                waiting.call("sample", ProvisionKind.TASK, TASK, {"wait": True})
            finally:
                os._exit(0)
        children.append(child)
    until(lambda: len(list(temporary.iterdir())) == 2, what="both have their space")
    killed, running = children
    try:
        os.kill(killed, signal.SIGKILL)
        os.waitpid(killed, 0)
        assert len(list(temporary.iterdir())) == 2
        # The kernel may still be clearing away the plugin of the killed host, which holds its space.
        until(
            lambda: waiting.call("sample", ProvisionKind.TASK, TASK, {}).ok and len(list(temporary.iterdir())) == 1,
            what="the killed one's is removed",
        )
    finally:
        os.kill(running, signal.SIGKILL)
        os.waitpid(running, 0)
    assert waiting.call("sample", ProvisionKind.TASK, TASK, {}).ok
    assert list(temporary.iterdir()) == []
