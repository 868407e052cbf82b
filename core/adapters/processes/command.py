"""Which command strings need no shell. Pure: text → words, as make decides it."""

from __future__ import annotations

#: Any of these can mean something to a shell.
_SYNTAX = frozenset("|&;<>()$`\\\"'*?[]#~=%!{}\n\r\0^")

#: Words a shell understands itself, its keywords included: POSIX, dash and bash. ``true`` and ``false`` are
#: left out because the programs of that name do the same.
SHELL_WORDS = frozenset(
    """
    . : alias bg bind break builtin caller case cd chdir command compgen complete compopt continue coproc
    declare dirs disown do done echo elif else enable esac eval exec exit export fc fg fi for function getopts
    hash help history if in jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly
    return select set shift shopt source suspend test then time times trap type typeset ulimit umask unalias
    unset until wait while
    """.split()  # noqa: SIM905 (60 quoted words in a list read worse)
)


def direct_words(command: str) -> tuple[str, ...] | None:
    """Return the words a POSIX shell would run ``command`` as, or None when only a shell knows."""
    if not _SYNTAX.isdisjoint(command):
        return None
    # Only space and tab separate words for a shell; str.split() would also split at a no-break space.
    words = tuple(word for word in command.replace("\t", " ").split(" ") if word)
    if not words or words[0] in SHELL_WORDS:
        return None
    return words


def in_shell(command: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", command)
