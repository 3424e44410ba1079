"""The text of a file, block by block, in the one encoding that the file proves to have."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

from contacts.domain.errors import FileRejected
from contacts.tabular.bounded_source import BoundedSource

BLOCK_BYTES: Final = 1 << 16

# One row or object. A contact has to fit a DynamoDB item (400 KB), so ten times that in characters is no contact.
MAX_ROW_CHARS: Final = 4 * 1024 * 1024

_MARKS: Final = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_UTF16_SAMPLE_BYTES: Final = 256
_LONGEST_UTF8_SEQUENCE: Final = 4
_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")
# UTF-8 for U+0080 to U+00FF, Western Europe's accented letters. In Windows-1252 it would be "Â" or "Ã" and a symbol.
_UTF8_LATIN_LETTER: Final = re.compile(rb"[\xc2\xc3][\x80-\xbf]")


class TextBlocks:
    """Iterates over the decoded text of `source`, without byte order mark, line breaks untouched.

    The encoding is UTF-8 or UTF-16 by their marks, UTF-16 by the NUL halves of its first characters, else whatever the
    first byte beyond ASCII shows: UTF-8, or Windows-1252 where `windows_1252` allows it and UTF-8 is impossible. Up to
    that byte the two are the same, so the stream needn't be read twice. A byte that does not fit what was decided
    rejects the file: nothing is replaced, and no file is read half in one encoding, half in the other.

    Raises:
        FileRejected: FILE_ENCODING, while iterating.
    """

    def __init__(self, source: BoundedSource, *, windows_1252: bool) -> None:
        self._source = source
        self._windows_1252 = windows_1252

    def __iter__(self) -> Iterator[str]:
        encoding, mark = _encoding_of(self._source.peek(_UTF16_SAMPLE_BYTES))
        self._source.read(len(mark))
        first = b""
        if encoding is None and self._windows_1252:
            while (first := self._source.read(BLOCK_BYTES)) and first.isascii():
                yield first.decode("ascii")
            first, encoding = self._decide_by_first_letter(first)
        yield from self._decoded(first, encoding or "utf-8")

    def _decide_by_first_letter(self, block: bytes) -> tuple[bytes, str]:
        """The block, made longer where it ends within a letter, and the encoding that its first letter proves."""
        found = _NOT_ASCII.search(block)
        if found is None:
            return block, "utf-8"
        start = found.start()
        while len(block) < start + _LONGEST_UTF8_SEQUENCE and (more := self._source.read(BLOCK_BYTES)):
            block += more
        try:
            block[start : start + _LONGEST_UTF8_SEQUENCE].decode("utf-8")
        except UnicodeDecodeError as error:
            return block, "cp1252" if error.start == 0 else "utf-8"
        return block, "utf-8"

    def _decoded(self, block: bytes, encoding: str) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        last_byte = b""
        while block or (block := self._source.read(BLOCK_BYTES)):
            if encoding == "cp1252" and _UTF8_LATIN_LETTER.search(last_byte + block):
                raise FileRejected(
                    "The file mixes two encodings, UTF-8 and Windows-1252. Save it as UTF-8 and import it again.",
                    code="FILE_ENCODING",
                )
            if text := self._decode(decoder, block, encoding, final=False):
                yield text
            last_byte = block[-1:]
            block = b""
        if text := self._decode(decoder, b"", encoding, final=True):
            yield text

    def _decode(self, decoder: codecs.IncrementalDecoder, block: bytes, encoding: str, *, final: bool) -> str:
        try:
            return decoder.decode(block, final)
        except UnicodeDecodeError as error:
            position = self._source.bytes_read - len(error.object) + error.start
            name = "Windows-1252" if encoding == "cp1252" else encoding.upper()
            # The cause holds a piece of the file, which must not reach a log.
            raise FileRejected(
                f"The file is not text in {name}: the byte at position {position:,} does not fit. "
                "Save it as UTF-8 and import it again.",
                code="FILE_ENCODING",
            ) from None


def _encoding_of(head: bytes) -> tuple[str | None, bytes]:
    """The encoding that the first bytes prove, and the byte order mark to leave out; None where it is still open."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            if encoding == "utf-32":
                raise FileRejected(
                    "The file is text in UTF-32. Save it as UTF-8 and import it again.", code="FILE_ENCODING"
                )
            return encoding, mark
    pairs = len(head) // 2
    high, low = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    # Of a header's and an e-mail's ASCII, UTF-16 makes every other byte a NUL; a stray one in UTF-8 is far from that.
    if high < pairs / 4 < low:
        return "utf-16-le", b""
    if low < pairs / 4 < high:
        return "utf-16-be", b""
    return None, b""
