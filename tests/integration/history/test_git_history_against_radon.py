"""The numbers read from git's objects are radon's own on the revision checked out."""

from __future__ import annotations

from functools import cache

from radon.complexity import add_inner_blocks, cc_visit
from radon.metrics import mi_visit

from core.adapters.git import BlobHistory, Git, GitLog
from core.adapters.radon import RadonMeter


@cache
def by_radon(source):
    """Every complexity that radon finds, sorted, and the index; None for what it cannot read."""
    try:
        return sorted(block.complexity for block in add_inner_blocks(cc_visit(source))), mi_visit(source, True)
    except SyntaxError:
        return None


def replayed(history):
    """Yield each revision with the measures of all its files."""
    files = dict(history.before)
    for revision in history.revisions:
        for path in (*revision.removed, *(revision.renamed or {}).values()):
            del files[path]
        files.update(revision.changed)
        yield revision.id, dict(files)


def test_on_every_revision_checked_out_each_file_has_radons_numbers(scratch, tmp_path, real_code):
    real_code(scratch, 6)
    git = Git(str(scratch.root))
    meter = RadonMeter(str(scratch.root), jobs=1, cache=str(tmp_path / "measures.db"), key=b"a secret")
    history = BlobHistory(git, GitLog(git), meter).revisions(200)
    meter.close()
    checked = 0
    for revision, files in replayed(history):
        scratch.git("checkout", "-q", revision)
        there = {str(path.relative_to(scratch.root)): path.read_text(encoding="utf-8") for path in scratch.root.rglob("*.py")}
        assert set(files) == set(there)
        for path, source in there.items():
            measure, truth = files[path], by_radon(source)
            if truth is None:
                assert measure.problem
            else:
                assert (sorted(block.complexity for block in measure.blocks), measure.maintainability) == truth, (revision, path)
        checked += 1
    assert checked >= 20
