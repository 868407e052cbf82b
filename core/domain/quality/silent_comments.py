"""Comments that tell a program to say nothing, and which of them a change adds. Pure."""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain

from core.domain.quality.accept_comments import find_comments, is_accepting

#: Path → content of a file on both sides of a change; None: there is none.
Change = Mapping[str, tuple[bytes | None, bytes | None]]

_PATTERN = (
    r"#\s*(?:(?:ruff|flake8)\s*:\s*noqa|ruff\s*:\s*(?:disable|(?:file-)?ignore)|noqa|type\s*:\s*ignore"
    r"|(?:based)?pyright\s*:\s*(?:ignore|basic|off)|pyre-(?:ignore|fixme)|pyrefly\s*:\s*ignore|nosonar|lizard\s+forgives?|mypy\s*:\s*\S+"
    r"|pragma\s*:\s*no\s*(?:cover|branch)"
    r"|nosec|nosemgrep|pylint\s*:\s*(?:disable|skip-file)|pytype\s*:\s*(?:disable|skip-file)|ty\s*:\s*ignore|bandit\s*:\s*skip"
    r"|complexipy\s*:\s*ignore|orchestrator\s*:\s*accept)\b[^#]*"
)
_COMMENT = re.compile(_PATTERN, re.IGNORECASE)
#: Few files have one, and a search in their bytes takes a thousandth of the time of reading them.
_IN_BYTES = re.compile(_PATTERN.encode(), re.IGNORECASE)
#: Kind of a comment, the codes to which it is limited, and a remark.
_LIMITED = re.compile(
    r"(?P<kind>#[^\[=]*?)\s*[:\[=\s]\s*"
    r"(?P<codes>(?!(?:ignore|noqa|disable|skip|accept|nosec|nosemgrep|NOSONAR|pyre-ignore|pyre-fixme)\b)[\w-]+(?:\s*,\s*[\w-]+)*)\s*\]?"
    r"(?:\s*(?:[–—]|\s-+\s).*)?",
    re.ASCII,
)
_DEFINITION = re.compile(r"(?:async\s+def|def|class)\s+(\w+)")
#: How alike the code beside a comment must be to be the same code, edited.
_ALIKE = 0.7
#: Pairs of comments up to which edited code is looked for.
_MOST_COMPARED = 10_000
#: Characters of a comment or a line of code that are looked at.
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentComment:
    """One such comment and where it stands."""

    path: str
    #: 1-based.
    line: int
    #: From ``#`` on; all blanks are one.
    text: str
    #: The code of its line, or of the next line that has any, and the two lines of code after that one.
    code: str
    following: tuple[str, ...]
    #: Dotted name of the definition around that code; empty at module level.
    scope: str

    @property
    def limits(self) -> tuple[str, frozenset[str]]:
        """Its kind, and the codes to which it is limited; without codes it hides everything."""
        found = _LIMITED.fullmatch(self.text)
        return (found["kind"], frozenset(re.split(r"\s*,\s*", found["codes"]))) if found else (self.text, frozenset())


def comments_added(change: Change) -> tuple[SilentComment, ...]:
    """Return the comments that hide something now and did not before, by place.

    One that moved with its code is no new one, nor one whose code was edited, nor one that hides less than it did. One that
    was taken from code that is still there, and put beside other code, is new.
    """
    python = dict(sorted(change.items()))
    before = chain.from_iterable(silent_comments(path, old) for path, (old, _) in python.items())
    now = chain.from_iterable(silent_comments(path, new) for path, (_, new) in python.items())
    after, left = _unmatched(now, before, lambda comment: (comment.path, comment.text, comment.code))
    if after and left:
        after = _without_moved(*_narrowed(after, left), _CodeLines(python))
    return tuple(sorted(after, key=lambda comment: (comment.path, comment.line, comment.text)))


def _without_moved(after: Sequence[SilentComment], before: Sequence[SilentComment], lines: _CodeLines) -> list[SilentComment]:
    """Return the comments that did not come with their code from elsewhere, and whose code is not edited code."""
    there = [comment for comment in after if not lines.has_come(comment)]
    gone = filter(lines.is_gone, before)
    come, left = _unmatched(filter(lines.has_come, after), gone, lambda comment: (comment.text, comment.code))
    return [*there, *_without(come, left, _is_edited)]


def silent_comments(path: str, source: bytes | None) -> Iterator[SilentComment]:
    """Yield the comments of one file that hide something, in its order; where its name is not Python's, those that accept a finding."""
    if not source:
        return
    if not path.endswith((".py", ".pyi")):
        found = [(each.line, each.text) for each in find_comments(source) if is_accepting(each.text)]
    elif _may_have_one(source):
        found = [(line, match[0]) for line, comment in _all_comments(source) for match in _COMMENT.finditer(comment)]
    else:
        return
    if found:
        yield from _with_code(path, source, found)


def _may_have_one(source: bytes) -> bool:
    """Return False where the bytes alone tell that there is none: ASCII, and no encoding is declared that makes letters of other bytes."""
    declared = b"coding" in b"".join(source.split(b"\n", 2)[:2])
    return declared or not source.isascii() or _IN_BYTES.search(source) is not None


