"""What two branches wrote, merged by git itself: the baseline and the tasks file are valid after every merge without a conflict.

Random branches are merged by ``git merge``, with and without the attribute ``merge=union``; of a conflict both sides are kept.
``MERGES=1000 pytest -s`` prints the shares of conflicts that docs/audit.md has.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.adapters.baseline_file import parse, render
from core.adapters.tasks_yaml.edit.edits import apply_edits
from core.adapters.tasks_yaml.parse.parse import parse_document, parse_tasks
from core.domain.quality.baseline import in_order
from core.domain.quality.finding import Accepted, Finding, fingerprint
from core.domain.quality.metric import Metric, complexity_rank
from core.domain.quality.refactor_task import refactor_entry
from core.domain.tasks.entry import AppendTask
from core.errors import InvalidFile

FILE = "merged"
TRIALS = int(os.environ.get("MERGES", "15"))
_MARKERS = re.compile(r"^(?:<<<<<<< .*|=======|>>>>>>> .*)\n", re.MULTILINE)
#: Names of equal length, with words in common.
_WORDS = ("load", "save", "find", "send", "read", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The text that ``git merge`` left."""

    text: str
    conflict: bool


class Branches:
    """A repository in which one file is changed in two branches and merged, as often as asked."""

    def __init__(self, root: Path, *, attributes: str = "", strategy: str = "ort") -> None:
        self._root = root
        self._strategy = strategy
        self._git("init", "-q", "-b", "main")
        (root / ".git" / "info").mkdir(exist_ok=True)
        (root / ".git" / "info" / "attributes").write_text(attributes)

    def merge(self, base: str, left: str, right: str) -> Merged:
        commits = [self._commit(base)]
        commits += [self._commit(text, commits[0]) for text in (left, right)]
        self._git("checkout", "-q", "-f", "--detach", commits[1])
        done = self._git("merge", "-q", "-s", self._strategy, "-m", "m", commits[2], fails=True)
        text = (self._root / FILE).read_bytes().decode()
        self._git("reset", "-q", "--hard")
        return Merged(text=text, conflict=done.returncode != 0)

    def _commit(self, text: str, parent: str = "") -> str:
        blob = self._git("hash-object", "-w", "--stdin", text=text).stdout.strip()
        tree = self._git("mktree", text=f"100644 blob {blob}\t{FILE}\n").stdout.strip()
        return self._git("commit-tree", "-m", "c", *(("-p", parent) if parent else ()), tree).stdout.strip()

    def _git(self, *arguments: str, text: str = "", fails: bool = False) -> subprocess.CompletedProcess[str]:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "gc.auto=0")
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self._root, input=text, capture_output=True, text=True, encoding="utf-8", check=False
        )
        assert fails or done.returncode == 0, done.stderr
        return done


#: Texts of the base and of two branches.
Pair = Callable[[random.Random], tuple[str, str, str]]


#: Texts of the base and of two branches.
Pair = Callable[[random.Random], tuple[str, str, str]]


def share_of_conflicts(branches: Branches, rng: random.Random, pair: Pair, read: Callable[[str], object]) -> float:
    """Merge random pairs; every text without a conflict, and every one with both sides of its conflicts kept, must be valid."""
    conflicts = 0
    for _ in range(TRIALS):
        base, left, right = pair(rng)
        merged = branches.merge(base, left, right)
        conflicts += merged.conflict
        text = _MARKERS.sub("", merged.text)
        try:
            read(text)
        except InvalidFile as error:
            pytest.fail(f"{error}\n--- left\n{left}\n--- right\n{right}\n--- merged\n{merged.text}")
    return conflicts / TRIALS


# -- the baseline ------------------------------------------------------------------------------------------------------


def _accepted(rng: random.Random) -> Accepted:
    path, block = f"src/{rng.choice(_WORDS)}/{rng.choice(_WORDS)}.py", f"f{rng.randrange(1_000_000)}"
    return Accepted(path=path, block=block, metric=Metric.COMPLEXITY, score=rng.randrange(11, 40), shape=f"{rng.getrandbits(48):012x}")


def _changed(rng: random.Random, base: Iterable[Accepted], *, added: int, removed: int) -> list[Accepted]:
    kept = list(base)
    rng.shuffle(kept)
    return [*kept[min(removed, len(kept)) :], *(_accepted(rng) for _ in range(added))]


def _baselines(size: int, added: int, removed: int) -> Pair:
    def pair(rng: random.Random) -> tuple[str, str, str]:
        base = [_accepted(rng) for _ in range(size)]
        left, right = (_changed(rng, base, added=added, removed=removed) for _ in range(2))
        return render(in_order(base)), render(in_order(left)), render(in_order(right))

    return pair


@pytest.mark.parametrize("attributes", ["", f"{FILE} merge=union\n"], ids=["plain", "union"])
@pytest.mark.parametrize(
    ("size", "added", "removed", "most"), [(0, 1, 0, 0.2), (4, 1, 0, 0.2), (100, 1, 0, 0.2), (100, 3, 1, 0.6), (100, 10, 3, 1.0)]
)
def test_baselines_of_two_branches_merge(tmp_path, attributes, size, added, removed, most):
    share = share_of_conflicts(
        Branches(tmp_path, attributes=attributes),
        random.Random(f"{size} {added}"),
        _baselines(size, added, removed),
        lambda text: parse(text, FILE),
    )
    print(f"baseline of {size}, {added} added, {removed} removed in each branch, {attributes.strip() or 'plain'}: {share:.1%} conflicts")
    assert share <= (0 if attributes else most)


