"""Numbers measured from code. Those that radon has equal radon's own; docs/audit.md says what goes beyond."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple


class Metric(StrEnum):
    """What a finding is about."""

    #: Cyclomatic complexity of one block; lower is better.
    COMPLEXITY = "complexity"
    #: Maintainability index of one file, 0–100; higher is better.
    MAINTAINABILITY = "maintainability"
    #: Cognitive complexity of one function, as complexipy counts it.
    COGNITIVE = "cognitive"
    #: Lines of code of one function.
    LENGTH = "length"
    #: Levels of statements inside one another in one function.
    NESTING = "nesting"
    #: Parameters of one function.
    PARAMETERS = "parameters"
    #: A passage that is repeated elsewhere.
    DUPLICATION = "duplication"
    #: Share of a file's changed lines that tests ran.
    COVERAGE = "coverage"
    #: A change keeps a check from telling something.
    SILENCED = "silenced"
    #: The file could not be measured.
    UNREADABLE = "unreadable"
    #: What an auditor among the plugins found; its block begins with the plugin. Higher is worse.
    PLUGIN = "plugin"


class BlockKind(StrEnum):
    """What a block of code is."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS = "class"
    CLOSURE = "closure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One function, method, class or closure."""

    kind: BlockKind
    #: Dotted name inside the file: ``Class.method``, ``outer.inner``.
    name: str
    #: 1-based, inclusive.
    line: int
    end_line: int
    column: int
    complexity: int
    #: What the block is known again by under another name or in another place, see ``shape``; empty below the complexity that is worth it.
    shape: str = ""
    #: As complexipy counts it; 0 where it was not counted.
    cognitive: int = 0
    #: Lines of code: no blank lines, comment lines or docstring; 0 for a class.
    length: int = 0
    #: Levels of compound statements inside one another; 0 for a class.
    nesting: int = 0
    #: Without ``self`` and ``cls``; 0 for a class.
    parameters: int = 0
    #: What ``assert`` statements add to the complexity.
    asserts: int = 0
    #: What tells it apart from other functions of its name in its file: a decorator, a number; empty for one that needs neither.
    variant: str = ""

    @property
    def full_name(self) -> str:
        """Name and variant: ``Order.total @total.setter``, ``handle #2``. No other function of the file has it."""
        return f"{self.name} {self.variant}" if self.variant else self.name


class Window(NamedTuple):
    """A short run of statements that may be repeated elsewhere."""

    #: Equal where the statements are, whatever their local names, values and layout; 64 bits.
    digest: int
    #: Positions of its first statement and behind its last one; in one body they follow one another, between bodies one is left out.
    start: int
    stop: int
    #: 1-based, inclusive.
    line: int
    end_line: int
    #: Lines of the file that count as code: before it, and through its end.
    before: int
    through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCounts:
    """Line counts as ``radon raw`` defines them."""

    loc: int
    lloc: int
    sloc: int
    comments: int
    multi: int
    blank: int
    single_comments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Halstead:
    """Halstead's counts of a file and what follows from them, as ``radon hal`` defines them."""

    h1: int
    h2: int
    N1: int
    N2: int
    vocabulary: int
    length: int
    calculated_length: float
    volume: float
    difficulty: float
    effort: float
    time: float
    bugs: float


class Tally(NamedTuple):
    """The blocks of a file in a few figures; classes do not count, their complexity is their methods' again."""

    blocks: int
    #: The sum of their complexities.
    complexity: int
    #: The highest complexity of a block; 0 without any.
    worst: int
    #: The highest of the other numbers.
    cognitive: int = 0
    length: int = 0
    nesting: int = 0
    parameters: int = 0
    #: The sum of what ``assert`` statements add.
    asserts: int = 0


