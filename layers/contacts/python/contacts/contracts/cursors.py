"""Cursors: a position in a list, opaque to clients and of use in that very list alone.

They carry no secret and need none, because a store puts the caller's own tenant in front of every position. The digest
makes a cursor of another tenant, list or filter, or a changed one, a plain error instead of a page from nowhere.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from contacts.domain.errors import InvalidRequest

_DIGEST_BYTES = 12


def make_cursor(position: str | None, *scope: str | None) -> str | None:
    """The cursor to a position of the list that `scope` describes: tenant, list and filters. None for None."""
    if position is None:
        return None
    content = position.encode()
    return urlsafe_b64encode(_digest(content, scope) + content).decode().rstrip("=")


def open_cursor(cursor: str | None, *scope: str | None) -> str | None:
    """The position behind a cursor; None for None.

    Raises:
        InvalidRequest: it was not made for this list, this tenant, these filters.
    """
    if cursor is None:
        return None
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        position = raw[_DIGEST_BYTES:].decode()
    except (Base64Error, UnicodeError) as error:
        raise _invalid() from error
    # Made again, because base64 has several spellings of the same bytes.
    if make_cursor(position, *scope) != cursor:
        raise _invalid()
    return position


def _digest(content: bytes, scope: tuple[str | None, ...]) -> bytes:
    return hashlib.sha256(repr(scope).encode("utf-8", "surrogatepass") + b"\0" + content).digest()[:_DIGEST_BYTES]


def _invalid() -> InvalidRequest:
    return InvalidRequest("this cursor was not made by this list", code="CURSOR_INVALID", field="cursor")
