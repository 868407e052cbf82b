"""What the user agreed to: that one signed state of a plugin may have these permissions, in one repository or in any.

``plugins.lock`` is the repository's word, and whoever opens a pull request can write it; it counts as far as the user agreed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.domain.plugins.plugin import Permissions

#: In place of a repository: every one that locks the plugin.
ANYWHERE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One decision of the user."""

    plugin: str
    #: SHA-256 of the signed statement.
    digest: str
    #: Absolute path of the repository's root without links, or ``ANYWHERE``.
    repository: str
    permissions: Permissions


def agreement_objection(agreements: Iterable[Agreement], plugin: str, digest: str, repository: str, asked: Permissions) -> str:
    """Return why a lock that asks for ``asked`` does not count in ``repository``, or an empty string."""
    known = [each for each in agreements if each.plugin == plugin and each.repository in (repository, ANYWHERE)]
    if not known:
        return "you have not agreed to it: plugins.lock is the repository's word, not yours"
    agreed = [each for each in known if each.digest == digest]
    if not agreed:
        return "plugins.lock pins another state of it than the one that you agreed to"
    beyond = min((asked.within(each.permissions) for each in agreed), key=len)
    return f"plugins.lock asks for more than you granted: {', '.join(beyond)}" if beyond else ""


def renewed(agreements: Iterable[Agreement], new: Agreement) -> tuple[Agreement, ...]:
    """Return the agreements with ``new`` in place of what was agreed about that plugin in that repository."""
    place = (new.plugin, new.repository)
    return (*(each for each in agreements if (each.plugin, each.repository) != place), new)
