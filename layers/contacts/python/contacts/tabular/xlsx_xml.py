"""Expat over a workbook's part, within bounds: no document types, no endless tags, no bottomless nesting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn
from xml.parsers.expat import ExpatError, ParserCreate

from contacts.domain.errors import FileRejected
from contacts.tabular.xlsx_package import PartReader, WorkbookPackage, broken_workbook, expands_too_much

MAX_DEPTH: Final = 64
# Expat keeps a tag until it has seen its end. A tag of a workbook has a few hundred bytes.
_MAX_TAG_BYTES: Final = 1 << 20

# [ECMA-376] part 2, M1.17, allows the first two; expat knows the others by itself, too. For all else it asks Python,
# whose answer can be any exception.
_ENCODINGS: Final = frozenset({"UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII", "ISO-8859-1"})


def unsafe_xml(reason: str) -> FileRejected:
    return FileRejected(f"The workbook's XML {reason}", code="FILE_UNSAFE_XML")


class PartParser:
    """Feeds one part to expat. Set the handlers on `parser`, then call `advance` until it says False.

    Raises:
        FileRejected: FILE_BROKEN_WORKBOOK, FILE_UNSAFE_XML, FILE_EXPANDS_TOO_MUCH.
    """

    def __init__(self, reader: PartReader) -> None:
        self.parser = ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _refuse_document_type
        self.parser.XmlDeclHandler = _refuse_other_encodings
        self._reader = reader
        self._token_start = 0

    @property
    def bytes_read(self) -> int:
        return self._reader.bytes_read

    def advance(self) -> bool:
        """Parses the next block; False at the end of the part."""
        block = self._reader.read()
        try:
            self.parser.Parse(block, not block)
        except ExpatError as error:
            raise broken_workbook(f"line {error.lineno} of a part is not XML.") from error
        # -1 where expat waits for more of a token (libexpat 2.6 and later).
        self._token_start = max(self._token_start, self.parser.CurrentByteIndex)
        if self._reader.bytes_read - self._token_start > _MAX_TAG_BYTES:
            raise expands_too_much("its XML has a tag of extraordinary length.")
        if not block:
            self._reader.close()
        return bool(block)


def _refuse_document_type(*_: object) -> NoReturn:
    raise unsafe_xml("declares a document type, as attacks do and Excel never does.")


def _refuse_other_encodings(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.upper() not in _ENCODINGS:
        raise broken_workbook("a part is in an encoding that workbooks don't use.")


def walk(package: WorkbookPackage, part: str, visit: Callable[[tuple[str, ...], dict[str, str]], None]) -> None:
    """Calls `visit` for each element of a small part, with the names from the root to it and its attributes.

    Names come without their prefix, attributes as they are written.
    """
    path: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        path.append(name.rpartition(":")[2])
        if len(path) > MAX_DEPTH:
            raise unsafe_xml(f"nests more than {MAX_DEPTH} levels.")
        visit(tuple(path), attributes)

    def end(_name: str) -> None:
        path.pop()

    parsing = PartParser(package.open(part))
    parsing.parser.StartElementHandler = start
    parsing.parser.EndElementHandler = end
    while parsing.advance():
        pass
