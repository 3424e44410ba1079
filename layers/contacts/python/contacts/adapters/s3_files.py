"""Objects in the bucket."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.s3_reading import ResumingObject
from contacts.ports import FileInfo, NotDeleted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Up to this size a stream is stored with one request; beyond, in parts of this size.
_PART_BYTES = 8 * 1024 * 1024
_READ_BUFFER_BYTES = 256 * 1024
#: DeleteObjects' quota.
_MAX_DELETIONS = 1_000
#: What S3 calls the one version of an object in a bucket without versions.
_UNVERSIONED = "null"


class S3Files:
    """`FileStore` on one bucket.

    Args:
        client: S3 client.
        bucket: name of the bucket.
        backoff: how long to try again where two writers meet at one key, or where a connection breaks.
    """

    def __init__(self, *, client: S3Client, bucket: str, backoff: Backoff | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._backoff = backoff or Backoff()

    def info(self, key: str) -> FileInfo | None:
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if _code(error) in {"404", "NoSuchKey", "NotFound"}:  # a HEAD has no body to say more
                return None
            raise
        return FileInfo(size=found["ContentLength"], version=found.get("VersionId", _UNVERSIONED))

    def put(self, key: str, body: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def put_if_absent(self, key: str, body: bytes) -> bool:
        def put() -> object:
            return self._client.put_object(Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*")

        try:
            # A conflict says that another write of this key is under way, not yet how it will end.
            self._backoff.call(put, retry_if=lambda error: _code(error) == "ConditionalRequestConflict")
        except ClientError as error:
            if _code(error) == "PreconditionFailed":
                return False
            raise
        return True

    def get(self, key: str) -> bytes | None:
        try:
            with self.open(key) as stream:
                return stream.read()
        except FileNotFoundError:
            return None

    def get_range(self, key: str, start: int, length: int) -> bytes:
        if length <= 0:
            return b""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={start}-{start + length - 1}")
        except ClientError as error:
            if _code(error) in {"InvalidRange", "NoSuchKey"}:
                return b""
            raise
        return found["Body"].read()

    def open(self, key: str, version: str | None = None) -> AbstractContextManager[BinaryIO]:
        """See `FileStore.open`. Raises FileNotFoundError where there is no such object or version."""
        which: dict[str, Any] = {"Bucket": self._bucket, "Key": key}
        if version is not None:
            which["VersionId"] = version
        raw = ResumingObject(self._client, which, self._backoff)
        return cast("BinaryIO", io.BufferedReader(raw, _READ_BUFFER_BYTES))

    def put_stream(self, key: str, chunks: Iterable[bytes]) -> int:
        """See `FileStore.put_stream`. A multipart upload that fails is aborted; the bucket's lifecycle is the net."""
        source = _ChunkReader(chunks)
        self._client.upload_fileobj(
            # Buffered, because a short read would look like the end.
            cast("BinaryIO", io.BufferedReader(source, _READ_BUFFER_BYTES)),
            self._bucket,
            key,
            # In this thread, so that no more than a part is held in memory.
            Config=TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, use_threads=False),
        )
        return source.size

    def list_keys(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            for found in page.get("Contents", ()):
                yield found["Key"]

    def delete(self, keys: Sequence[str]) -> None:
        """See `FileStore.delete`. In a versioned bucket what was there stays as an older version for its lifecycle."""
        errors: list[str] = []
        for start in range(0, len(keys), _MAX_DELETIONS):
            batch = keys[start : start + _MAX_DELETIONS]
            answer = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True}
            )
            errors += [error.get("Code", "unknown") for error in answer.get("Errors", ())]
        if errors:
            raise NotDeleted(f"the bucket kept {len(errors)} of {len(keys)} objects: {errors[0]}")


class _ChunkReader(io.RawIOBase):
    """An iterable of bytes as a file to read once; `size` counts what was read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        super().__init__()
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        self.size += len(taken)
        return len(taken)


def _code(error: Exception) -> str:
    return error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
