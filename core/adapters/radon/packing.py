"""A file's measure as a few hundred bytes: what crosses processes and lies in the cache.

A head of numbers, the blocks' numbers, texts, a checksum. Thousands of files are looked at when nothing has changed
since yesterday, and most of them only for the numbers at the very beginning: the rest stays packed until it is asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import astuple, fields
from itertools import accumulate, chain, pairwise, repeat, starmap
from operator import attrgetter
from typing import Any
from zlib import crc32

from core.domain.quality.metric import AcceptComment, Block, BlockKind, FileMeasure, Halstead, RawCounts, Tally, Window

_RAW = tuple(field.name for field in fields(RawCounts))
_HALSTEAD = tuple(field.name for field in fields(Halstead))
#: Maintainability, the same before clamping; the problem's line; tally: blocks, complexity, the highest of each number, asserts; number
#: of blocks, classes included; bytes of names, shapes, variants, the file's own shape, comments and problem; whether there are raw counts,
#: whether Halstead; the first of the raw counts, lines.
_START = struct.Struct("<2dIIQ5IQ7I2?I")
#: The same, then all raw counts and Halstead's.
_HEAD = struct.Struct("<2dIIQ5IQ7I2?7I6I6d")
#: Behind everything: number of windows, checksum. The windows stand before it.
_END = struct.Struct("<II")
_WINDOW = struct.Struct("<Q6I")
#: Numbers of each block.
_NUMBERS = ("line", "end_line", "column", "complexity", "cognitive", "length", "nesting", "parameters", "asserts")
_numbers_of = attrgetter(*_NUMBERS)
_COLUMNS = len(_NUMBERS)
_LETTER = {BlockKind.FUNCTION: "f", BlockKind.METHOD: "m", BlockKind.CLASS: "c", BlockKind.CLOSURE: "i"}
_kind_of = {ord(letter): kind for kind, letter in _LETTER.items()}.__getitem__


#: Numbers of the head before the number of blocks; texts, whose lengths come after it.
_BEFORE_COUNT = 3 + len(Tally._fields)
_TEXTS = 6


class Damaged(Exception):
    """The package's own: these bytes are not a measure."""


def pack(measure: FileMeasure) -> bytes:
    """Return the bytes that ``unpack`` makes an equal measure from."""
    blocks, raw, halstead = measure.blocks, measure.raw, measure.halstead
    shapes = [block.shape for block in blocks]
    variants = [block.variant for block in blocks]
    texts = [
        "\n".join([block.name for block in blocks]),
        "\n".join(shapes) if any(shapes) else "",
        "\n".join(variants) if any(variants) else "",
        measure.shape,
        _comments(measure.accepts),
        measure.problem,
    ]
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    head = _HEAD.pack(
        measure.maintainability,
        measure.unclamped,
        measure.problem_line,
        *measure.tally,
        len(blocks),
        *map(len, encoded),
        raw is not None,
        halstead is not None,
        *(astuple(raw) if raw else (0,) * len(_RAW)),
        *(astuple(halstead) if halstead else (0,) * len(_HALSTEAD)),
    )
    numbers = list(chain.from_iterable(map(_numbers_of, blocks)))
    kinds = "".join([_LETTER[block.kind] for block in blocks]).encode()
    windows = b"".join(starmap(_WINDOW.pack, measure.windows))
    body = b"".join([head, struct.pack(f"={len(numbers)}I", *numbers), kinds, *encoded, windows])
    return body + _END.pack(len(measure.windows), crc32(body))


def _comments(accepts: Iterable[AcceptComment]) -> str:
    return "\n".join([f"{each.line} {each.column} {each.target} {each.at_top:d} {each.text}" for each in accepts])


class _Packed(FileMeasure):
    """A measure of which only the first numbers are unpacked; the slots of all else are empty until one is asked for."""

    __slots__ = ("_data", "has_raw", "lines", "tally")
    _data: bytes
    has_raw: bool
    lines: int
    tally: Tally

    def __new__(cls, **fields: Any) -> FileMeasure:  # type: ignore[misc]
        # Who copies one gets a plain measure.
        return FileMeasure(**fields)

    def __getattr__(self, name: str) -> Any:
        """Python asks here for what is in an empty slot."""
        if name == "windows":
            _SET[name](self, _windows(self._data))
            return getattr(self, name)
        if name not in _LATE:
            raise AttributeError(name)
        for slot, value in zip(_LATE, _rest(self._data), strict=True):
            _SET[slot](self, value)
        return getattr(self, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileMeasure) and all(getattr(self, name) == getattr(other, name) for name in _SET)

    __hash__ = FileMeasure.__hash__


