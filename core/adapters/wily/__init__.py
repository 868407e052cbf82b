"""The history of the numbers as wily tells it.

wily checks every revision out where it runs and refuses a dirty tree, so it runs in a work tree of ours that
only borrows the user's objects, below our own directory, and never sees a variable that points at the user's
repository. What each trouble gives (``tests/integration/history/test_wily_runs.py`` holds every row):

| trouble | what happens |
|---|---|
| there is no environment of wily yet, or its Python is gone | it is made (``environment``) |
| it cannot be made: no network, pip or space | empty history; the gap says what to do |
| wily fails | empty history; the gap has its last words; the next look builds again |
| we are killed | wily's processes die with us; its tree and half-written revisions are removed at the next look |
| two looks at once | the second waits, then finds the work done |
| new commits | only they are built; the first of them is measured as a whole tree |
| merges | wily would carry numbers over from side branches; our repository shows it one straight line |
| a version that does not parse, or a name that git quotes (``"``, tab, line end) | that version has ``problem`` |
| a symbolic link that becomes a file | wily does not see it: no new number until the file's next edit |
| shape of the repository | as the window of commits says |

Its numbers are radon's, of the radon that wily brings; ``boot`` makes it count asserts and keep the worst of namesakes.
"""

from core.adapters.wily.environment import WilyEnvironment
from core.adapters.wily.history import OTHERWISE, WilyHistory

__all__ = ["OTHERWISE", "WilyEnvironment", "WilyHistory"]