def _with_code(path: str, source: bytes, found: Iterable[tuple[int, str]]) -> Iterator[SilentComment]:
    """Yield comments, each a line and its text, with the code beside them."""
    texts = [line.decode("utf-8", "replace") for line in source.split(b"\n")]
    # The empty line at the end stands for code that is not there.
    codes, scopes = [*map(_code, texts), ""], [*_scopes(texts), ""]
    with_code = [position for position, code in enumerate(codes) if code]
    for line, text in found:
        first = bisect_left(with_code, line - 1)
        here, *following = (*with_code[first : first + 3], len(texts))
        yield SilentComment(
            path=path,
            line=line,
            text=" ".join(text.split())[:_LONGEST],
            code=codes[here],
            following=tuple(codes[each] for each in following if codes[each]),
            scope=scopes[here],
        )


class _CodeLines:
    """How often each line of code is in each file, on both sides of a change."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._counts: dict[str, tuple[Counter[str], Counter[str]]] = {}

    def has_come(self, comment: SilentComment) -> bool:
        """Return whether the code beside a comment of now was not there, or less often."""
        before, after = self._of(comment.path)
        return not comment.code or after[comment.code] > before[comment.code]

    def is_gone(self, comment: SilentComment) -> bool:
        """Return whether the code beside a comment of before is there no more, or less often."""
        before, after = self._of(comment.path)
        return not comment.code or after[comment.code] < before[comment.code]

    def _of(self, path: str) -> tuple[Counter[str], Counter[str]]:
        if path not in self._counts:
            before, after = self._change[path]
            self._counts[path] = _code_lines(before), _code_lines(after)
        return self._counts[path]


def _unmatched(
    after: Iterable[SilentComment], before: Iterable[SilentComment], key: Callable[[SilentComment], Hashable]
) -> tuple[list[SilentComment], list[SilentComment]]:
    """Return what is left of both sides when those of one key are the same comments."""
    known: defaultdict[Hashable, list[SilentComment]] = defaultdict(list)
    for comment in before:
        known[key(comment)].append(comment)
    left = []
    for comment in after:
        if known[key(comment)]:
            known[key(comment)].pop(0)
        else:
            left.append(comment)
    return left, [comment for comments in known.values() for comment in comments]


def _narrowed(after: Iterable[SilentComment], before: Iterable[SilentComment]) -> tuple[list[SilentComment], list[SilentComment]]:
    """Return what is left of both sides without those that hide less than one at the same code did."""
    known: defaultdict[tuple[str, str], list[SilentComment]] = defaultdict(list)
    for comment in before:
        known[comment.path, comment.code].append(comment)
    left = []
    for comment in after:
        wider = next((each for each in known[comment.path, comment.code] if _hides_no_more(comment, each)), None)
        if wider is None:
            left.append(comment)
        else:
            known[comment.path, comment.code].remove(wider)
    return left, [comment for comments in known.values() for comment in comments]


def _hides_no_more(now: SilentComment, then: SilentComment) -> bool:
    (kind, codes), (old_kind, old_codes) = now.limits, then.limits
    return kind == old_kind and bool(codes) and (not old_codes or codes <= old_codes)


def _without(after: Sequence[SilentComment], before: Sequence[SilentComment], is_same: Callable[..., bool]) -> list[SilentComment]:
    """Return those of ``after`` that are none of ``before``; of very many, all of them."""
    if len(after) * len(before) > _MOST_COMPARED:
        return list(after)
    left, known = [], list(before)
    for comment in after:
        twin = next((each for each in known if is_same(comment, each)), None)
        if twin is None:
            left.append(comment)
        else:
            known.remove(twin)
    return left


def _is_edited(now: SilentComment, then: SilentComment) -> bool:
    """Return whether a comment may be another one whose code was edited: in the same definition, or beside code that is alike."""
    if now.text != then.text and not _hides_no_more(now, then):
        return False
    if (now.path, now.scope) == (then.path, then.scope) or (now.following and now.following == then.following):
        return True
    matcher = SequenceMatcher(None, now.code, then.code, autojunk=False)
    return matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _code_lines(source: bytes | None) -> Counter[str]:
    """Return how often each line of code is in a file."""
    return Counter(_code(line.decode("utf-8", "replace")) for line in (source or b"").split(b"\n"))


def _code(line: str) -> str:
    return " ".join(line.partition("#")[0].split())[:_LONGEST]


def _scopes(lines: Iterable[str]) -> list[str]:
    """Return the dotted name of the definition that each line belongs to, as its indentation tells."""
    scopes: list[str] = []
    around: list[tuple[int, str]] = []
    for text in lines:
        code = text.lstrip()
        if code and not code.startswith(("#", ")")):
            indent = len(text) - len(code)
            around = [each for each in around if each[0] < indent]
            found = _DEFINITION.match(code)
            if found:
                around.append((indent, found[1]))
        scopes.append(".".join(name for _, name in around))
    return scopes


def _all_comments(source: bytes) -> Iterator[tuple[int, str]]:
    """Yield every comment; where Python cannot read the file, every line."""
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        yield from ((number, line.decode("utf-8", "replace")) for number, line in enumerate(source.split(b"\n"), 1))
        return
    yield from ((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)