class AcceptComment(NamedTuple):
    """One comment that accepts a finding, or means to, as it stands in a file."""

    #: 1-based.
    line: int
    column: int
    #: First line of the statement that it stands at: on one of its lines, or directly above it; of a decorated definition the
    #: line of ``def``. 0 where a blank line or the end of the file follows.
    target: int
    #: Whether no statement stands above it.
    at_top: bool
    #: From ``#`` on, at most 500 characters.
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMeasure:
    """Everything measured of one file's content; independent of where the file lies."""

    blocks: tuple[Block, ...] = ()
    #: 0–100; 100 for an empty file.
    maintainability: float = 100.0
    #: The index as radon has it before it raises to 0 what is below; by default the index.
    unclamped: float = math.nan
    raw: RawCounts | None = None
    halstead: Halstead | None = None
    #: In the order of their bodies, those inside first; empty where they were not asked for.
    windows: tuple[Window, ...] = ()
    #: Why it, or a part of it, could not be measured, with the line where there is one; empty when it was. Parts that
    #: could be measured are there all the same; without ``raw`` there is no ``maintainability`` either.
    problem: str = ""
    #: The line that the problem is about, 1-based; 0 where there is none.
    problem_line: int = 0
    #: What the file is known again by in another place, see ``shape``; empty where it has no code.
    shape: str = ""
    #: In the order of the file.
    accepts: tuple[AcceptComment, ...] = ()

    def __post_init__(self) -> None:
        if math.isnan(self.unclamped):
            object.__setattr__(self, "unclamped", self.maintainability)

    @property
    def tally(self) -> Tally:
        blocks = [block for block in self.blocks if block.kind is not BlockKind.CLASS]
        if not blocks:
            return Tally(0, 0, 0)
        scores = [(block.complexity, block.cognitive, block.length, block.nesting, block.parameters) for block in blocks]
        worst, cognitive, length, nesting, parameters = map(max, zip(*scores, strict=True))
        total, asserts = sum(block.complexity for block in blocks), sum(block.asserts for block in blocks)
        return Tally(len(blocks), total, worst, cognitive, length, nesting, parameters, asserts)

    def without_asserts(self) -> FileMeasure:
        """Return it with complexities to which ``assert`` adds nothing, as radon has them with ``no_assert``; all else as it is."""
        if not self.tally.asserts:
            return self
        return replace(
            self,
            blocks=tuple(
                replace(block, complexity=block.complexity - block.asserts, asserts=0) if block.asserts else block for block in self.blocks
            ),
        )

    @property
    def has_raw(self) -> bool:
        return self.raw is not None

    def block(self, full_name: str) -> Block | None:
        """Return the block of a full name, or the worst of a name that tells none of several apart; None where there is neither.

        Tasks and people have such a name from when it was the only one, or from versions that told namesakes not apart.
        """
        named = [block for block in self.blocks if block.name == full_name.partition(" ")[0]]
        exactly = [block for block in named if block.full_name == full_name]
        plain = named if len(named) == 1 or " " not in full_name else []
        return max(exactly or plain, key=lambda block: block.complexity, default=None)

    @property
    def has_blocks(self) -> bool:
        """Whether the blocks are known; an empty tuple is then no block at all."""
        return self.halstead is not None or not self.problem

    @property
    def lines(self) -> int:
        """Lines as ``radon raw`` counts ``loc``; 0 where they could not be counted."""
        return self.raw.loc if self.raw else 0


def complexity_rank(complexity: int) -> str:
    """Return radon's letter for a complexity: A (1–5), B (–10), C (–20), D (–30), E (–40), F."""
    return "ABCDEF"[min(5, max(0, (complexity - 1) // 10 + 1 if complexity > 5 else 0))]


#: The maintainability index that a rank begins above: a threshold written as a letter asks for at least that rank.
RANK_LIMITS: Mapping[str, float] = MappingProxyType({"A": 19.0, "B": 9.0, "C": 0.0})


def maintainability_rank(index: float) -> str:
    """Return radon's letter for a maintainability index: A above 19, B above 9, else C."""
    return next((rank for rank, limit in RANK_LIMITS.items() if index > limit), "C")


def file_metrics(measure: FileMeasure, *, complexity: float, maintainability: float) -> dict[str, Any]:
    """Return what was measured: blocks with their complexity and rank, the maintainability index, and whether either breaks its threshold.

    ``max_complexity`` leaves classes out: theirs is their methods' again. A file that cannot be measured has
    ``error`` beside the rest, with ``error_line`` (None: no line), None for ``mi``, ``rank`` and, where nothing is known of its blocks,
    ``max_complexity``; it needs refactoring: to the audit it is a finding, too.
    """
    blocks: list[dict[str, Any]] = [
        {
            "name": block.name,
            "type": block.kind.value,
            "complexity": block.complexity,
            "rank": complexity_rank(block.complexity),
            "lineno": block.line,
        }
        for block in measure.blocks
    ]
    index, worst = measure.maintainability, measure.tally.worst
    shown = {"mi": None, "rank": None} if measure.problem else {"mi": index, "rank": maintainability_rank(index)}
    return {
        "complexity": blocks,
        "maintainability": shown,
        "max_complexity": worst if measure.has_blocks else None,
        "needs_refactor": bool(measure.problem) or worst > complexity or index < maintainability,
        "complexity_violations": [block for block in blocks if block["complexity"] > complexity and block["type"] != "class"],
        **_error(measure),
    }


def _error(measure: FileMeasure) -> dict[str, Any]:
    return {"error": measure.problem, "error_line": measure.problem_line or None} if measure.problem else {}
