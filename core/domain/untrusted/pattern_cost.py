"""What a regular expression may cost at most: those from strangers are matched only if that is little.

The estimate needs no parser. A pattern that repeats single characters only, never groups, tries at most the product of what its
repeats, optional parts and alternatives leave open; that, times its pieces and the places where a match may begin, bounds its steps.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

#: Characters of the longest text that is held against a stranger's pattern, and of the longest pattern.
LONGEST_TEXT: Final = 500
#: Steps that one match may take; less than a tenth of a second.
MOST_STEPS: Final = 4_000_000
_MOST_GROUPS: Final = 50

_TOKEN = re.compile(
    r"""
    (?P<escape>\\.)
  | (?P<set>\[(?!\^?\])(?:\\.|[^\]\\\[])*\])
  | (?P<open>\((?:\?(?::|=|!|<=|<!))?)
  | (?P<close>\))
  | (?P<repeat>[*+?]|\{[0-9]+\}|\{[0-9]*,[0-9]*\})(?P<lazy>\??)(?P<possessive>\+?)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def pattern_problem(pattern: str) -> str:
    """Return why a pattern is not matched against anything, or an empty string."""
    if len(pattern) > LONGEST_TEXT:
        return f"it is longer than {LONGEST_TEXT} characters"
    problem = _unknown_cost(pattern)
    if not problem and pattern_steps(pattern, LONGEST_TEXT) > MOST_STEPS:
        return "it may take too many steps: begin it with ^, repeat less often or up to a limit, such as {1,20}"
    if not problem:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            return f"it is no regular expression: {error}"
    return problem


@lru_cache(maxsize=4096)
def pattern_steps(pattern: str, length: int) -> int:
    """Return how many steps a search in a text of ``length`` characters takes at most; only of patterns without a problem."""
    pieces = choices = 1
    anchored = pattern.startswith(("^", "\\A"))
    alternatives = [1]
    for token in _TOKEN.finditer(pattern):
        kind = token.lastgroup if token["repeat"] is None else "repeat"
        pieces += 1
        if kind == "open":
            alternatives.append(1)
        elif token["other"] == "|":
            anchored = anchored and len(alternatives) > 1
            alternatives[-1] += 1
        elif kind == "close" and len(alternatives) > 1:
            choices *= alternatives.pop()
        elif kind == "repeat":
            choices *= _most_times(token["repeat"], length)
    return pieces * choices * alternatives[0] * (1 if anchored else length + 1)


def _unknown_cost(pattern: str) -> str:
    """Return which part of a pattern has no bound that is known, or an empty string."""
    before = ""
    groups = 0
    for token in _TOKEN.finditer(pattern):
        groups += token["open"] is not None
        problem = _unknown_token(token, pattern, before)
        if problem or groups > _MOST_GROUPS:
            return problem or f"it has more than {_MOST_GROUPS} groups"
        before = token[0]
    return ""


def _unknown_token(token: re.Match[str], pattern: str, before: str) -> str:
    if token["escape"] and token[0][1] in "123456789":
        return f"{token[0]} repeats what a group matched"
    if token["open"] == "(" and pattern[token.end() : token.end() + 1] == "?":
        return f"{pattern[token.start() : token.end() + 2]} is not understood: groups are (…), (?:…), (?=…), (?!…), (?<=…) and (?<!…)"
    if token["other"] == "[":
        return "between brackets [ and ] are written \\[ and \\], and brackets must be closed"
    if token["possessive"]:
        return f"{token[0]} is not understood"
    if token["repeat"] and token["repeat"] != "?" and before == ")":
        return f"a group is repeated by {token['repeat']}: only single characters and sets may be"
    return ""


def _most_times(repeat: str, length: int) -> int:
    """Return the choices that a repeat has in a text: how often it may stand there, and not at all."""
    if repeat == "?":
        return 2
    most = repeat.strip("{}").rpartition(",")[2] if repeat[0] == "{" else ""
    # Of a number that long only its length counts.
    return 1 + (min(int(most[:9]), length) if most else length)
