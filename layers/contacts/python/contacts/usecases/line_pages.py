"""Read an object that holds a line an item, a page at a time."""

from __future__ import annotations

import io

from contacts.domain.errors import Gone, InvalidRequest
from contacts.ports import FileStore

#: What is read first: more than a hundred lines as they usually are.
_FIRST_BYTES = 128 * 1024
#: No page goes on when so many bytes have been read.
_MAX_BYTES = 1024 * 1024


class ListExpired(Gone):
    """There was a list, and its time is over: it has been removed."""

    code = "RESULTS_EXPIRED"


def read_lines(files: FileStore, key: str, offset: int, limit: int) -> tuple[list[bytes], int | None]:
    """Up to `limit` lines from byte `offset`, and where the next one starts; None after the last.

    A page takes two requests, of a megabyte together. Where lines are long it has fewer of them, but one at least,
    for which it takes as many requests as it needs: four for one of 4 MB.

    Raises:
        InvalidRequest: no line starts there.
        ListExpired: there is no such object.
    """
    # The byte before it tells whether a line starts there.
    start = offset - 1 if offset else 0
    read = bytearray()
    is_all = False
    while not is_all and not _is_enough(read, offset - start, limit):
        wanted = _next_bytes(len(read))
        chunk = files.get_range(key, start + len(read), wanted)
        read += chunk
        is_all = len(chunk) < wanted
    if not read and files.info(key) is None:
        raise ListExpired("this list has been removed: its time is over")
    if offset and read and not read.startswith(b"\n"):
        raise no_position()
    lines = io.BytesIO(read[offset - start :]).readlines()[:limit]
    if not is_all and lines and not lines[-1].endswith(b"\n"):
        lines.pop()  # of this one there is more to read
    end = offset + sum(map(len, lines))
    return lines, end if end < start + len(read) else None


def _is_enough(read: bytearray, skipped: int, limit: int) -> bool:
    """Whether these bytes make a page, and hold something behind it, so that a next page is never empty."""
    breaks = read.count(b"\n", skipped)
    if breaks > limit:
        return True
    is_full = breaks == limit or (breaks > 0 and len(read) >= _MAX_BYTES)
    return is_full and len(read) > skipped and not read.endswith(b"\n")


def _next_bytes(read: int) -> int:
    if read == 0:
        return _FIRST_BYTES
    # A line that is longer than a page may be long: twice as much each time.
    return _MAX_BYTES - read if read < _MAX_BYTES else read


def parse_position(position: str) -> tuple[str, int]:
    """The version of a list, and a byte in it, that a position made as `version:byte` names.

    Raises:
        InvalidRequest: this is no such position.
    """
    version, _, offset = position.partition(":")
    if not offset.isascii() or not offset.isdigit() or len(offset) > 12:
        raise no_position()
    return version, int(offset)


def no_position() -> InvalidRequest:
    """A cursor that names no place in the list."""
    return InvalidRequest("this cursor was not made by this list", code="CURSOR_INVALID", field="cursor")
