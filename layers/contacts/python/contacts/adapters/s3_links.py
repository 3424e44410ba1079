"""Links into the bucket for clients."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from contacts.ports import SignedUpload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: S3's quota for a key, in bytes.
_MAX_KEY_BYTES = 1_024
_CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    # Not registered, and what the readers of the format go by: https://jsonlines.org
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: What a quoted `filename` can't hold everywhere: see RFC 6266, appendix D.
_unsafe_in_file_name = re.compile(r'[^ -~]|["%/\\]')
#: RFC 5987's attr-char, besides letters and digits.
_ATTR_CHARS = "!#$&+-.^_`|~"


class S3Links:
    """`FileLinks` on one bucket.

    Args:
        client: S3 client with `Config(signature_version="s3v4", s3={"addressing_style": "virtual"})`. Nothing is sent:
            signing takes credentials alone.
        bucket: name of the bucket.
        region: its region.

    Signing raises ValueError where the client signs links in another way, as botocore does unless told.
    """

    def __init__(self, *, client: S3Client, bucket: str, region: str) -> None:
        self._client = client
        self._bucket = bucket
        self._origin = f"https://{bucket}.s3.{region}.amazonaws.com/"

    def sign_upload(self, key: str, *, max_bytes: int, seconds: int) -> SignedUpload:
        form = self._client.generate_presigned_post(
            self._bucket, key, Conditions=[["content-length-range", 1, max_bytes]], ExpiresIn=seconds
        )
        _require_version_4("x-amz-algorithm" in form["fields"])
        # The policy is what S3 judges by, so its time is the true one.
        policy = json.loads(base64.b64decode(form["fields"]["policy"]))
        return SignedUpload(url=form["url"], fields=form["fields"], expires_at=policy["expiration"])

    def sign_download(self, key: str, *, file_name: str, seconds: int) -> str:
        extension = file_name.rpartition(".")[2].lower()
        url = self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": content_disposition(file_name),
                "ResponseContentType": _CONTENT_TYPES.get(extension, "application/octet-stream"),
            },
            ExpiresIn=seconds,
        )
        _require_version_4("X-Amz-Algorithm=" in url)
        return url

    def url_of(self, key: str) -> str:
        return self._origin + quote(key, safe="/")

    def key_of(self, url: str) -> str | None:
        """See `FileLinks.key_of`. Only an address exactly as `url_of` writes it counts."""
        # The ASCII check comes first: half of a surrogate pair, as JSON can name it, can't be quoted.
        if not url.isascii() or not url.startswith(self._origin):
            return None
        key = unquote(url.removeprefix(self._origin))
        # Writing it again shows every other spelling: a query, a fragment, `%2F` for a slash, needless escapes.
        if not 0 < len(key.encode()) <= _MAX_KEY_BYTES or self.url_of(key) != url:
            return None
        # HTTP clients resolve these, so that the object asked for would be another one.
        return None if {".", ".."} & set(key.split("/")) else key


def content_disposition(file_name: str) -> str:
    """A header that offers a download under this name: RFC 6266, with RFC 5987's encoding for what is not plain."""
    plain = _unsafe_in_file_name.sub("_", file_name)
    header = f'attachment; filename="{plain}"'
    if plain == file_name:
        return header
    return f"{header}; filename*=UTF-8''{quote(file_name, safe=_ATTR_CHARS, errors='replace')}"


def _require_version_4(signed_so: bool) -> None:
    # Checked on what was signed, because a client's own settings say "s3v4" also where its links are version 2, which
    # S3 refuses in most regions.
    if not signed_so:
        raise ValueError('links need a client with Config(signature_version="s3v4")')
