"""Reading an object to its end over connections that may break."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from urllib3.exceptions import HTTPError

from contacts.adapters.backoff import Backoff

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

#: Breaks in a row, without a byte in between, after which reading gives up.
_BREAKS_IN_A_ROW = 5
_PIECE_BYTES = 1024 * 1024
#: What a connection that breaks raises: through botocore, or from urllib3 where botocore lets it pass (TLS).
_BROKEN = (HTTPClientError, IncompleteReadError, HTTPError)


class ResumingObject(io.RawIOBase):
    """One version of one object, read from front to back.

    botocore retries a request, but not the reading of its answer, and the upload of a large file takes minutes to
    read. Where the connection breaks, this asks for the rest of the same version: `If-Match` guards buckets without
    versions.

    Args:
        client: S3 client.
        which: bucket, key and, where pinned, version of the object, as GetObject takes them.
        backoff: how long to wait before asking again.

    Raises:
        FileNotFoundError: there is no such object or version.
    """

    def __init__(self, client: S3Client, which: dict[str, Any], backoff: Backoff) -> None:
        super().__init__()
        self._client = client
        self._backoff = backoff
        self._position = 0
        self._breaks = 0
        self._body: StreamingBody | None = None  # before anything can fail: the destructor closes it
        try:
            first = client.get_object(**which)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in {"NoSuchKey", "NoSuchVersion"}:
                raise FileNotFoundError("There is no such object or version.") from error
            raise
        self._body = first["Body"]
        self._size = first["ContentLength"]
        self._same = {**which, "IfMatch": first["ETag"]}
        if "VersionId" in first:
            self._same["VersionId"] = first["VersionId"]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._position < self._size:
            try:
                chunk = self._read_some(self._open_body(), len(buffer))
            except _BROKEN:
                self._drop_body()
                self._breaks += 1
                if self._breaks >= _BREAKS_IN_A_ROW:
                    raise
                self._backoff.sleep(self._backoff.pause(self._breaks))
                continue
            self._breaks = 0
            self._position += len(chunk)
            buffer[: len(chunk)] = chunk
            return len(chunk)
        return 0

    def readall(self) -> bytes:
        # In pieces that suit objects of a megabyte; the inherited one takes 8 KB at a time.
        return b"".join(iter(lambda: self.read(_PIECE_BYTES), b""))

    def close(self) -> None:
        self._drop_body()
        super().close()

    def _open_body(self) -> StreamingBody:
        if self._body is None:
            rest = self._client.get_object(**self._same, Range=f"bytes={self._position}-")
            self._body = rest["Body"]
            if "ContentRange" not in rest:
                # The whole object: a server may ignore a range (RFC 9110, section 14.2), as the local engine does for
                # a pinned version. Read on from there, the file would have its beginning twice.
                self._skip(self._body, self._position)
        return self._body

    def _skip(self, body: StreamingBody, count: int) -> None:
        while count > 0:
            count -= len(self._read_some(body, min(count, _PIECE_BYTES)))

    def _read_some(self, body: StreamingBody, count: int) -> bytes:
        chunk = body.read(count)
        if not chunk:  # before its end: a connection that broke without saying so
            raise IncompleteReadError(actual_bytes=self._position, expected_bytes=self._size)
        return chunk

    def _drop_body(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
