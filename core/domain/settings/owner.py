"""Who may set a setting: the repository that is worked on, or only the person who runs the tool."""

from __future__ import annotations

from enum import StrEnum


class Owner(StrEnum):
    """Somebody who sets values."""

    #: Whoever can change the repository's files: also the author of a pull request.
    REPOSITORY = "repository"
    #: The person who runs the tool, by a file of their own or a flag.
    USER = "user"
    #: Whoever starts the tool, by a variable: a person, or the owner of a CI's configuration. Counts as the user.
    ENVIRONMENT = "environment"


ANYONE = (Owner.REPOSITORY, Owner.USER, Owner.ENVIRONMENT)
#: What starts a program, or decides where something secret goes.
USER_ONLY = (Owner.USER, Owner.ENVIRONMENT)


def owner_words(owners: tuple[Owner, ...]) -> str:
    """Return who may set it, for a person; a variable or a flag is the user's."""
    return "repository or user" if Owner.REPOSITORY in owners else "user only"
