"""Git: one client that starts it, what is read by its plumbing, and what is written with GitPython.

What each shape of repository gives (``tests/integration/history/test_git_history_shapes.py`` holds every row):

| repository | window, history | changed_since |
|---|---|---|
| no ``git`` command | empty; the gap says to install git | StorageError |
| not a repository | empty; the gap says so | UsageError |
| owned by another user | empty; the gap has the ``safe.directory`` line | UsageError with that line |
| no commit yet | empty; the gap says so | since HEAD: every file is new |
| detached HEAD, linked worktree | like any other | like any other |
| bare | like any other | UsageError: no work tree |
| project below the repository's root | the same commits, paths relative to the project | the same |
| shallow clone | what is here; the gap says ``git fetch --unshallow`` | if the merge base is certain; else UsageError with what to fetch |
| partial clone | exact renames only, missing versions have ``problem``, nothing is fetched | StorageError without the base's blobs |
| merge | compared with its first parent, side branches are not walked | against the merge base, or several in one |
| rename | followed from 50 % alike | followed; untracked: while not edited |
| deleted, then added again | removed, then a new file | one change |
| submodule, symbolic link | left out; a file that becomes one is removed | the same |
| damaged blob | that version has ``problem`` | StorageError |
| damaged commit or tree | empty; the gap says ``git fsck`` | StorageError |
| replacements and grafts | ignored: the real commits | the same |
| ``core.worktree`` names another place | like any other | UsageError: no work tree here |
| bare, in the work tree of another | empty; the gap says so | UsageError |
| paths in the index that lead out of the project, or behind a link | left out | left out |
| a named pipe where git expects a file | empty after seconds; the gap says so | StorageError |
| a blob of more than 8 MiB | that version is too large to be measured | the same |
"""

from core.adapters.git.client import Git
from core.adapters.git.read.changes import GitRepository
from core.adapters.git.read.history import BlobHistory
from core.adapters.git.read.listing import is_tracked, list_files
from core.adapters.git.read.log import GitLog
from core.adapters.git.write.detached_worktree import GitWorktrees
from core.adapters.git.write.snapshots import GitSnapshots

__all__ = ["BlobHistory", "Git", "GitLog", "GitRepository", "GitSnapshots", "GitWorktrees", "is_tracked", "list_files"]
