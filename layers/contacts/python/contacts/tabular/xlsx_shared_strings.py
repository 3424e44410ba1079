"""The shared strings of a workbook, on disk in blocks, so that a million different ones don't fill the memory."""

from __future__ import annotations

import tempfile
from array import array
from collections import OrderedDict
from typing import BinaryIO, Final, cast

import orjson

from contacts.domain.errors import FileRejected
from contacts.tabular.xlsx_escapes import unescape
from contacts.tabular.xlsx_package import PartReader, broken_workbook, expands_too_much
from contacts.tabular.xlsx_xml import MAX_DEPTH, PartParser, unsafe_xml

# Few, since texts in no order at all, as in a sorted sheet, cost a block each.
_BLOCK_STRINGS: Final = 64
# About what the cached blocks take in memory. Strings stand in the order of their first use, so a few blocks serve.
_CACHE_BYTES: Final = 16 << 20
_BYTES_A_STRING: Final = 60
_MAX_SPILLED_BYTES: Final = 1 << 30


class SharedStrings:
    """Text by index. Close it to let go of the file (in TMPDIR).

    Raises:
        FileRejected: what `PartParser` does; FILE_CELL_TOO_LONG; FILE_BROKEN_WORKBOOK for an index that isn't there.
    """

    def __init__(self, reader: PartReader | None, *, max_cell_chars: int) -> None:
        self.count = 0
        self._file = cast(BinaryIO, tempfile.TemporaryFile(prefix="contacts-strings-"))  # noqa: SIM115 - see close()
        self._starts = array("Q", [0])
        self._cache: OrderedDict[int, tuple[int, list[str]]] = OrderedDict()
        self._cached_bytes = 0
        try:
            if reader is not None:
                self._spill(reader, max_cell_chars)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        self._file.close()

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < self.count:
            raise broken_workbook("a cell names a text that isn't there.")
        cached = self._cache.get(index // _BLOCK_STRINGS)
        block = cached[1] if cached else self._load(index // _BLOCK_STRINGS)
        return block[index % _BLOCK_STRINGS]

    def _load(self, number: int) -> list[str]:
        start, end = self._starts[number], self._starts[number + 1]
        self._file.seek(start)
        block: list[str] = orjson.loads(self._file.read(end - start))
        weight = end - start + _BYTES_A_STRING * len(block)
        self._cache[number] = (weight, block)
        self._cached_bytes += weight
        while self._cached_bytes > _CACHE_BYTES and len(self._cache) > 1:
            self._cached_bytes -= self._cache.popitem(last=False)[1][0]
        return block

    def _spill(self, reader: PartReader, max_cell_chars: int) -> None:
        handler = _StringsHandler(max_cell_chars)
        parsing = PartParser(reader)
        parsing.parser.StartElementHandler = handler.start
        parsing.parser.EndElementHandler = handler.end
        parsing.parser.CharacterDataHandler = handler.text.append
        pending: list[str] = []
        while parsing.advance():
            handler.check_text()
            pending += handler.strings
            handler.strings.clear()
            full = len(pending) - len(pending) % _BLOCK_STRINGS
            for start in range(0, full, _BLOCK_STRINGS):
                self._write(pending[start : start + _BLOCK_STRINGS])
            del pending[:full]
        pending += handler.strings
        if pending:
            self._write(pending)

    def _write(self, block: list[str]) -> None:
        self.count += len(block)
        end = self._starts[-1] + self._file.write(orjson.dumps(block))
        if end > _MAX_SPILLED_BYTES:
            raise expands_too_much(f"its texts are larger than {_MAX_SPILLED_BYTES:,} bytes.")
        self._starts.append(end)


class _StringsHandler:
    """Collects the text of each `si`: its own or that of its formatted runs, but not the phonetic hints (`rPh`)."""

    def __init__(self, max_cell_chars: int) -> None:
        self.strings: list[str] = []
        self.text: list[str] = []
        self._parts: list[str] = []
        self._max_cell_chars = max_cell_chars
        self._in_text = False
        self._in_phonetic = False
        self._depth = 0

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise unsafe_xml(f"nests more than {MAX_DEPTH} levels.")
        local = name.rpartition(":")[2]
        if local == "t":
            self.text.clear()
            self._in_text = True
        elif local == "rPh":
            self._in_phonetic = True

    def end(self, name: str) -> None:
        self._depth -= 1
        local = name.rpartition(":")[2]
        if local == "t":
            self._in_text = False
            if not self._in_phonetic:
                self._parts += self.text
        elif local == "si":
            self._finish()
        elif local == "rPh":
            self._in_phonetic = False

    def _finish(self) -> None:
        string = unescape("".join(self._parts))
        if len(string) > self._max_cell_chars:
            raise self._too_long()
        self.strings.append(string)
        self._parts.clear()

    def check_text(self) -> None:
        """Between blocks: lets go of what is no cell's text, and refuses a text that goes on and on."""
        if not self._in_text:
            self.text.clear()
        if sum(map(len, self.text)) + sum(map(len, self._parts)) > 8 * self._max_cell_chars:
            raise self._too_long()

    def _too_long(self) -> FileRejected:
        return FileRejected(
            f"The workbook has a cell of more than {self._max_cell_chars:,} characters.",
            code="FILE_CELL_TOO_LONG",
            field="max_cell_chars",
        )
