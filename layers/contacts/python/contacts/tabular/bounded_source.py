"""A byte stream that is read once, never beyond its limit, and whose end is checked."""

from __future__ import annotations

from typing import BinaryIO

from contacts.domain.errors import FileRejected


class IncompleteSource(OSError):
    """The stream ended before its announced size: trouble with the transfer, not with the file. Worth a retry."""


class BoundedSource:
    """`source` with a look ahead, an upper bound and a check that all of it arrived.

    Raises:
        FileRejected: FILE_TOO_LARGE, at once where `size` says so, else as soon as more than `max_bytes` were read.
        IncompleteSource: the stream ended before `size` bytes.
    """

    def __init__(self, source: BinaryIO, *, size: int, max_bytes: int) -> None:
        self.size = size
        self.bytes_read = 0
        self._source = source
        self._max_bytes = max_bytes
        self._fetched = 0
        self._ahead = b""
        self._refuse_beyond_limit(size)

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end of the stream; they stay to be read."""
        while len(self._ahead) < size and (block := self._fetch(size - len(self._ahead))):
            self._ahead += block
        return self._ahead[:size]

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; nothing at the end of the stream only."""
        if self._ahead:
            block, self._ahead = self._ahead[:size], self._ahead[size:]
        else:
            block = self._fetch(size)
        self.bytes_read += len(block)
        return block

    def _fetch(self, size: int) -> bytes:
        block = self._source.read(size)
        self._fetched += len(block)
        self._refuse_beyond_limit(self._fetched)
        if not block and self._fetched < self.size:
            raise IncompleteSource(f"the file's stream ended after {self._fetched} of {self.size} bytes")
        return block

    def _refuse_beyond_limit(self, size: int) -> None:
        if size > self._max_bytes:
            raise FileRejected(
                f"The file is larger than {self._max_bytes:,} bytes.", code="FILE_TOO_LARGE", field="max_bytes"
            )
