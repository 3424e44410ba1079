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
        self._lines: list[list[bytes]] = [[] for _ in range(parts)]
        self._directory = directory
        self._buffer_bytes = buffer_bytes
        self._buffered = 0

    def add(self, part: int, line: bytes) -> None:
        """Append a line to a part; lines of a part keep their order."""
        self._lines[part].append(line)
        self._buffered += len(line)
        if self._buffered >= self._buffer_bytes:
            self._flush()

    def parts(self) -> Iterator[tuple[int, bytes]]:
        """The parts that have lines, by number, each with all its lines. One part is in memory at a time."""
        for part, lines in enumerate(self._lines):
            path = self._path(part)
            before = path.read_bytes() if path.exists() else b""
            if before or lines:
                yield part, before + b"".join(line + b"\n" for line in lines)

    def _flush(self) -> None:
        for part, lines in enumerate(self._lines):
            if lines:
                # One file is open at a time: there can be more parts than a process may have open files.
                with self._path(part).open("ab") as file:
                    file.writelines(line + b"\n" for line in lines)
                lines.clear()
        self._buffered = 0

    def _path(self, part: int) -> Path:
        return self._directory / f"part-{part:05d}"
