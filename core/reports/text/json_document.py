"""A document as the text of a JSON file."""

from __future__ import annotations

import json
from typing import Any

from core.domain.untrusted.printable import inert_json


def json_document(value: Any) -> str:
    """Return the text, indented, with a newline at its end; in escapes what is no text in UTF-8, or what a screen or a CI would obey."""
    return f"{inert_json(json.dumps(value, ensure_ascii=False, indent=2))}\n"
