"""The toy wing's section of config.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.settings.settings import option
from core.schema.field_types import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ToySettings:
    """How to greet."""

    word: str = option("hello", "Word of a greeting.", Text(pattern=r"^[a-z]+\Z", wanted="a word"))
