"""Every trick there is."""

from __future__ import annotations

from tests.security.trick import Trick
from tests.security.tricks.baseline import BASELINE
from tests.security.tricks.config import CONFIG
from tests.security.tricks.databases import DATABASES
from tests.security.tricks.git_fetching import GIT_FETCHING
from tests.security.tricks.git_objects import GIT_OBJECTS
from tests.security.tricks.git_places import GIT_PLACES
from tests.security.tricks.git_programs import GIT_PROGRAMS
from tests.security.tricks.git_references import GIT_REFERENCES
from tests.security.tricks.plugins import PLUGINS
from tests.security.tricks.shadows import SHADOWS
from tests.security.tricks.sources import SOURCES
from tests.security.tricks.state import STATE
from tests.security.tricks.tasks import TASKS

TRICKS: tuple[Trick, ...] = (
    *(*CONFIG, *TASKS, *BASELINE, *PLUGINS, *STATE, *DATABASES),
    *(*GIT_PROGRAMS, *GIT_FETCHING, *GIT_PLACES, *GIT_REFERENCES, *GIT_OBJECTS),
    *(*SOURCES, *SHADOWS),
)
