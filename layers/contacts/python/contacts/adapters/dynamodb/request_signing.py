"""AWS Signature Version 4 of requests of one shape: DynamoDB's, a POST of a body in memory to the root of a host.

Source: "Create a signed AWS API request" in the IAM user guide. botocore's signer takes a request of any shape, and
finds out each time what it has before it; a test compares the signatures of both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import NoCredentialsError

if TYPE_CHECKING:
    from botocore.signers import RequestSigner

_ALGORITHM = "AWS4-HMAC-SHA256"
#: Headers that somebody on the way may change.
_UNSIGNED = frozenset({"user-agent", "x-amzn-trace-id"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


def signed_headers(
    params: Mapping[str, Any], signer: RequestSigner, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> dict[str, str]:
    """All headers of a request, signed, with the credentials that the signer has at this time.

    Args:
        params: a request as botocore's `before-call` event gives it, its body in bytes.
        signer: the client's own.
        now: the time, with its zone.

    Raises:
        NoCredentialsError: the signer has none.
    """
    # Asked for each time: a worker's credentials are renewed while it lives.
    auth: Any = signer.get_auth_instance(signer.signing_name, signer.region_name)
    credentials = auth.credentials
    if credentials is None:
        raise NoCredentialsError
    time = f"{now():%Y%m%dT%H%M%SZ}"
    scope = f"{time[:8]}/{signer.region_name}/{signer.signing_name}/aws4_request"
    headers = {**params["headers"], "Host": _host(params["url"]), "X-Amz-Date": time}
    if credentials.token:
        headers["X-Amz-Security-Token"] = credentials.token
    signed = {key: value for name, value in headers.items() if (key := name.lower()) not in _UNSIGNED}
    names = ";".join(sorted(signed))
    lines = "".join([f"{name}:{signed[name]}\n" for name in sorted(signed)])
    request = f"POST\n/\n\n{lines}\n{names}\n{sha256(params['body']).hexdigest()}"
    text = f"{_ALGORITHM}\n{time}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    signature = digest(_key(credentials.secret_key, scope), text.encode(), "sha256").hex()
    headers["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


@lru_cache(maxsize=2)
def _key(secret: str, scope: str) -> bytes:
    """The signing key of a day. Credentials are renewed several times in it, and no more than two are in use."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = digest(key, part.encode(), "sha256")
    return key


@lru_cache(maxsize=8)
def _host(url: str) -> str:
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port and parts.port != _DEFAULT_PORTS[parts.scheme] else ""
    return f"{parts.hostname}{port}"
