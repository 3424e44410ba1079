"""Requests are signed as botocore signs them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError
from hypothesis import given
from hypothesis import strategies as st

from contacts.adapters.dynamodb.request_signing import signed_headers

TIME = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
HEADERS = {
    "X-Amz-Target": "DynamoDB_20120810.BatchExecuteStatement",
    "Content-Type": "application/x-amz-json-1.0",
    "User-Agent": "Boto3/1 md/Botocore",
    "X-Amzn-Trace-Id": "Root=1;Parent=2;Sampled=1",
}


class Signer:
    """As much of a client's signer as is asked."""

    signing_name = "dynamodb"

    def __init__(self, credentials: Credentials | None, region: str = "eu-west-1") -> None:
        self.region_name = region
        self.credentials = credentials

    def get_auth_instance(self, service: str, region: str) -> SigV4Auth:
        found = self.credentials
        return SigV4Auth(found.get_frozen_credentials() if found else None, service, region)


def by_botocore(params: dict[str, Any], signer: Signer, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: TIME)
    request = AWSRequest("POST", params["url"], headers=params["headers"], data=params["body"])
    signer.get_auth_instance("dynamodb", signer.region_name).add_auth(request)
    return str(request.headers["Authorization"])


credentials = st.builds(
    Credentials,
    st.text(st.sampled_from("ABC012"), min_size=1),
    st.text(st.sampled_from("abcXYZ+/9"), min_size=1),
    st.none() | st.text(st.sampled_from("token=/+"), min_size=1),
)
urls = st.sampled_from(
    [
        "https://dynamodb.eu-west-1.amazonaws.com/",
        "https://123456789012.ddb.eu-west-1.amazonaws.com/",
        "http://127.0.0.1:4566/",
        "http://localhost/",
        "https://localhost:443/",
    ]
)


@given(credentials, urls, st.binary(min_size=1), st.sampled_from(["eu-west-1", "us-gov-east-1"]))
def test_the_signature_is_that_of_botocore(of: Credentials, url: str, body: bytes, region: str) -> None:
    params = {"url": url, "headers": HEADERS, "body": body}
    signer = Signer(of, region)
    headers = signed_headers(params, signer, lambda: TIME)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        assert headers["Authorization"] == by_botocore(params, signer, patch)
    assert headers.get("X-Amz-Security-Token") == of.token
    assert headers["X-Amz-Date"] == "20260203T040506Z"
    assert HEADERS.items() <= headers.items()


def test_credentials_and_days_that_change_change_the_signature() -> None:
    params = {"url": "https://dynamodb.eu-west-1.amazonaws.com/", "headers": HEADERS, "body": b"{}"}
    signer = Signer(Credentials("a", "b", "c"))
    first = signed_headers(params, signer, lambda: TIME)["Authorization"]  # type: ignore[arg-type]
    signer.credentials = Credentials("a", "other", "c")
    second = signed_headers(params, signer, lambda: TIME)["Authorization"]  # type: ignore[arg-type]
    third = signed_headers(params, signer, lambda: TIME.replace(day=4))["Authorization"]  # type: ignore[arg-type]
    signatures = {each.rpartition("Signature=")[2] for each in (first, second, third)}
    assert len(signatures) == 3


def test_without_credentials_nothing_is_signed() -> None:
    params = {"url": "https://dynamodb.eu-west-1.amazonaws.com/", "headers": HEADERS, "body": b"{}"}
    with pytest.raises(NoCredentialsError):
        signed_headers(params, Signer(None))  # type: ignore[arg-type]
