"""Objects in the bucket, and links to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol


class NotDeleted(Exception):
    """The bucket answered, but kept some of the objects; its text says how many, and why the first one."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """An object in the bucket."""

    size: int
    version: str


class FileStore(Protocol):
    """Objects in the bucket, by key."""

    def info(self, key: str) -> FileInfo | None: ...

    def put(self, key: str, body: bytes) -> None: ...

    def put_if_absent(self, key: str, body: bytes) -> bool:
        """Store unless there is an object of that key already: then False."""
        ...

    def get(self, key: str) -> bytes | None:
        """The whole object, None if there is none."""
        ...

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`; empty from the object's end on, or where there is no object."""
        ...

    def open(self, key: str, version: str | None = None) -> AbstractContextManager[BinaryIO]:
        """The object as a stream, not seekable. A connection that breaks is taken up again where it broke."""
        ...

    def put_stream(self, key: str, chunks: Iterable[bytes]) -> int:
        """Store a stream of any length at constant memory, all or nothing; returns its size."""
        ...

    def list_keys(self, prefix: str) -> Iterator[str]:
        """Keys with this prefix, in order; strongly consistent."""
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Remove these objects; those that are gone already are no trouble.

        Raises:
            NotDeleted: some could not be removed.
        """
        ...


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """A form that lets a browser upload one file."""

    url: str
    fields: Mapping[str, str]
    expires_at: str


class FileLinks(Protocol):
    """Links into the bucket for clients."""

    def sign_upload(self, key: str, *, max_bytes: int, seconds: int) -> SignedUpload: ...

    def sign_download(self, key: str, *, file_name: str, seconds: int) -> str: ...

    def url_of(self, key: str) -> str:
        """The object's own address; not a way in."""
        ...

    def key_of(self, url: str) -> str | None:
        """The key that such an address names, None for any other address."""
        ...
