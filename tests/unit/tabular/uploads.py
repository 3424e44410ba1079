"""Uploads for the readers: bytes behind a stream that can do no more than an S3 body can."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import BinaryIO, cast

import pytest

from contacts.domain.errors import FileRejected
from contacts.domain.table import Table, TableLimits
from contacts.tabular.open_table import open_table


class OneWayStream:
    """Has `read(n)` and nothing else, and gives at most `at_most` bytes at a time."""

    def __init__(self, data: bytes, at_most: int = 1 << 20) -> None:
        self._data = io.BytesIO(data)
        self._at_most = at_most
        self.given = 0

    def read(self, size: int) -> bytes:
        block = self._data.read(min(size, self._at_most))
        self.given += len(block)
        return block


class EndlessStream:
    """A prefix, then the same block again and again; fails the test if a reader takes far too much of it."""

    def __init__(self, prefix: bytes, block: bytes, patience: int = 64 << 20) -> None:
        self._block = block
        self._ahead = prefix
        self._left = patience

    def read(self, size: int) -> bytes:
        while len(self._ahead) < size:
            self._ahead += self._block
        self._left -= size
        assert self._left > 0, "the reader should have given up long ago"
        result, self._ahead = self._ahead[:size], self._ahead[size:]
        return result


def open_bytes(
    data: bytes,
    file_name: str = "contacts.csv",
    *,
    file_type: str | None = None,
    columns: Sequence[str] = (),
    sheet: str | None = None,
    limits: TableLimits | None = None,
    at_most: int = 1 << 20,
) -> Table:
    stream = cast(BinaryIO, OneWayStream(data, at_most))
    return open_table(
        stream,
        size=len(data),
        file_name=file_name,
        file_type=file_type,
        columns=columns,
        sheet=sheet,
        limits=limits or TableLimits(),
    )


def read_all(data: bytes, file_name: str = "contacts.csv", **options: object) -> list[list[str]]:
    """Header and rows."""
    table = open_bytes(data, file_name, **options)  # type: ignore[arg-type]
    return [list(table.header), *table.rows()]


def rejection(data: bytes, file_name: str = "contacts.csv", **options: object) -> FileRejected:
    """The error that opening or reading ends with."""
    with pytest.raises(FileRejected) as caught:
        read_all(data, file_name, **options)
    return caught.value
