"""Stands in for wily's module of this name."""

from typing import ClassVar


class CyclomaticComplexityOperator:
    """Has the table of defaults that we change."""

    defaults: ClassVar = {"no_assert": True, "order": None}
