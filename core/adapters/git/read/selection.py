"""``audit.include/exclude`` as git's pathspecs, and what git leaves to be sorted out.

git takes exponential time for a glob with many stars, and reads brackets and backslashes in a way of its own. So it is given only
what it reads as ``core.domain.untrusted.globs`` does and what it is quick with; of anything else something wider, and what it then finds is
looked at once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from core.domain.quality.history import Touch
from core.domain.untrusted.globs import any_of, names_of

#: Directory wildcards in one glob up to which git is quick.
_MOST_WILDCARDS = 2


class Selection:
    """The files that ``include`` selects and ``exclude`` does not."""

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self._included = any_of(include)
        self._excluded = any_of(exclude)
        narrowed = [glob for glob in map(_glob, exclude) if _is_easy(glob)]
        #: For git: never less than what is selected.
        self.pathspecs = [f":(glob){_widened(_glob(glob))}" for glob in include] + [f":(exclude,glob){glob}" for glob in narrowed]

    def has(self, path: str) -> bool:
        return self._included(path) and not self._excluded(path)

    def touches(self, found: Iterable[Touch]) -> Iterator[Touch]:
        """Yield what git found, as if nothing but the selected files were there: what came in is new, what went out is gone."""
        for touch in found:
            inside = bool(touch.blob) and self.has(touch.path)
            before = bool(touch.old_path) and self.has(touch.old_path)
            if inside == bool(touch.blob) and before == bool(touch.old_path):
                yield touch
            elif inside:
                yield Touch(path=touch.path, old_path="", blob=touch.blob, old_blob="")
            elif before:
                yield Touch(path=touch.old_path, old_path=touch.old_path, blob="", old_blob=touch.old_blob)


def _glob(glob: str) -> str:
    """Return the same glob as git writes it, with runs of stars as one."""
    return "/".join(name if name == "**" else re.sub(r"\*+", "*", name) for name in names_of(glob))


def _is_easy(glob: str) -> bool:
    return _widened(glob) == glob


def _widened(glob: str) -> str:
    """Return a glob that git is quick with and that matches whatever ``glob`` does."""
    names = [_widened_name(name) for name in glob.split("/")]
    wild = [position for position, name in enumerate(names) if name == "**"]
    return "/".join([*names[: wild[0] + 1], *names[wild[-1] + 1 :]] if len(wild) > _MOST_WILDCARDS else names)


def _widened_name(name: str) -> str:
    if name == "**" or (name.count("*") <= 1 and not re.search(r"[\[\\]", name)):
        return name
    plain = re.split(r"[*\[\]\\]+", name)
    return f"{plain[0]}*" if "\\" in name or "[" in name else f"{plain[0]}*{plain[-1]}"
