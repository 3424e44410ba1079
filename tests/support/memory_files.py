"""A `FileStore` in a dictionary that keeps every version of every key, as the versioned bucket does."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO

from contacts.ports import FileInfo


class _Stream(io.RawIOBase):
    """Bytes that can be read once, from front to back."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._rest = memoryview(body)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


class MemoryFiles:
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.versions: dict[str, list[bytes]] = {}

    def info(self, key: str) -> FileInfo | None:
        with self._lock:
            versions = self.versions.get(key)
            return FileInfo(size=len(versions[-1]), version=f"v{len(versions)}") if versions else None

    def put(self, key: str, body: bytes) -> None:
        with self._lock:
            self.versions.setdefault(key, []).append(bytes(body))

    def put_if_absent(self, key: str, body: bytes) -> bool:
        with self._lock:
            if key in self.versions:
                return False
            self.put(key, body)
            return True

    def get(self, key: str) -> bytes | None:
        with self._lock:
            versions = self.versions.get(key)
            return versions[-1] if versions else None

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return (self.get(key) or b"")[start : start + length]

    def open(self, key: str, version: str | None = None) -> AbstractContextManager[BinaryIO]:
        with self._lock:
            versions = {f"v{number}": body for number, body in enumerate(self.versions.get(key, ()), start=1)}
        body = versions.get(version or f"v{len(versions)}")
        if body is None:
            raise FileNotFoundError("no such object or version")
        return io.BufferedReader(_Stream(body))

    def put_stream(self, key: str, chunks: Iterable[bytes]) -> int:
        body = b"".join(chunks)
        self.put(key, body)
        return len(body)

    def list_keys(self, prefix: str) -> Iterator[str]:
        with self._lock:
            keys = sorted(key for key in self.versions if key.startswith(prefix))
        yield from keys

    def delete(self, keys: Sequence[str]) -> None:
        with self._lock:
            for key in keys:
                self.versions.pop(key, None)
