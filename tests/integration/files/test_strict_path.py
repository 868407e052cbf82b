"""Trust and keys are believed only where nobody else could have put them."""

from __future__ import annotations

import os

import pytest

from core.errors import StateRefused
from core.files.ownership import check_way_to
from core.files.user_places import KEY_FILE, user_key
from core.plugins.rules.trust import TrustStore
from core.plugins.signing.keys import generate_key, load_private_key
from core.plugins.signing.user_store import load_trust, save_trust

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")


@pytest.fixture
def deep(tmp_path):
    place = tmp_path / "a" / "b" / "c"
    place.mkdir(parents=True)
    return place


@pytest.mark.parametrize("mode", [0o777, 0o757, 0o707])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_directory_above_that_everybody_can_write_is_refused(deep, level, mode):
    check_way_to(deep / "trust.json")
    bad = (deep, *deep.parents)[level]
    bad.chmod(mode)
    with pytest.raises(StateRefused, match=f"^{bad}, on the way to {deep}/trust.json, can be written by others") as refusal:
        check_way_to(deep / "trust.json")
    assert refusal.value.hint == f"chmod go-w {bad}"


@root_only
def test_a_directory_above_that_a_group_or_another_user_can_write_is_refused(deep):
    os.chown(deep, -1, 4242)
    deep.chmod(0o770)
    with pytest.raises(StateRefused, match="can be written by others"):
        check_way_to(deep / "trust.json")
    deep.chmod(0o700)
    os.chown(deep.parent, 65533, -1)
    with pytest.raises(StateRefused, match="belongs to user 65533"):
        check_way_to(deep / "trust.json")


def test_a_sticky_directory_lets_nobody_replace_what_is_not_his(deep):
    deep.parent.chmod(0o1777)
    check_way_to(deep / "trust.json")


def test_a_link_on_the_way_is_looked_at_from_both_sides(deep, tmp_path):
    (tmp_path / "short").symlink_to(deep)
    check_way_to(tmp_path / "short" / "trust.json")
    deep.parent.chmod(0o777)
    with pytest.raises(StateRefused, match="/a/b, on the way"):
        check_way_to(tmp_path / "short" / "trust.json")


def test_what_is_not_there_yet_is_judged_by_what_is(deep):
    check_way_to(deep / "new" / "newer" / "key")
    deep.chmod(0o777)
    with pytest.raises(StateRefused):
        check_way_to(deep / "new" / "newer" / "key")


def test_a_trust_store_below_such_a_directory_is_neither_read_nor_written(deep):
    save_trust(deep / "trust.json", TrustStore(list_number=7))
    assert load_trust(deep / "trust.json").list_number == 7
    deep.parent.chmod(0o777)
    for use in (lambda: load_trust(deep / "trust.json"), lambda: save_trust(deep / "trust.json", TrustStore())):
        with pytest.raises(StateRefused, match="/a/b, on the way"):
            use()


def test_a_private_key_below_such_a_directory_is_neither_made_nor_used(deep):
    generate_key(deep / "key", "mine")
    load_private_key(str(deep / "key"), {})
    deep.chmod(0o777)
    with pytest.raises(StateRefused):
        load_private_key(str(deep / "key"), {})
    with pytest.raises(StateRefused):
        generate_key(deep / "other", "mine")
    assert not (deep / "other").exists()


# -- the key of this user ------------------------------------------------------------------------------------------------


def test_the_key_is_made_once_and_only_when_asked_for(tmp_path):
    place = tmp_path / "config" / "orchestrator"
    assert user_key(place, create=False) is None
    assert not place.exists()
    key = user_key(place, create=True)
    assert len(key) == 32
    assert user_key(place, create=True) == user_key(place, create=False) == key


@pytest.mark.parametrize("content", [b"", b"half"])
def test_half_a_key_is_made_anew(tmp_path, content):
    (tmp_path / KEY_FILE).write_bytes(content)
    assert user_key(tmp_path, create=False) is None
    assert len(user_key(tmp_path, create=True)) == 32


@pytest.mark.parametrize("trick", [lambda path: path.symlink_to("/etc/hostname"), os.mkfifo, lambda path: path.mkdir()])
def test_a_key_that_is_no_file_of_ours_is_refused(tmp_path, trick):
    trick(tmp_path / KEY_FILE)
    with pytest.raises(StateRefused, match=KEY_FILE):
        user_key(tmp_path, create=True)


def test_where_no_key_can_be_made_there_is_none(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert user_key(tmp_path / "file" / "orchestrator", create=True) is None
    assert user_key(tmp_path / "nowhere" / "orchestrator", create=False) is None
