"""The items of a heap in order, without popping them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def in_order(heap: Sequence[Item]) -> Iterator[Item]:
    """Yield the items of a ``heapq`` list, smallest first, in O(log n) each."""
    front = [(heap[0], 0)] if heap else []
    while front:
        item, node = heapq.heappop(front)
        yield item
        for child in (2 * node + 1, 2 * node + 2):
            if child < len(heap):
                heapq.heappush(front, (heap[child], child))
