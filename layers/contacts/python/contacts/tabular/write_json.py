"""JSON as a stream of bytes: an array of objects, or one object a line (JSON Lines); UTF-8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from contacts.tabular.byte_chunks import in_chunks


def write_json(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """An array with one object a line, in chunks of about `byte_chunks.CHUNK_BYTES`, at constant memory.

    Values may be lists and objects. What a row lacks is left out, None is null.

    Raises:
        orjson.JSONEncodeError: a value that JSON has not, such as half of a surrogate pair.
    """
    return in_chunks(_array(rows))


def write_jsonl(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """One object a line, each line ended; no bytes for no rows. Otherwise like `write_json`."""
    return in_chunks(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _array(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    before = b"[\n"
    for row in rows:
        yield before
        yield orjson.dumps(row)
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"
