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
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from core.adapters.radon.agreement import raw_counter, tree_counter
from core.adapters.radon.cognitive import Uncounted, cognitive_complexities
from core.adapters.radon.fast.by_radon import tree_counts_by_radon
from core.adapters.radon.fast.tree_counts import CountedBlock, Function, TreeCounts
from core.adapters.radon.function_counts import code_lines, first_line, length, nesting, parameters
from core.adapters.radon.packing import make_block
from core.adapters.radon.source_files import Unreadable, read_text
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
#: The same for lines of code.
_LONG = 20
_SHAPE_BYTES = 6
_UNCOUNTED_LINES = "radon cannot count the lines from here on, because of a character that it does not know or a form feed in a string"
_NOT_IN_SHAPE = frozenset({"ctx", "kind", "type_comment", "type_params"})


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


def measure_source(content: bytes, *, cognitive: bool = False) -> FileMeasure:
    """Measure a file's bytes; ``cognitive`` complexity only where it is asked for. Raises MemoryError."""
    try:
        return _measure_text(read_text(content), cognitive=cognitive)
    except Unreadable as unreadable:
        return FileMeasure(problem=str(unreadable), problem_line=unreadable.line)


def _measure_text(text: str, *, cognitive: bool) -> FileMeasure:
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
    measure = _measure(counts, raw, code_lines(text), scores)
    return replace(measure, problem=problem, problem_line=line) if problem else measure


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


def _measure(counts: TreeCounts, raw: RawCounts | None, code: Sequence[int], cognitive: Mapping[int, int]) -> FileMeasure:
    from radon.metrics import halstead_visitor_report, mi_compute

    report = halstead_visitor_report(counts)
    index = unclamped = 100.0
    if raw:
        comments = (raw.comments + raw.multi) / float(raw.sloc) * 100 if raw.sloc else 0
        index = mi_compute(report.volume, counts.complexity, raw.lloc, comments)
        unclamped = index or _unclamped_index(report.volume, counts.complexity, raw.lloc, comments)
    made = (_block(counted, code, cognitive) for counted in counts.blocks)
    blocks = sorted(made, key=lambda block: (block.line, block.column))
    halstead = Halstead(**report._asdict())
    return FileMeasure(blocks=tuple(blocks), maintainability=index, unclamped=unclamped, raw=raw, halstead=halstead)


def _unclamped_index(volume: float, complexity: int, lloc: int, comments: float) -> float:
    """Return the maintainability index by radon's formula, in which no number is raised to 0."""
    bonus = 50 * math.sin(math.sqrt(2.46 * math.radians(comments)))
    return (171 - 5.2 * math.log(volume) - 0.23 * complexity - 16.2 * math.log(lloc) + bonus) * 100 / 171.0


def _block(counted: CountedBlock, code: Sequence[int], cognitive: Mapping[int, int]) -> Block:
    kind, name, complexity, asserts, node = counted
    place = (node.lineno, node.end_lineno or node.lineno, node.col_offset)
    if isinstance(node, ast.ClassDef):
        return make_block(kind, name, *place, complexity, 0, 0, 0, 0, asserts, "")
    numbers = (cognitive.get(first_line(node), 0), length(node, code), nesting(node), parameters(node, kind))
    known_again = _shape(node) if complexity >= _SMALLEST or numbers[1] >= _LONG or numbers[3] >= _SMALLEST else ""
    return make_block(kind, name, *place, complexity, *numbers, asserts, known_again)


def _raw(text: str) -> RawCounts | None:
    try:
        return raw_counter()(text)
    except SyntaxError:
        return None


def _line_of(error: SyntaxError) -> int:
    """Return the line that radon's message ends with; 0 where it has none."""
    line = str(error.msg).rpartition(" ")[2]
    return int(line) if line.isdecimal() else 0


def _shape(node: Function) -> str:
    """Return 12 hex digits for a function's parameters and body, whatever its name, decorators, docstring, layout and comments.

    Where it calls itself, its name does not count either.
    """
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return blake2b("\0".join(_words([node.args, body], node.name)).encode("utf-8", "surrogatepass"), digest_size=_SHAPE_BYTES).hexdigest()


def _words(parts: list[Any], own_name: str) -> list[str]:
    """Return the tree in some fixed order, a word for each class of node and each value."""
    words: list[str] = []
    add = words.append
    waiting: list[Any] = [parts]
    take = waiting.pop
    while waiting:
        item = take()
        kind = item.__class__
        if kind is list:
            add(f"[{len(item)}")
            waiting.extend(item)
        elif kind is ast.Name:
            add("." if item.id == own_name else item.id)
        elif kind is ast.Attribute:
            add("." if item.attr == own_name else item.attr)
            waiting.append(item.value)
        elif isinstance(item, ast.AST):
            add(kind.__name__)
            waiting.extend(getattr(item, name, None) for name in kind._fields if name not in _NOT_IN_SHAPE)
        else:
            add(repr(item))
    return words
