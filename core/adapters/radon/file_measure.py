"""All numbers of one source, from one parse.

| source                                        | outcome                                                                   |
|-----------------------------------------------|---------------------------------------------------------------------------|
| parses                                        | every number                                                              |
| does not parse (another Python's syntax, broken) | problem with the line; ``raw`` where radon's tokeniser got through      |
| nested too deeply for Python or for radon     | problem; ``raw`` as above                                                 |
| parses, and radon's tokeniser does not get through | problem with the line; blocks and Halstead                           |
| no text (see ``source_files``)                | problem, nothing else                                                     |
"""

from __future__ import annotations

import ast
import math
import resource
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from core.adapters.radon.agreement import raw_counter, tree_counter
from core.adapters.radon.cognitive import Uncounted, cognitive_complexities
from core.adapters.radon.fast.by_radon import tree_counts_by_radon
from core.adapters.radon.fast.tree_counts import TreeCounts
from core.adapters.radon.function_counts import code_lines, first_line, length, nesting, parameters
from core.adapters.radon.namesakes import variants
from core.adapters.radon.packing import make_block
from core.adapters.radon.shapes import block_shape, file_shape
from core.adapters.radon.source_files import Unreadable, read_text
from core.adapters.radon.statement_windows import statement_windows
from core.domain.quality.accept_comments import find_comments
from core.domain.quality.metric import Block, FileMeasure, Halstead, RawCounts

_MIB = 1024 * 1024
#: Bytes that a measuring process may occupy, and what it may add to what it was forked with however much that was.
MOST_MEMORY = 224 * _MIB
_LEAST_GROWTH = 64 * _MIB
#: Levels of nodes from which on radon's own visitors are asked: they give up somewhat above 300, and then so do we.
_DEEP = 200
#: From 3.12 on the tokeniser itself refuses much of what does not parse, in ways that are not worth following.
_LENIENT_TOKENISER = sys.version_info < (3, 12)
#: Complexity from which on a block has a shape: a hash by which it is known again under another name or in another place; smaller
#: blocks are never worth a finding, and many of them do the same.
_SMALLEST = 6
#: The same for lines of code, and for levels of statements inside one another.
_LONG, _DEEP = 20, 4
_UNCOUNTED_LINES = "radon cannot count the lines from here on, because of a character that it does not know or a form feed in a string"


def limit_memory() -> None:
    """Let this process grow to MOST_MEMORY bytes; what asks for more gets a MemoryError. Without /proc there is no limit."""
    with suppress(OSError, ValueError):
        with open("/proc/self/statm", "rb") as file:
            _, resident, _, _, _, data, _ = map(int, file.read().split())
        page = resource.getpagesize()
        most = data * page + max(_LEAST_GROWTH, MOST_MEMORY - resident * page)
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def memory_is_short() -> bool:
    """Tell a MemoryError for want of memory from the one by which Python's parser says that a text is nested too deeply."""
    limited = resource.getrlimit(resource.RLIMIT_DATA)[0] != resource.RLIM_INFINITY
    return limited and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > MOST_MEMORY * 3 // 4


def measure_source(content: bytes, *, cognitive: bool = False, windows: bool = False) -> FileMeasure:
    """Measure a file's bytes; ``cognitive`` complexity and ``windows`` only where they are asked for. Raises MemoryError."""
    try:
        text = read_text(content)
        measure = replace(_measure_text(text, cognitive=cognitive, windows=windows), shape=file_shape(text.split("\n")))
    except Unreadable as unreadable:
        return FileMeasure(problem=str(unreadable), problem_line=unreadable.line)
    accepts = () if measure.problem else find_comments(content)
    return replace(measure, accepts=accepts) if accepts else measure


def _measure_text(text: str, *, cognitive: bool, windows: bool) -> FileMeasure:
    try:
        tree = _parse(text)
    except Unreadable as unreadable:
        raw = _raw(text) if _LENIENT_TOKENISER else None
        return FileMeasure(problem=str(unreadable), problem_line=unreadable.line, raw=raw)
    try:
        raw, problem, line = raw_counter()(text), "", 0
    except SyntaxError as error:
        raw, line = None, _line_of(error)
        problem = f"line {line}: {_UNCOUNTED_LINES}"
    try:
        counts = _count(tree)
    except RecursionError:
        return FileMeasure(problem="nested too deeply for radon: an expression of hundreds of levels, perhaps a long sum", raw=raw)
    try:
        scores = cognitive_complexities(text) if cognitive else {}
    except Uncounted as error:
        scores, problem = {}, problem or f"complexipy cannot count its cognitive complexity: {error}"
    measure = _measure(counts, raw, text, scores)
    found = statement_windows(tree, code_lines(text)) if windows else ()
    return replace(measure, problem=problem, problem_line=line, windows=found)


