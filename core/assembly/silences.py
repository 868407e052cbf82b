"""What a branch silences, read from the base that judges it and from the work tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.assembly.project import BaseRevision, Project
from core.config import CONFIG_FILE
from core.domain.quality.baseline_growth import Growth, baseline_growth
from core.domain.quality.checker_settings import CHECKERS
from core.domain.quality.files_of_tests import TESTS
from core.domain.quality.finding import Accepted
from core.domain.quality.refactor_task import place
from core.domain.quality.silenced_things import SilencedThing, new_acceptances, silenced_findings, silenced_in
from core.domain.quality.silences import Silences
from core.domain.quality.silent_comments import Change
from core.domain.settings.loosening import loosened_values
from core.domain.settings.options import is_stronger_than_files, settings_table
from core.domain.untrusted.globs import any_of
from core.errors import InvalidFile, StorageError

#: Files in which something can be silenced, and directories that hold others' code.
_FILES = ("**/*.py", "**/*.pyi", *(f"**/{name}" for name in CHECKERS))
_FOREIGN = ("**/site-packages/", "**/node_modules/")
_LOOSER = "looser than at the base, by which this change is judged"
_REVIEW = "leave it as it is, or have a reviewer merge it all the same"


def silences_since(project: Project, base: BaseRevision) -> Silences:
    """Return what a branch silences beside its base. Raises StorageError."""
    things = (*_settings(project, base), *_baseline(project, base), *silenced_in(_change(project, base)))
    as_notes = project.settings.audit.silence == "note"
    return Silences(findings=silenced_findings(things), comments=new_acceptances(things), are_notes=as_notes)


def _settings(project: Project, base: BaseRevision) -> Iterator[SilencedThing]:
    for each in loosened_values(settings_table(type(project.settings)), base.own_config, base.config):
        if not is_stronger_than_files(project.settings, each.key):
            yield SilencedThing(path=CONFIG_FILE, line=each.line, what=each.what, problem=_LOOSER, advice=_REVIEW)


def _baseline(project: Project, base: BaseRevision) -> Iterator[SilencedThing]:
    from core.adapters.baseline_file import entry_lines

    name = project.settings.audit.baseline
    try:
        before, after = both_baselines(project, base)
    except (InvalidFile, StorageError):
        return  # what cannot be compared is told with the other changes of what decides the verdict
    grown = baseline_growth(before or (), after or ())
    if grown and before is None:
        problem = "the base has no baseline; a first one is reviewed as a whole"
        yield SilencedThing(path=name, line=1, what=f"{len(grown)} accepted in a new baseline", problem=problem, advice=_REVIEW)
    elif grown:
        lines = entry_lines((project.root / name).read_text(encoding="utf-8", errors="replace"))
        yield from (_accepted(name, each, lines) for each in grown)


def both_baselines(project: Project, base: BaseRevision) -> tuple[tuple[Accepted, ...] | None, tuple[Accepted, ...] | None]:
    """Return what the base accepts and what the work tree does, None where there is no baseline. Raises InvalidFile, StorageError."""
    from core.adapters.baseline_file import CommittedBaseline, JsonBaseline

    name = project.settings.audit.baseline
    here = JsonBaseline(project.root / name, name, root=project.root)
    return CommittedBaseline(base.file(name), base.shown(name)).read(), here.read()


def _accepted(name: str, grown: Growth, lines: Mapping[tuple[str, str, str], int]) -> SilencedThing:
    accepted, before = grown.accepted, grown.before
    scores = f"{accepted.score:g}" if before is None else f"{before.score:g} → {accepted.score:g}"
    return SilencedThing(
        path=name,
        line=lines.get(accepted.key, 0),
        what=f"{accepted.metric} of {place(accepted.path, accepted.block)}: {scores}",
        problem="accepted in this change" if before is None else "accepted at a worse score in this change",
        advice="mend the code, or have a reviewer merge it all the same",
    )


def _change(project: Project, base: BaseRevision) -> Change:
    """Return both versions of the files in which something can be silenced; what is left out beside tests is somebody else's."""
    left_out = [glob for glob in project.settings.audit.exclude if glob not in TESTS]
    repository = base.repository.selecting((*_FILES, *project.settings.audit.include), left_out)
    is_foreign = any_of(_FOREIGN)
    return {path: sides for path, sides in repository.contents_since(base.commit).items() if not is_foreign(path)}
