"""A document as the text of a JSON file."""

from __future__ import annotations

import json
from typing import Any


def json_document(value: Any) -> str:
    """Return the text, indented, with a newline at its end; in escapes where a name in it is no text in UTF-8."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    return f"{text}\n"
