"""Gathers what a writer produces into chunks of a size that is worth sending."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

CHUNK_BYTES: Final = 512 * 1024


def in_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks of at least `CHUNK_BYTES`, the last one excepted; nothing for no bytes."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if size:
        yield b"".join(waiting)
