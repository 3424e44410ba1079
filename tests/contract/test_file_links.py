"""Following the links that `S3Links` signs, on the local engine, which checks signatures and policies as S3 does."""

from __future__ import annotations

import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest

from contacts.adapters.s3_links import S3Links, content_disposition
from tests.support.aws_clients import REGION, make_client, ministack_endpoint


@pytest.fixture
def links() -> tuple[S3Links, Any, str]:
    client, bucket = make_client("s3", ministack_endpoint()), f"files-{uuid.uuid4()}"
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    return S3Links(client=client, bucket=bucket, region=REGION), client, bucket


@pytest.mark.parametrize(
    ("size", "changed", "status"),
    [(100, {}, 204), (1, {}, 204), (0, {}, 400), (101, {}, 400), (10, {"key": "uploads/b/1"}, 403)],
    ids=["limit", "one", "empty", "too large", "other key"],
)
def test_an_upload_is_taken_within_its_limits_alone(
    links: tuple[S3Links, Any, str], size: int, changed: dict[str, str], status: int
) -> None:
    signer, client, bucket = links
    signed = signer.sign_upload("uploads/a/1", max_bytes=100, seconds=60)
    assert _post_form(signed.url, {**signed.fields, **changed}, b"x" * size) == status
    stored = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    assert [found["Size"] for found in stored] == ([size] if status == 204 else [])


def test_a_download_comes_under_its_name(links: tuple[S3Links, Any, str]) -> None:
    signer, client, bucket = links
    client.put_object(Bucket=bucket, Key="results/a/é 1.csv", Body=b"row")
    url = signer.sign_download("results/a/é 1.csv", file_name="Köln.csv", seconds=60)
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"row"
        assert answer.headers["Content-Disposition"] == content_disposition("Köln.csv")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_a_download_of_another_key_is_refused(links: tuple[S3Links, Any, str]) -> None:
    signer, client, bucket = links
    client.put_object(Bucket=bucket, Key="results/b/1.csv", Body=b"row")
    url = signer.sign_download("results/a/1.csv", file_name="1.csv", seconds=60)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url.replace("/results/a/", "/results/b/"))
    assert refused.value.code == 403


def _post_form(url: str, fields: dict[str, str], body: bytes) -> int:
    """Send a form as a browser would; returns the answer's status."""
    boundary = uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    file_head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    form = "".join([*parts, file_head]).encode() + body + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(
        url, form, {"Content-Type": f"multipart/form-data; boundary={boundary}"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
