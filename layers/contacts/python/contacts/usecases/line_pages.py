"""Read an object that holds a line an item, a page at a time."""

from __future__ import annotations

from contacts.domain.errors import InvalidRequest
from contacts.ports import FileStore

_CHUNK_BYTES = 128 * 1024


def read_lines(files: FileStore, key: str, offset: int, limit: int) -> tuple[list[bytes], int | None]:
    """Up to `limit` lines from byte `offset`, and where the next one starts; None after the last.

    Raises:
        InvalidRequest: no line starts there.
    """
    if offset and files.get_range(key, offset - 1, 1) not in {b"\n", b""}:
        raise no_position()
    read = bytearray()
    breaks = 0
    # One line more than asked for tells whether there is a next page.
    while breaks <= limit:
        chunk = files.get_range(key, offset + len(read), _CHUNK_BYTES)
        if not chunk:
            break
        read += chunk
        breaks += chunk.count(b"\n")
    lines = bytes(read).splitlines(keepends=True)
    taken = lines[:limit]
    end = offset + sum(map(len, taken)) if len(lines) > limit else None
    return taken, end


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
