"""The top-level objects of a JSON file, one after the other, at constant memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from contacts.domain.errors import FileRejected
from contacts.tabular.json_values import BadJsonValue, strict_decoder, too_deep
from contacts.tabular.text_blocks import MAX_ROW_CHARS

_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_LINE_END: Final = re.compile(r"[\n\r]")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
# So near to the end of what was read, a fault may just be a value that goes on in the next block: the longest that the
# scanner takes as one is an escaped pair of surrogates.
_LONGEST_ESCAPE: Final = 12


class JsonObjects:
    """Iterates over the objects of a JSON array, or of JSON Lines (one object a line), and counts them.

    Attributes:
        count: objects given so far.

    Raises:
        FileRejected: FILE_NOT_JSON and its kin, naming the object by its number, counted from 1.
    """

    def __init__(self, blocks: Iterator[str]) -> None:
        self.count = 0
        self._blocks = blocks
        self._decode = strict_decoder().raw_decode
        self._text = ""
        self._at = 0
        self._line_ended = False

    def __iter__(self) -> Iterator[dict[str, object]]:
        first = self._next_char()
        if first == "":
            raise FileRejected("The file is empty.", code="FILE_EMPTY")
        if first == "[":
            self._at += 1
            return self._of_array()
        if first == "{":
            return self._of_lines()
        raise FileRejected(
            "The file is not JSON that can be imported: it must hold an array of objects, or one object a line.",
            code="FILE_NOT_JSON",
        )

    def _of_array(self) -> Iterator[dict[str, object]]:
        if self._next_char() == "]":
            self._at += 1
        else:
            yield from self._array_items()
        if self._next_char():
            raise FileRejected("Something follows the end of the JSON array.", code="FILE_NOT_JSON")

    def _array_items(self) -> Iterator[dict[str, object]]:
        separator = ","
        while separator == ",":
            yield self._object()
            separator = self._next_char()
            self._at += 1
        if separator != "]":
            raise self._rejected(BadJsonValue("the array is cut short, or a comma is missing after the object."))

    def _of_lines(self) -> Iterator[dict[str, object]]:
        while self._next_char():
            if self.count and not self._line_ended:
                raise self._rejected(BadJsonValue("JSON Lines needs each object on a line of its own."))
            yield self._object(one_line=True)

    def _object(self, *, one_line: bool = False) -> dict[str, object]:
        """The object that starts at the next character that is not blank."""
        try:
            value, end = self._strict_object(one_line=one_line)
        except BadJsonValue as error:
            raise self._rejected(error) from None
        self._at = end
        self._line_ended = False
        self.count += 1
        return value

    def _strict_object(self, *, one_line: bool) -> tuple[dict[str, object], int]:
        if self._next_char() != "{":
            raise BadJsonValue("an object is expected here.")
        value, end = self._scan()
        if one_line and _LINE_END.search(self._text, self._at, end):
            raise BadJsonValue("an object goes over several lines. Make the file an array, or one object a line.")
        if _SURROGATE_ESCAPE.search(self._text, self._at, end):
            _refuse_unpaired_surrogates(value)
        return value, end

    def _scan(self) -> tuple[dict[str, object], int]:
        while True:
            try:
                return self._decode(self._text, self._at)
            except RecursionError:
                raise too_deep() from None
            except json.JSONDecodeError as error:
                if not (self._may_be_cut(error) and self._read_on(self._scan_length())):
                    # The error holds a piece of the file, which must not reach a log.
                    raise BadJsonValue(f"it is not valid JSON ({error.msg}).") from None

    def _scan_length(self) -> int:
        """How much more to read for an object that is not whole: as much again, which keeps the work linear."""
        unread = len(self._text) - self._at
        return max(1, min(unread, MAX_ROW_CHARS + 1 - unread))

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _LONGEST_ESCAPE

    def _next_char(self) -> str:
        """The next character that is not blank, left to be read; "" at the end of the file."""
        while True:
            start = self._at
            self._at += len(_BLANKS.match(self._text, start)[0])  # type: ignore[index]  # nothing is a match, too
            if self._at > start and _LINE_END.search(self._text, start, self._at):
                self._line_ended = True
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_on():
                return ""

    def _read_on(self, at_least: int = 1) -> bool:
        """Puts `at_least` so many further characters behind what is still unread; False at the end of the file."""
        unread = len(self._text) - self._at
        if unread > MAX_ROW_CHARS:
            raise BadJsonValue(f"it is longer than {MAX_ROW_CHARS:,} characters.", code="FILE_ROW_TOO_LONG")
        blocks: list[str] = []
        while at_least > 0 and (block := next(self._blocks, "")):
            blocks.append(block)
            at_least -= len(block)
        self._text = self._text[self._at :] + "".join(blocks)
        self._at = 0
        return bool(blocks)

    def _rejected(self, error: BadJsonValue) -> FileRejected:
        return FileRejected(f"Row {self.count + 1}: {error.message}", code=error.code, field=error.field)


def _refuse_unpaired_surrogates(value: dict[str, object]) -> None:
    """An escape such as \\ud800 alone is no character: nothing could store it or give it back."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadJsonValue("a text has half a surrogate pair.") from None
    except RecursionError:
        raise too_deep() from None
