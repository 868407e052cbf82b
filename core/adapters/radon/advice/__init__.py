"""What would make a block or a file simpler, in a few sentences with line numbers; only what is proven to keep the behaviour."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence

from core.adapters.radon.advice.forms import Fact, facts
from core.adapters.radon.advice.goals import goal_of
from core.adapters.radon.advice.improve import Goal, improve
from core.adapters.radon.advice.module import find_function, module_facts
from core.adapters.radon.advice.rewriting import source_lines
from core.adapters.radon.advice.scopes import own_nodes
from core.adapters.radon.advice.statements import listed
from core.adapters.radon.advice.suggestion import Suggestion, sentence
from core.adapters.radon.advice.ties import Surroundings
from core.adapters.radon.nodes import Function
from core.domain.quality.metric import Block, BlockKind, FileMeasure, Metric
from core.domain.quality.metric_spec import SPECS, MetricSpec

#: A fact about fewer decisions than this is not worth a sentence.
_WORTH_SAYING = 2
_NOTHING_PROVEN = "No part of it was proven to be extractable as it stands."


def advise(
    text: str, measure: Callable[[], FileMeasure], block: Block | None = None, *, metric: Metric = Metric.COMPLEXITY, threshold: float
) -> str:
    """Return advice on a block, or on the file, to bring a metric to its threshold. Empty when there is none, or no such block.

    ``measure`` is called about a file or a class only.
    """
    try:
        if block is None:
            return advise_file(measure())
        if block.kind is BlockKind.CLASS:
            return advise_class(measure(), block)
        return _advise_function(text, block, metric, threshold)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def suggestions(text: str, block: Block, *, metric: Metric = Metric.COMPLEXITY, threshold: float) -> list[Suggestion]:
    """Return the proven suggestions about a function, in the order in which to follow them. Raises SyntaxError, RecursionError."""
    found = _over(text, block, metric, threshold)
    return improve(*found) if found else []


def _over(text: str, block: Block, metric: Metric, threshold: float) -> tuple[Function, Surroundings, Goal] | None:
    """Return a function that is over a threshold, None for any other and where nothing can be proven."""
    tree = ast.parse(text)
    found = find_function(tree, block)
    if found is None:
        return None
    asserts = block.asserts > 0 or not any(isinstance(node, ast.Assert) for node in own_nodes(found[1].body))
    goal = goal_of(metric, threshold, text, asserts=asserts)
    if goal is None or goal.score(found[1]) <= threshold:
        return None
    around, function = found
    builtins, managers = module_facts(tree, function)
    return function, Surroundings(around=around, builtins=builtins, managers=managers, lines=source_lines(text)), goal


def _advise_function(text: str, block: Block, metric: Metric, threshold: float) -> str:
    found = _over(text, block, metric, threshold)
    if found is None:
        return ""
    stands_out = list(facts(found[0].body)) if metric in {Metric.COMPLEXITY, Metric.COGNITIVE} else []
    followed = improve(*found)
    spec = SPECS[metric]
    sentences = [sentence(one, spec) for one in followed]
    sentences[1:] = [f"Then {words[0].lower()}{words[1:]}" for words in sentences[1:]]
    remaining = _remaining(followed, spec, threshold) if followed else _NOTHING_PROVEN
    if remaining:
        sentences.extend(_apart(stands_out, followed))
    return " ".join([*sentences, remaining]).strip()


def _remaining(followed: Sequence[Suggestion], spec: MetricSpec, threshold: float) -> str:
    """Say what is over the threshold once all is followed; empty for nothing."""
    here = followed[-1].here
    left = [f"{spec.shown(here)} here"] if here > threshold else []
    left.extend(f"{spec.shown(one.there)} in a new function" for one in followed if one.there is not None and one.there > threshold)
    return f"Still over the threshold of {threshold:g}: {' and '.join(left)}." if left else ""


def _apart(found: Iterable[Fact], followed: Sequence[Suggestion]) -> Iterator[str]:
    """Yield the weightiest fact about lines that no suggestion is about."""
    known = sorted(found, key=lambda fact: (-fact.weight, fact.line))
    free = (fact for fact in known if fact.weight >= _WORTH_SAYING and not any(_meet(fact, one) for one in followed))
    if fact := next(free, None):
        yield fact.sentence


def _meet(fact: Fact, suggestion: Suggestion) -> bool:
    return fact.line <= suggestion.end_line and suggestion.line <= fact.end_line


_NAMED = 3
#: A share of a file's lines above which one class is most of it.
_MOST = 0.5


def advise_class(measure: FileMeasure, block: Block) -> str:
    """Name the methods that make a class complex."""
    inside = [other for other in measure.blocks if other.kind is BlockKind.METHOD and other.name.rpartition(".")[0] == block.name]
    return f"Most of it lies in {_worst(inside)}." if inside else ""


def advise_file(measure: FileMeasure) -> str:
    """Say where the weight of a file lies: how it could be divided is for nobody to prove."""
    if not measure.raw or not measure.raw.sloc:
        return ""
    functions = [block for block in measure.blocks if block.kind is not BlockKind.CLASS]
    sentences = (_largest_class(measure.blocks, measure.raw.loc), _most_complex(functions, measure.raw.loc, measure.raw.lloc))
    return " ".join(sentence for sentence in sentences if sentence)


def _largest_class(blocks: Sequence[Block], lines: int) -> str:
    classes = [block for block in blocks if block.kind is BlockKind.CLASS and "." not in block.name]
    largest = max(classes, key=_size, default=None)
    if largest and _size(largest) > _MOST * lines:
        return f"`{largest.name}` (lines {largest.line}–{largest.end_line}) is most of it."
    return ""


def _most_complex(functions: Sequence[Block], lines: int, logical_lines: int) -> str:
    if not functions:
        return f"Its {logical_lines} logical lines are in no function."
    if not any(block.complexity > 1 for block in functions):
        return ""
    return f"Of its {len(functions)} functions in {lines} lines the most complex are {_worst(functions)}."


def _size(block: Block) -> int:
    return block.end_line - block.line + 1


def _worst(blocks: Sequence[Block]) -> str:
    """Return the most complex blocks with line and complexity."""
    worst = sorted(blocks, key=lambda block: (-block.complexity, block.line))[:_NAMED]
    words = [f"`{block.name}` (line {block.line}, complexity {block.complexity})" for block in worst if block.complexity > 1] or [
        listed([block.name for block in worst])
    ]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
