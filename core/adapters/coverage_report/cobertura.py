"""Cobertura XML. It is read as it comes, without a tree; a document type may be named, entities may not be declared."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import join
from xml.parsers import expat

from core.domain.quality.coverage import LineCoverage, ReportedFile
from core.domain.quality.coverage_paths import portable_path
from core.errors import InvalidFile, Problem

#: Directories of sources that names are tried below.
_MOST_SOURCES = 50


class _Broken(Exception):
    """The document is XML and no report of the kind; says where, 1-based."""

    def __init__(self, message: str, parser: expat.XMLParserType) -> None:
        super().__init__(message)
        self.line, self.column = parser.CurrentLineNumber, parser.CurrentColumnNumber + 1


def parse_cobertura(content: bytes, shown: str) -> tuple[ReportedFile, ...]:
    """Return what a document, which messages call ``shown``, says of each file. Raises InvalidFile with the line."""
    parser = expat.ParserCreate()
    document = _Document(parser)
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        message = f"no Cobertura report: {expat.ErrorString(error.code)}"
        raise InvalidFile([Problem(file=shown, line=error.lineno, column=error.offset + 1, message=message)]) from error
    except _Broken as broken:
        raise InvalidFile([Problem(file=shown, line=broken.line, column=broken.column, message=str(broken))]) from broken
    except (ValueError, LookupError) as error:  # an encoding that Python does not have
        raise InvalidFile([Problem(file=shown, line=1, column=1, message=f"no Cobertura report: {error}")]) from error
    return document.files()


class _Document:
    """What has been read so far."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self._parser = parser
        self._sources: list[str] = []
        self._text: list[str] | None = None
        self._depth = 0
        self._class: tuple[set[int], set[int]] | None = None
        self._classes: dict[str, tuple[set[int], set[int]]] = {}
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = self._declared
        parser.AttlistDeclHandler = self._declared

    def files(self) -> tuple[ReportedFile, ...]:
        """Return each file with its names: below each directory of sources, and as it is written."""
        return tuple(
            ReportedFile(names=self._names(name), lines=LineCoverage(run=frozenset(run), missed=frozenset(missed - run)))
            for name, (run, missed) in self._classes.items()
        )

    def _names(self, name: str) -> tuple[str, ...]:
        own = portable_path(name)
        return tuple(dict.fromkeys((*(portable_path(join(source, own)) for source in self._sources[:_MOST_SOURCES]), own)))

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._depth == 0 and name != "coverage":
            raise _Broken(f"no Cobertura report: its outermost element is <{name[:50]}>, not <coverage>", self._parser)
        self._depth += 1
        if name == "source":
            self._text = []
        elif name == "class":
            if not attributes.get("filename"):
                raise _Broken("<class> has no filename", self._parser)
            self._class = self._classes.setdefault(attributes["filename"], (set(), set()))
        elif name == "line" and self._class is not None:
            run, missed = self._class
            (run if self._number(attributes, "hits") > 0 else missed).add(self._number(attributes, "number"))

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name == "source" and self._text is not None:
            source = "".join(self._text).strip()
            self._sources += [source.replace("\\", "/")] if source else []
            self._text = None
        elif name == "class":
            self._class = None

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _declared(self, name: str, *_: object) -> None:
        raise _Broken(f"a report declares no entities and attributes, as this one does: {name[:50]}", self._parser)

    def _number(self, attributes: Mapping[str, str], name: str) -> int:
        text = attributes.get(name, "")
        if not text.isdecimal() or len(text) > 18:
            raise _Broken(f"<line> has no number for {name}", self._parser)
        return int(text)
