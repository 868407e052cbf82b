"""A file's measure as a few hundred bytes: what crosses processes and lies in the cache.

A head of numbers, the blocks' numbers column by column, then texts. Thousands of files are unpacked when nothing has
changed since yesterday, so this is where a warm start spends its time.
"""

from __future__ import annotations

from dataclasses import astuple, fields
from itertools import starmap
from struct import Struct, error, unpack_from

from core.domain.metric import Block, BlockKind, FileMeasure, Halstead, RawCounts

#: Maintainability; whether there are raw counts; they; whether there is Halstead; it; blocks; bytes of each text.
_HEAD = Struct("<d?7I?6I6dI3I")
_LETTER = {BlockKind.FUNCTION: "f", BlockKind.METHOD: "m", BlockKind.CLASS: "c", BlockKind.CLOSURE: "i"}
_KIND = {ord(letter): kind for kind, letter in _LETTER.items()}
_RAW = tuple(field.name for field in fields(RawCounts))
_HALSTEAD = tuple(field.name for field in fields(Halstead))
_new = object.__new__
#: How the frozen class itself fills its slots.
_SETTERS = tuple(vars(Block)[field.name].__set__ for field in fields(Block))


class Damaged(Exception):
    """The package's own: these bytes are not a measure."""


def pack(measure: FileMeasure) -> bytes:
    """Return the bytes that ``unpack`` makes an equal measure from."""
    blocks, raw, halstead = measure.blocks, measure.raw, measure.halstead
    texts = ["\n".join([block.name for block in blocks]), "\n".join([block.shape for block in blocks]), measure.problem]
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    head = _HEAD.pack(
        measure.maintainability,
        raw is not None,
        *(astuple(raw) if raw else (0,) * len(_RAW)),
        halstead is not None,
        *(astuple(halstead) if halstead else (0,) * len(_HALSTEAD)),
        len(blocks),
        *map(len, encoded),
    )
    columns = ([block.line for block in blocks], [block.end_line for block in blocks], [block.column for block in blocks])
    numbers = [number for column in columns for number in column] + [block.complexity for block in blocks]
    kinds = "".join([_LETTER[block.kind] for block in blocks]).encode()
    return b"".join([head, Struct(f"<{len(numbers)}I").pack(*numbers), kinds, *encoded])


def unpack(data: bytes) -> FileMeasure:
    """Return the measure. Raises Damaged."""
    try:
        index, has_raw, *head = _HEAD.unpack_from(data)
        count, *lengths = head[20:]
        numbers = unpack_from(f"<{4 * count}I", data, _HEAD.size)
        position = _HEAD.size + 16 * count
        kinds = data[position : position + count]
        position += count
        texts = []
        for length in lengths:
            texts.append(data[position : position + length].decode("utf-8", "surrogatepass"))
            position += length
        if position != len(data):
            raise Damaged
        columns = zip(
            [_KIND[letter] for letter in kinds],
            texts[0].split("\n"),
            *(numbers[start : start + count] for start in range(0, 4 * count, count or 1)),
            texts[1].split("\n"),
            strict=True,
        )
        return FileMeasure(
            blocks=tuple(starmap(make_block, columns)) if count else (),
            maintainability=index,
            raw=RawCounts(**dict(zip(_RAW, head[:7], strict=True))) if has_raw else None,
            halstead=Halstead(**dict(zip(_HALSTEAD, head[8:20], strict=True))) if head[7] else None,
            problem=texts[2],
        )
    except (error, ValueError, KeyError) as damage:
        raise Damaged from damage


def make_block(kind: BlockKind, name: str, line: int, end_line: int, column: int, complexity: int, shape: str) -> Block:
    """Return a Block. There are tens of thousands, and this takes a third of the time of its own ``__init__``."""
    block = _new(Block)
    set_kind, set_name, set_line, set_end, set_column, set_complexity, set_shape = _SETTERS
    set_kind(block, kind)
    set_name(block, name)
    set_line(block, line)
    set_end(block, end_line)
    set_column(block, column)
    set_complexity(block, complexity)
    set_shape(block, shape)
    return block