def _parse(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        reason = f"line {error.lineno}: {error.msg} (read as Python {sys.version_info[0]}.{sys.version_info[1]})"
        raise Unreadable(reason, error.lineno or 0) from None
    except RecursionError:
        raise Unreadable("nested too deeply for Python itself to read") from None
    except MemoryError:
        if memory_is_short():
            raise
        raise Unreadable("nested too deeply for Python itself to read") from None
    except ValueError as error:
        raise Unreadable(str(error)) from None


def _count(tree: ast.Module) -> TreeCounts:
    counts = tree_counter()(tree)
    if counts.depth <= _DEEP:
        return counts
    # On a stack of its own, so that the outcome does not hang on who called us from how deep.
    outcome: list[TreeCounts | RecursionError | MemoryError] = []

    def ask_radon() -> None:
        try:
            outcome.append(tree_counts_by_radon(tree))
        except (RecursionError, MemoryError) as error:
            outcome.append(error)

    thread = threading.Thread(target=ask_radon)
    try:
        thread.start()
    except RuntimeError as error:
        raise MemoryError from error  # there is no room for another stack
    thread.join()
    if isinstance(outcome[0], RecursionError | MemoryError):
        raise outcome[0]
    return outcome[0]


def _measure(counts: TreeCounts, raw: RawCounts | None, text: str, cognitive: Mapping[int, int]) -> FileMeasure:
    from radon.metrics import halstead_visitor_report, mi_compute

    report = halstead_visitor_report(counts)
    index = unclamped = 100.0
    if raw:
        comments = (raw.comments + raw.multi) / float(raw.sloc) * 100 if raw.sloc else 0
        index = mi_compute(report.volume, counts.complexity, raw.lloc, comments)
        unclamped = index or _unclamped_index(report.volume, counts.complexity, raw.lloc, comments)
    blocks = sorted(_blocks(counts, text, cognitive), key=lambda block: (block.line, block.column))
    halstead = Halstead(**report._asdict())
    return FileMeasure(blocks=tuple(blocks), maintainability=index, unclamped=unclamped, raw=raw, halstead=halstead)


def _unclamped_index(volume: float, complexity: int, lloc: int, comments: float) -> float:
    """Return the maintainability index by radon's formula, in which no number is raised to 0."""
    bonus = 50 * math.sin(math.sqrt(2.46 * math.radians(comments)))
    return (171 - 5.2 * math.log(volume) - 0.23 * complexity - 16.2 * math.log(lloc) + bonus) * 100 / 171.0


def _blocks(counts: TreeCounts, text: str, cognitive: Mapping[int, int]) -> Iterator[Block]:
    code, lines, told_apart = code_lines(text), text.split("\n"), variants(counts.blocks)
    for kind, name, complexity, asserts, node in counts.blocks:
        place = (node.lineno, node.end_lineno or node.lineno, node.col_offset)
        if isinstance(node, ast.ClassDef):
            yield make_block(kind, name, *place, complexity, 0, 0, 0, 0, asserts, "", "")
            continue
        numbers = (cognitive.get(first_line(node), 0), length(node, code), nesting(node), parameters(node, kind))
        has_shape = complexity >= _SMALLEST or numbers[1] >= _LONG or numbers[2] >= _DEEP or numbers[3] >= _SMALLEST
        shape = block_shape(node, lines) if has_shape else ""
        yield make_block(kind, name, *place, complexity, *numbers, asserts, shape, told_apart.get(id(node), ""))


def _raw(text: str) -> RawCounts | None:
    try:
        return raw_counter()(text)
    except SyntaxError:
        return None


def _line_of(error: SyntaxError) -> int:
    """Return the line that radon's message ends with; 0 where it has none."""
    line = str(error.msg).rpartition(" ")[2]
    return int(line) if line.isdecimal() else 0
