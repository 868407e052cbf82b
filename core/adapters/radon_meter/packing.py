"""A file's measure as a few hundred bytes: what crosses processes and lies in the cache.

A head of numbers, the blocks' numbers, then texts. Thousands of files are unpacked when nothing has
changed since yesterday, so this is where a warm start spends its time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import astuple, fields
from itertools import repeat, starmap

from core.domain.metric import Block, BlockKind, FileMeasure, Halstead, RawCounts

_RAW = tuple(field.name for field in fields(RawCounts))
_HALSTEAD = tuple(field.name for field in fields(Halstead))
#: Maintainability; number of blocks; bytes of names, shapes and problem; whether there are raw counts, whether Halstead; they.
_HEAD = struct.Struct("<d4I2?7I6I6d")
#: Of each block: line, end line, column, complexity.
_COLUMNS = 4
_LETTER = {BlockKind.FUNCTION: "f", BlockKind.METHOD: "m", BlockKind.CLASS: "c", BlockKind.CLOSURE: "i"}
_kind_of = {ord(letter): kind for kind, letter in _LETTER.items()}.__getitem__


class Damaged(Exception):
    """The package's own: these bytes are not a measure."""


def pack(measure: FileMeasure) -> bytes:
    """Return the bytes that ``unpack`` makes an equal measure from."""
    blocks, raw, halstead = measure.blocks, measure.raw, measure.halstead
    shapes = [block.shape for block in blocks]
    texts = ["\n".join([block.name for block in blocks]), "\n".join(shapes) if any(shapes) else "", measure.problem]
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    head = _HEAD.pack(
        measure.maintainability,
        len(blocks),
        *map(len, encoded),
        raw is not None,
        halstead is not None,
        *(astuple(raw) if raw else (0,) * len(_RAW)),
        *(astuple(halstead) if halstead else (0,) * len(_HALSTEAD)),
    )
    numbers = [number for block in blocks for number in (block.line, block.end_line, block.column, block.complexity)]
    kinds = "".join([_LETTER[block.kind] for block in blocks]).encode()
    return b"".join([head, struct.pack(f"={len(numbers)}I", *numbers), kinds, *encoded])


def unpack(data: bytes) -> FileMeasure:
    """Return the measure. Raises Damaged."""
    try:
        index, count, names, shapes, problem, has_raw, has_halstead, *numbers = _HEAD.unpack_from(data)
        middle = _HEAD.size + 4 * _COLUMNS * count
        ends = [middle + count, middle + count + names, middle + count + names + shapes]
        if len(data) != ends[-1] + problem:
            raise Damaged
        blocks: tuple[Block, ...] = ()
        if count:
            columns = memoryview(data)[_HEAD.size : middle].cast("I").tolist()
            rows = zip(
                map(_kind_of, data[middle : ends[0]]),
                data[ends[0] : ends[1]].decode("utf-8", "surrogatepass").split("\n"),
                *(columns[number::_COLUMNS] for number in range(_COLUMNS)),
                data[ends[1] : ends[2]].decode().split("\n") if shapes else repeat("", count),
                strict=True,
            )
            blocks = tuple(starmap(make_block, rows))
        return FileMeasure(
            blocks=blocks,
            maintainability=index,
            raw=RawCounts(**dict(zip(_RAW, numbers[: len(_RAW)], strict=True))) if has_raw else None,
            halstead=Halstead(**dict(zip(_HALSTEAD, numbers[len(_RAW) :], strict=True))) if has_halstead else None,
            problem=data[ends[2] :].decode("utf-8", "surrogatepass"),
        )
    except (struct.error, ValueError, KeyError) as error:
        raise Damaged from error


def _maker() -> Callable[[BlockKind, str, int, int, int, int, str], Block]:
    new = object.__new__
    # How the frozen class itself fills its slots.
    set_kind, set_name, set_line, set_end, set_column, set_complexity, set_shape = (
        vars(Block)[field.name].__set__ for field in fields(Block)
    )

    def make(kind: BlockKind, name: str, line: int, end_line: int, column: int, complexity: int, shape: str) -> Block:
        block = new(Block)
        set_kind(block, kind)
        set_name(block, name)
        set_line(block, line)
        set_end(block, end_line)
        set_column(block, column)
        set_complexity(block, complexity)
        set_shape(block, shape)
        return block

    return make


#: Makes a Block from its fields in order. There are tens of thousands, and this takes a third of the time of ``Block(…)``.
make_block = _maker()