def test_what_merges_without_a_conflict_is_what_both_branches_accepted(tmp_path):
    rng, branches = random.Random(7), Branches(tmp_path, strategy="recursive")
    for _ in range(20):
        base = [_accepted(rng) for _ in range(30)]
        left, right = [*base[2:], _accepted(rng)], [*base[:-2], _accepted(rng)]
        merged = branches.merge(*(render(in_order(each)) for each in (base, left, right)))
        if not merged.conflict:
            assert set(parse(merged.text, FILE)) == {*base[2:-2], left[-1], right[-1]}


def test_an_older_baseline_is_read_and_merges_with_one_of_now(tmp_path):
    rng, branches = random.Random(11), Branches(tmp_path)
    for _ in range(20):
        base = [_accepted(rng) for _ in range(8)]
        older = [_older_text(each) for each in (base, [*base, _accepted(rng)])]
        assert parse(older[0], FILE) == parse(render(base), FILE)
        merged = branches.merge(older[0], render(in_order([*base, _accepted(rng)])), older[1])
        parse(_MARKERS.sub("", merged.text), FILE)


def _older_text(accepted: Iterable[Accepted]) -> str:
    return "".join(line for line in render(in_order(accepted)).splitlines(keepends=True) if line.strip())


# -- the tasks ---------------------------------------------------------------------------------------------------------


def _finding(rng: random.Random) -> Finding:
    path, block = f"src/{rng.choice(_WORDS)}.py", f"{rng.choice(_WORDS)}_{rng.choice(_WORDS)}"
    score = 12 + len(block) % 3
    return Finding(
        fingerprint=fingerprint(Metric.COMPLEXITY, path, block),
        metric=Metric.COMPLEXITY,
        path=path,
        block=block,
        line=1,
        end_line=30,
        score=score,
        threshold=10,
        rank=complexity_rank(score),
    )


def _advice(rng: random.Random) -> str:
    sentence = "Extract the loop over `the items of it` (lines 3–9, 5 of its 12 decisions) into a function that takes it and returns that."
    return " ".join([sentence] * rng.randrange(5))


def _entry_of_ours(rng: random.Random) -> Mapping[str, object]:
    """Return the entry for a finding: of one finding, two branches make the same."""
    finding = _finding(rng)
    own = random.Random(finding.fingerprint)
    return refactor_entry(finding, _advice(own), f"{own.getrandbits(48):012x}")


def _entry_of_a_person(rng: random.Random) -> Mapping[str, object]:
    name = f"{rng.choice(_WORDS)}-{rng.randrange(1_000_000)}"
    work = rng.choice(({"command": "make test"}, {"verify": "make test"}, {"manual": True}))
    settings = {key: value for key, value in {"timeout": "10m", "tags": ["now"]}.items() if rng.random() < 0.5}
    return {"id": name, "description": f"Look after {name}", **work, **settings}


def _appended(text: str, entries: Iterable[Mapping[str, object]]) -> str:
    made = {str(entry["id"]): entry for entry in entries}
    document = parse_document(text, FILE)
    return apply_edits(document, [AppendTask(fields=made[name]) for name in sorted(made) if not document.knows(name)], FILE).text


def _task_files(entry: Callable[[random.Random], Mapping[str, object]], most: int) -> Pair:
    person = "- id: p\n  description: person\n  manual: true\n"
    beginnings = ("", "[]\n", "# tasks\n", person, f"{person}- id: q\n  description: person\n  manual: true\n")

    def pair(rng: random.Random) -> tuple[str, str, str]:
        base = _appended(rng.choice(beginnings), [entry(rng) for _ in range(rng.randrange(3))])
        shared = [entry(rng)] if entry is _entry_of_ours and rng.random() < 0.5 else []
        left, right = (_appended(base, [*shared, *(entry(rng) for _ in range(rng.randrange(1, most)))]) for _ in range(2))
        return base, left, right

    return pair


@pytest.mark.parametrize("attributes", ["", f"{FILE} merge=union\n"], ids=["plain", "union"])
@pytest.mark.parametrize("entry", [_entry_of_ours, _entry_of_a_person], ids=["ours", "a-persons"])
@pytest.mark.parametrize("most", [2, 4])
def test_new_tasks_of_two_branches_stay_whole(tmp_path, attributes, entry, most):
    def read(text: str) -> None:
        for task in parse_tasks(text, FILE):
            assert task.command or task.verify or task.manual, text

    share = share_of_conflicts(Branches(tmp_path, attributes=attributes), random.Random(most), _task_files(entry, most), read)
    print(f"tasks, up to {most - 1} new in each branch, {entry.__name__}, {attributes.strip() or 'plain'}: {share:.1%} conflicts")
    assert share <= (0 if attributes else 1)


def test_a_task_that_both_branches_made_differently_is_told_with_what_to_do():
    text = "- {id: refactor-1, description: d, manual: true, origin: {by: reflector, fingerprint: '1'}}\n"
    with pytest.raises(InvalidFile) as caught:
        parse_tasks(text + text.replace("description: d", "description: e"), FILE)
    hint = "two branches made this task, and a merge kept both entries: remove one"
    assert str(caught.value) == f"{FILE}:2:8: the id refactor-1 is here twice, first in line 1 ({hint})"