_SET = {field.name: vars(FileMeasure)[field.name].__set__ for field in fields(FileMeasure)}
_LATE = ("blocks", "raw", "halstead", "shape")
_new = object.__new__
_set_data, _set_has_raw, _set_lines, _set_tally = (vars(_Packed)[name].__set__ for name in _Packed.__slots__)
_set_index, _set_unclamped, _set_problem, _set_problem_line, _set_accepts = (
    _SET[name] for name in ("maintainability", "unclamped", "problem", "problem_line", "accepts")
)


def unpack(data: bytes) -> FileMeasure:
    """Return the measure. Raises Damaged."""
    try:
        body = memoryview(data)[: -_END.size]
        windows, check = _END.unpack(data[-_END.size :])
        if check != crc32(body):
            raise Damaged
        body = body[: len(body) - windows * _WINDOW.size]
        index, unclamped, problem_line, *tally, _, _, _, _, _, comments, problem, has_raw, _, lines = _START.unpack_from(body)
    except struct.error as error:
        raise Damaged from error
    measure: FileMeasure = _new(_Packed)
    _set_data(measure, data)
    _set_index(measure, index)
    _set_unclamped(measure, unclamped)
    _set_problem_line(measure, problem_line)
    _set_tally(measure, Tally(*tally))
    _set_has_raw(measure, has_raw)
    _set_lines(measure, lines)
    _set_problem(measure, str(body[-problem:], "utf-8", "surrogatepass") if problem else "")
    _set_accepts(measure, _accepts(body[len(body) - problem - comments : len(body) - problem]) if comments else ())
    return measure


def _accepts(text: memoryview) -> tuple[AcceptComment, ...]:
    lines = (line.split(" ", 4) for line in str(text, "utf-8", "surrogatepass").split("\n"))
    return tuple(AcceptComment(int(line), int(column), int(target), at_top == "1", said) for line, column, target, at_top, said in lines)


def _windows(data: bytes) -> tuple[Window, ...]:
    count, _ = _END.unpack(data[-_END.size :])
    end = len(data) - _END.size
    return tuple(map(Window._make, _WINDOW.iter_unpack(memoryview(data)[end - count * _WINDOW.size : end])))


def _rest(data: bytes) -> tuple[tuple[Block, ...], RawCounts | None, Halstead | None, str]:
    """Return blocks, raw counts, Halstead's numbers and the shape of what is not damaged."""
    count, *rest = _HEAD.unpack_from(data)[_BEFORE_COUNT:]
    lengths, (has_raw, has_halstead, *numbers) = rest[:_TEXTS], rest[_TEXTS:]
    middle = _HEAD.size + 4 * _COLUMNS * count
    ends = accumulate(lengths, initial=middle + count)
    names, shapes, variants, shape, _, _ = (data[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(ends))
    blocks: tuple[Block, ...] = ()
    if count:
        columns = memoryview(data)[_HEAD.size : middle].cast("I").tolist()
        rows = zip(
            map(_kind_of, data[middle : middle + count]),
            names.split("\n"),
            *(columns[number::_COLUMNS] for number in range(_COLUMNS)),
            shapes.split("\n") if shapes else repeat("", count),
            variants.split("\n") if variants else repeat("", count),
            strict=True,
        )
        blocks = tuple(starmap(make_block, rows))
    raw = RawCounts(**dict(zip(_RAW, numbers[: len(_RAW)], strict=True))) if has_raw else None
    halstead = Halstead(**dict(zip(_HALSTEAD, numbers[len(_RAW) :], strict=True))) if has_halstead else None
    return blocks, raw, halstead, shape


def _maker() -> Callable[..., Block]:
    new = object.__new__
    # How the frozen class itself fills its slots.
    setters = [vars(Block)[name].__set__ for name in ("kind", "name", *_NUMBERS, "shape", "variant")]
    set_kind, set_name, set_line, set_end, set_column, set_complexity, *setters_of_more, set_shape, set_variant = setters
    set_cognitive, set_length, set_nesting, set_parameters, set_asserts = setters_of_more

    def make(
        kind: BlockKind,
        name: str,
        line: int,
        end_line: int,
        column: int,
        complexity: int,
        cognitive: int,
        length: int,
        nesting: int,
        parameters: int,
        asserts: int,
        shape: str,
        variant: str,
    ) -> Block:
        block = new(Block)
        set_kind(block, kind)
        set_name(block, name)
        set_line(block, line)
        set_end(block, end_line)
        set_column(block, column)
        set_complexity(block, complexity)
        set_cognitive(block, cognitive)
        set_length(block, length)
        set_nesting(block, nesting)
        set_parameters(block, parameters)
        set_asserts(block, asserts)
        set_shape(block, shape)
        set_variant(block, variant)
        return block

    return make


#: Makes a Block from its fields in order. There may be tens of thousands, and this takes a third of the time of ``Block(…)``.
make_block = _maker()
