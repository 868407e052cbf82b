"""What makes a file ours, decided on what ``lstat`` says."""

from __future__ import annotations

import os
import stat

import pytest

from core.files.ownership import is_writable_by_others, objection_to

USER = 1000


def found(kind=stat.S_IFREG, mode=0o600, user=USER, group=4242, links=1):
    return os.stat_result((kind | mode, 7, 1, links, user, group, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("what", "directory", "reason"),
    [
        (found(), False, None),
        (found(stat.S_IFDIR, 0o700, links=5), True, None),
        (found(mode=0o644), False, None),
        (found(stat.S_IFDIR, 0o755), True, None),
        (found(stat.S_IFLNK, 0o777), False, "is a symbolic link"),
        (found(stat.S_IFLNK, 0o777), True, "is a symbolic link"),
        (found(stat.S_IFIFO), False, "is a named pipe, not a file"),
        (found(stat.S_IFSOCK), False, "is a socket, not a file"),
        (found(stat.S_IFCHR), False, "is a device, not a file"),
        (found(stat.S_IFBLK), False, "is a device, not a file"),
        (found(stat.S_IFDIR), False, "is a directory, not a file"),
        (found(), True, "is a file, not a directory"),
        (found(stat.S_IFIFO), True, "is a named pipe, not a directory"),
        (found(user=0), False, "belongs to user 0, and orchestrator runs as user 1000"),
        (found(stat.S_IFDIR, user=1001), True, "belongs to user 1001"),
        (found(links=2), False, "has a second name elsewhere"),
        (found(mode=0o602), False, "can be written by other users"),
        (found(mode=0o620), False, "can be written by other users"),
        (found(stat.S_IFDIR, 0o1777), True, "can be written by other users"),
    ],
)
def test_only_what_one_user_alone_can_write_is_ours(what, directory, reason):
    objection = objection_to(what, directory=directory, user=USER)
    assert (objection is None) if reason is None else objection.reason.startswith(reason)
    if objection:
        assert "'a b'" in objection.hint("a b") or "#" in objection.hint("a b")


def test_a_group_that_is_a_users_own_may_write():
    me = os.geteuid()
    assert not is_writable_by_others(found(mode=0o660, user=0, group=0)), "root's own group holds root alone"
    assert is_writable_by_others(found(mode=0o660, user=me, group=2**31 - 7)), "a group that nobody knows"
    assert is_writable_by_others(found(mode=0o666, user=0, group=0)), "everybody is no group"
