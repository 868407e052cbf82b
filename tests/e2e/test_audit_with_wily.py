"""``audit.use_wily``: wily has an environment of its own, made by the first audit that asks for it. Needs pip's package index."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.e2e.audit_repository import CodeRepository, branchy
from tests.waiting import TIMEOUT, until

#: Settings of pip with which it finds nothing, by name of the case.
WITHOUT_INDEX = {
    "there is no index": {"PIP_NO_INDEX": "1"},
    "the index cannot be reached": {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"},
}
_NOTHING_ELSE = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    made = CodeRepository(tmp_path / "repository")
    made.write("a.py", branchy("f", 12))
    made.commit()
    made.write("a.py", branchy("f", 14))
    made.commit()
    return made


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    return {"ORCHESTRATOR_AUDIT_USE_WILY": "true", "XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "orchestrator" / "wily"


def environments(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.name != "lock")


def test_the_first_audit_makes_the_environment_and_the_next_ones_use_it(
    repository: CodeRepository, variables: dict[str, str], place: Path
) -> None:
    first = repository.audit(**variables)
    assert "▁█" in first.stdout, first.stderr
    assert "installing wily and what it needs, 27 packages, with pip" in first.stderr
    assert f"rm -r {place} removes it" in first.stderr
    assert "installing" not in repository.audit(**variables).stderr
    doctor = repository.run("doctor", **variables)
    assert f"to remove it: rm -r {place}" in doctor.stdout, doctor.stderr
    assert "wily –" not in doctor.stdout

    (made,) = environments(place)
    (place / made / "bin" / "python").unlink()
    assert "installing wily" in repository.audit(**variables).stderr, "its Python is gone: it is made anew"
    shutil.rmtree(place)
    again = repository.audit(**variables)
    assert "▁█" in again.stdout, again.stderr
    assert environments(place) == [made]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_while_it_is_made_it_is_made_anew_and_nothing_is_left(
    repository: CodeRepository, variables: dict[str, str], place: Path, number: int
) -> None:
    first = repository.start("audit", **variables)
    until(lambda: list(place.glob(".new-*/output")), what="pip runs")
    first.send_signal(number)
    first.communicate(timeout=TIMEOUT)
    again = repository.audit(**variables)
    assert "▁█" in again.stdout, again.stderr
    assert len(environments(place)) == 1


def test_two_audits_at_once_make_it_once(repository: CodeRepository, variables: dict[str, str], place: Path) -> None:
    audits = [repository.start("audit", **variables) for _ in range(2)]
    told = [audit.communicate(timeout=TIMEOUT) for audit in audits]
    assert sum(stderr.count("installing wily") for _, stderr in told) == 1, told
    assert all("▁█" in stdout for stdout, _ in told), told
    assert len(environments(place)) == 1


@pytest.mark.parametrize("settings", WITHOUT_INDEX.values(), ids=list(WITHOUT_INDEX))
def test_without_an_index_the_audit_has_no_trends_and_says_what_to_do(
    repository: CodeRepository, variables: dict[str, str], place: Path, settings: dict[str, str]
) -> None:
    audited = repository.audit(**variables, **_NOTHING_ELSE, **settings)
    assert "f" in audited.stdout
    assert audited.returncode == 1, audited.stderr
    assert "note: no trends: the environment of wily cannot be made: " in audited.stderr
    assert "set PIP_INDEX_URL to an index within reach or PIP_FIND_LINKS to a directory of wheels" in audited.stderr
    assert "or set audit.use_wily: false" in audited.stderr
    assert environments(place) == []


def test_a_run_that_reflects_says_so_before_it_begins_and_goes_on(repository: CodeRepository, variables: dict[str, str]) -> None:
    repository.write("tasks.yml", '- {id: a, description: d, command: "true"}\n')
    repository.write("config.yaml", "reflect: {enabled: true}\n")
    done = repository.run("run", **variables, **_NOTHING_ELSE, PIP_NO_INDEX="1")
    assert done.returncode == 0, done.stderr
    assert "warning: no trends: the environment of wily cannot be made: Could not find a version" in done.stderr
    assert done.stderr.count("installing wily") == 1
    assert len(repository.tasks()) == 2, done.stderr


def test_a_cache_inside_the_repository_or_that_cannot_be_written_is_refused(repository: CodeRepository, variables: dict[str, str]) -> None:
    inside = repository.audit(**{**variables, "XDG_CACHE_HOME": str(repository.root / "cache")})
    assert "an environment inside the repository is not used (set XDG_CACHE_HOME" in inside.stderr
    unwritable = repository.audit(**{**variables, "XDG_CACHE_HOME": "/proc/none"})
    assert "the environment of wily cannot be made: " in unwritable.stderr
    assert "set XDG_CACHE_HOME to a directory that you can write to" in unwritable.stderr
