"""Which call of which AWS service a request on the wire is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SCOPE = re.compile(r"Credential=[^/]+/\d+/[a-z0-9-]+/([a-z0-9-]+)/aws4_request")
#: What S3's requests with these keys in the query are called, by method.
_S3_BY_QUERY = {
    ("POST", "uploads"): "CreateMultipartUpload",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("PUT", "uploadId"): "UploadPart",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
    ("POST", "delete"): "DeleteObjects",
    ("GET", "list-type"): "ListObjectsV2",
    ("GET", "versions"): "ListObjectVersions",
}
_S3_BY_METHOD = {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}


@dataclass(frozen=True)
class AwsCall:
    """One signed request of a function.

    Attributes:
        service: as the signature names it: `dynamodb`, `s3`, `sqs`, `states`, `events`.
        conditional: an S3 request with `If-None-Match` or `If-Match`.
        path: of the URL, as it was sent.
    """

    service: str
    operation: str
    body: bytes
    conditional: bool = False
    path: str = "/"

    @classmethod
    def of(
        cls, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, path: str = "/"
    ) -> AwsCall | None:
        """None where nobody signed: somebody else's request, such as a client's that follows a signed link."""
        scope = _SCOPE.search(headers.get("Authorization", ""))
        if scope is None:
            return None
        service = scope[1]
        if service != "s3":
            return cls(service, headers.get("X-Amz-Target", "").rpartition(".")[2] or "Unknown", body)
        named = next((name for (verb, key), name in _S3_BY_QUERY.items() if verb == method and key in query), None)
        operation = named or _S3_BY_METHOD.get(method, "Unknown")
        return cls(service, operation, body, "If-None-Match" in headers or "If-Match" in headers, path)

    def json(self) -> dict[str, Any]:
        """The parsed body of a service that speaks JSON."""
        return dict(json.loads(self.body))
