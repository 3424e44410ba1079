"""Rows on their way into parts, at constant memory: kept in memory up to a bound, then appended to files on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

#: Bytes of rows held in memory before all of them go to disk.
BUFFER_BYTES = 16 * 1024 * 1024


class PartSpill:
    """Lines by part, in files `part-…` of a directory that is the caller's to remove."""

    def __init__(self, parts: int, directory: Path, *, buffer_bytes: int = BUFFER_BYTES) -> None:
        self.number_of_parts = parts
        # One array a part, not a list of lines: freshly made lines can take ten times their length, as orjson's do.
        self._buffers = [bytearray() for _ in range(parts)]
        self._directory = directory
        self._buffer_bytes = buffer_bytes
        self._buffered = 0

    def add(self, part: int, line: bytes) -> None:
        """Append a line, given with its line break, to a part; lines of a part keep their order."""
        self._buffers[part] += line
        self._buffered += len(line)
        if self._buffered >= self._buffer_bytes:
            self._flush()

    def parts(self) -> Iterator[tuple[int, bytes]]:
        """The parts that have lines, by number, each with all its lines. One part is in memory at a time."""
        for part, buffer in enumerate(self._buffers):
            path = self._path(part)
            before = path.read_bytes() if path.exists() else b""
            if before or buffer:
                yield part, before + buffer

    def _flush(self) -> None:
        for part, buffer in enumerate(self._buffers):
            if buffer:
                # One file is open at a time: there can be more parts than a process may have open files.
                with self._path(part).open("ab") as file:
                    file.write(buffer)
                buffer.clear()
        self._buffered = 0

    def _path(self, part: int) -> Path:
        return self._directory / f"part-{part:05d}"
