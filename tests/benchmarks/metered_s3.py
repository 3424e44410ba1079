"""As much of S3 as an import needs, behind a real client's `before-send` event: one bucket, in memory."""

from __future__ import annotations

import base64
import re
import zlib
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'
_CHUNK = re.compile(rb"([0-9a-fA-F]+)[^\r]*\r\n")


class MeteredS3:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self._uploads: dict[str, dict[int, bytes]] = {}

    def answer(self, operation: str, request: Any) -> tuple[int, bytes, dict[str, str]]:
        url = urlsplit(request.url)
        key = unquote(url.path).removeprefix("/")
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        match operation:
            case "GetObject" | "HeadObject":
                return self._get(key, request.headers.get("Range"), with_body=operation == "GetObject")
            case "PutObject":
                if "If-None-Match" in request.headers and key in self.objects:
                    raise NotImplementedError("a plan that is there already")
                self.objects[key] = _body(request)
                return 200, b"", {"ETag": '"etag"'}
            case "CreateMultipartUpload":
                self._uploads[key] = {}
                body = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
                return 200, _HEAD + body.encode(), {}
            case "UploadPart":
                self._uploads[key][int(query["partNumber"])] = _body(request)
                return 200, b"", {"ETag": '"etag"'}
            case "CompleteMultipartUpload":
                parts = self._uploads.pop(key)
                self.objects[key] = b"".join(parts[number] for number in sorted(parts))
                return 200, _HEAD + b"<CompleteMultipartUploadResult/>", {}
        raise NotImplementedError(operation)

    def _get(self, key: str, wanted: str | None, *, with_body: bool) -> tuple[int, bytes, dict[str, str]]:
        body = self.objects.get(key)
        if body is None:
            return 404, _HEAD + b"<Error><Code>NoSuchKey</Code></Error>", {}
        if wanted is not None:
            raise NotImplementedError("ranges")
        # The client checks it, as it does with what S3 answers for objects that it has put itself.
        checksum = base64.b64encode(zlib.crc32(body).to_bytes(4)).decode()
        headers = {"Content-Length": str(len(body)), "ETag": '"etag"', "x-amz-checksum-crc32": checksum}
        return 200, body if with_body else b"", headers


def _body(request: Any) -> bytes:
    body = request.body
    content: bytes = body if isinstance(body, bytes) else body.read()
    # Once signed, a request's headers are texts or bytes.
    if request.headers.get("Content-Encoding", "") not in {"aws-chunked", b"aws-chunked"}:
        return content
    chunks = []
    at = 0
    while (found := _CHUNK.match(content, at)) and (size := int(found[1], 16)):
        chunks.append(content[found.end() : found.end() + size])
        at = found.end() + size + 2
    return b"".join(chunks)
