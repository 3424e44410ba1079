"""Lines sorted into buckets at constant memory: kept in memory up to a bound, then all together in one file on disk."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator
from typing import IO

#: Bytes of lines held in memory before all of them go to disk.
BUFFER_BYTES = 16 * 1024 * 1024
#: The most bytes of a bucket that are read at once: one bucket may hold all that there is.
_PIECE_BYTES = 1024 * 1024


class TooManyBytesError(Exception):
    """The lines of all buckets together take more than their bound."""


class LineBuckets:
    """Buckets of lines, numbered from 0. Lines are given, and given back, with their line break.

    Args:
        number: of buckets.
        file: an empty file on disk. Without a name it goes with the process, however that ends.
        max_bytes: that all buckets may take together, checked as often as they go to disk.
    """

    def __init__(self, number: int, file: IO[bytes], *, max_bytes: int, buffer_bytes: int = BUFFER_BYTES) -> None:
        # One array a bucket, not a list of lines: freshly made lines can take ten times their length, as orjson's do.
        self._buffers = [bytearray() for _ in range(number)]
        #: Where a bucket's blocks lie in the file: start and length of one after the other.
        self._stored = [array("Q") for _ in range(number)]
        self._file = file
        self._end = 0
        self._max_bytes = max_bytes
        self._buffer_bytes = buffer_bytes
        self._buffered = 0

    def add(self, bucket: int, line: bytes) -> None:
        """Append a line to a bucket; lines of a bucket keep their order.

        Raises:
            TooManyBytesError: this would be more than `max_bytes`.
        """
        self._buffers[bucket] += line
        self._buffered += len(line)
        if self._buffered >= self._buffer_bytes:
            self._flush()

    def size(self, bucket: int) -> int:
        """Bytes of a bucket's lines."""
        return sum(self._stored[bucket][1::2]) + len(self._buffers[bucket])

    def pieces(self, bucket: int) -> Iterator[bytes]:
        """A bucket's lines in pieces of little memory, which may end in the middle of a line."""
        places = iter(self._stored[bucket])
        for start, length in zip(places, places, strict=True):
            for at in range(start, start + length, _PIECE_BYTES):
                self._file.seek(at)
                yield self._file.read(min(_PIECE_BYTES, start + length - at))
        buffer = self._buffers[bucket]
        for at in range(0, len(buffer), _PIECE_BYTES):
            yield bytes(buffer[at : at + _PIECE_BYTES])

    def lines(self, bucket: int) -> Iterator[bytes]:
        """A bucket's lines, one at a time."""
        rest = b""
        for piece in self.pieces(bucket):
            # Up to its last line break; the first of these lines may have begun before.
            end = piece.rfind(b"\n") + 1
            if end:
                yield from io.BytesIO(rest + piece[:end])
                rest = b""
            rest += piece[end:]

    def _flush(self) -> None:
        if self._end + self._buffered > self._max_bytes:
            raise TooManyBytesError
        self._file.seek(self._end)
        for places, buffer in zip(self._stored, self._buffers, strict=True):
            if buffer:
                self._file.write(buffer)
                places.extend((self._end, len(buffer)))
                self._end += len(buffer)
        # New ones: what a cleared one keeps, however little, stays in the way of what its memory is used for next.
        self._buffers = [bytearray() for _ in self._buffers]
        self._buffered = 0
