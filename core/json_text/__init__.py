"""JSON text in, values out, with the places of mistakes: strict, bounded, in linear time, without I/O."""

from core.json_text.document import JsonText, dotted, read_json
from core.json_text.places import Path, places_of
from core.json_text.strict import load_json, parse_json

__all__ = ["JsonText", "Path", "dotted", "load_json", "parse_json", "places_of", "read_json"]
