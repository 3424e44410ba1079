"""As much of S3 as an import needs, behind a real client's `before-send` event: one bucket, in memory."""

from __future__ import annotations

import base64
import io
import re
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

#: Status, body and headers of a response.
Answer = tuple[int, bytes | BinaryIO, dict[str, str]]

_HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'
_BLOCK_BYTES = 64 * 1024
_CHUNK = re.compile(rb"([0-9a-fA-F]+)[^\r]*\r\n")


class MeteredS3:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self._uploads: dict[str, dict[int, bytes]] = {}

    def answer(self, operation: str, request: Any) -> Answer:
        url = urlsplit(request.url)
        key = unquote(url.path).removeprefix("/")
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        match operation:
            case "GetObject" | "HeadObject":
                return self._get(key, request.headers.get("Range"), with_body=operation == "GetObject")
            case "PutObject":
                if "If-None-Match" in request.headers and key in self.objects:
                    raise NotImplementedError("a plan that is there already")
                self._put(key, request)
                return 200, b"", {"ETag": '"etag"'}
            case "CreateMultipartUpload":
                self._uploads[key] = {}
                body = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
                return 200, _HEAD + body.encode(), {}
            case "UploadPart":
                self._put_part(key, int(query["partNumber"]), request)
                return 200, b"", {"ETag": '"etag"'}
            case "CompleteMultipartUpload":
                self._complete(key)
                return 200, _HEAD + b"<CompleteMultipartUploadResult/>", {}
        raise NotImplementedError(operation)

    def _put(self, key: str, request: Any) -> None:
        self.objects[key] = body_of(request)

    def _put_part(self, key: str, number: int, request: Any) -> None:
        self._uploads[key][number] = body_of(request)

    def _complete(self, key: str) -> None:
        parts = self._uploads.pop(key)
        self.objects[key] = b"".join(parts[number] for number in sorted(parts))

    def _open(self, key: str) -> tuple[bytes | BinaryIO, int, int]:
        """Body, size and CRC-32 of an object. Raises KeyError where there is none."""
        body = self.objects[key]
        return body, len(body), zlib.crc32(body)

    def _get(self, key: str, wanted: str | None, *, with_body: bool) -> Answer:
        try:
            body, size, crc = self._open(key)
        except KeyError:
            return 404, _HEAD + b"<Error><Code>NoSuchKey</Code></Error>", {}
        if wanted is not None:
            raise NotImplementedError("ranges")
        # The client checks it, as it does with what S3 answers for objects that it has put itself.
        checksum = base64.b64encode(crc.to_bytes(4)).decode()
        headers = {"Content-Length": str(size), "ETag": '"etag"', "x-amz-checksum-crc32": checksum}
        return 200, body if with_body else b"", headers


def body_of(request: Any) -> bytes:
    """What a request puts."""
    return b"".join(blocks_of(request))


def blocks_of(request: Any) -> Iterator[bytes]:
    """The same a block at a time, as it would be sent: no more than that is in memory on this account."""
    body = request.body
    source = io.BytesIO(body) if isinstance(body, bytes) else body
    blocks: Iterator[bytes] = iter(lambda: source.read(_BLOCK_BYTES), b"")
    # Once signed, a request's headers are texts or bytes.
    is_framed = request.headers.get("Content-Encoding", "") in {"aws-chunked", b"aws-chunked"}
    return _without_frames(blocks) if is_framed else blocks


def _without_frames(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of chunks, each of which says its size first."""
    waiting = b""
    for block in blocks:
        waiting += block
        while (found := _CHUNK.match(waiting)) and len(waiting) >= found.end() + int(found[1], 16) + 2:
            size = int(found[1], 16)
            if not size:
                return  # trailers follow
            yield waiting[found.end() : found.end() + size]
            waiting = waiting[found.end() + size + 2 :]
