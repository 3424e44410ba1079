"""Links for clients. Signing sends nothing, so nothing stands in for S3 here."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.adapters.s3_links import S3Links, content_disposition
from contacts.ports import FileLinks
from tests.support.aws_clients import REGION
from tests.support.memory_links import ORIGIN, MemoryLinks

BUCKET = "contacts-files"
S3_ORIGIN = f"https://{BUCKET}.s3.{REGION}.amazonaws.com"


def make_links() -> S3Links:
    client = boto3.client(
        "s3",
        region_name=REGION,
        aws_access_key_id="id",
        aws_secret_access_key="secret",
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    return S3Links(client=client, bucket=BUCKET, region=REGION)


S3_LINKS = make_links()
BOTH = pytest.mark.parametrize(
    ("links", "origin"), [(S3_LINKS, S3_ORIGIN), (MemoryLinks(), ORIGIN)], ids=["s3", "memory"]
)
keys = st.lists(
    (st.text(min_size=1, max_size=30) | st.text("ab.%/+ &?#=;:@", min_size=1)).filter(lambda part: "/" not in part),
    min_size=1,
    max_size=5,
).map("/".join)


class TestAddresses:
    @BOTH
    @settings(deadline=None)
    @given(keys.filter(lambda key: not {".", ".."} & set(key.split("/"))))
    def test_an_address_leads_back_to_its_key(self, links: FileLinks, origin: str, key: str) -> None:
        url = links.url_of(key)
        assert url.startswith(f"{origin}/")
        assert url.isascii()
        assert links.key_of(url) == key

    @settings(deadline=None)
    @given(st.text(max_size=40) | st.text("ab.%/+ &?#=2F", max_size=40))
    def test_whatever_follows_the_host_means_one_key_or_none(self, rest: str) -> None:
        url = f"{S3_ORIGIN}/{rest}"
        key = S3_LINKS.key_of(url)
        assert key is None or S3_LINKS.url_of(key) == url

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "uploads/a/1",
            f"{S3_ORIGIN}",
            f"{S3_ORIGIN}/",
            f"http{S3_ORIGIN.removeprefix('https')}/uploads/a/1",
            f"{S3_ORIGIN.upper()}/uploads/a/1",
            f" {S3_ORIGIN}/uploads/a/1",
            f"{S3_ORIGIN}/uploads/a/1 ",
            f"{S3_ORIGIN}/uploads/a/1\n",
            f"{S3_ORIGIN}/uploads/a/1?versionId=2",
            f"{S3_ORIGIN}/uploads/a/1?",
            f"{S3_ORIGIN}/uploads/a/1#x",
            f"{S3_ORIGIN}/uploads%2Fa/1",
            f"{S3_ORIGIN}/uploads%2fa/1",
            f"{S3_ORIGIN}/uploads/a/../b/1",
            f"{S3_ORIGIN}/uploads/a/./1",
            f"{S3_ORIGIN}/uploads/a/%2e%2e/b/1",
            f"{S3_ORIGIN}/uploads/a/%2E%2E/b/1",
            f"{S3_ORIGIN}/..",
            f"{S3_ORIGIN}/uploads/%61/1",
            f"{S3_ORIGIN}/uploads/a/%ff",
            f"{S3_ORIGIN}/uploads/a/%",
            f"{S3_ORIGIN}/uploads/a/é",
            f"{S3_ORIGIN}/uploads/a/\ud800",
            f"{S3_ORIGIN}/uploads\\a/1",
            f"{S3_ORIGIN}:443/uploads/a/1",
            f"{S3_ORIGIN}./uploads/a/1",
            f"{S3_ORIGIN}.evil.test/uploads/a/1",
            f"{S3_ORIGIN}@evil.test/uploads/a/1",
            f"https://user:pass@{S3_ORIGIN.removeprefix('https://')}/uploads/a/1",
            f"https://other.s3.{REGION}.amazonaws.com/uploads/a/1",
            f"https://{BUCKET}.s3.us-east-1.amazonaws.com/uploads/a/1",
            f"https://{BUCKET}.s3.amazonaws.com/uploads/a/1",
            f"https://s3.{REGION}.amazonaws.com/{BUCKET}/uploads/a/1",
            f"s3://{BUCKET}/uploads/a/1",
            "file:///etc/passwd",
            "http://169.254.169.254/latest/meta-data",
            f"{S3_ORIGIN}/{'x' * 1_025}",
        ],
    )
    def test_any_other_address_means_nothing(self, url: str) -> None:
        assert S3_LINKS.key_of(url) is None

    def test_the_longest_key_that_s3_takes_is_one(self) -> None:
        key = "x" * 1_024
        assert S3_LINKS.key_of(S3_LINKS.url_of(key)) == key


class TestSigning:
    def test_an_upload_is_for_one_key_of_a_limited_size_and_a_limited_time(self) -> None:
        key = "uploads/a%2Fb/1"
        before = datetime.now(UTC).replace(microsecond=0)
        signed = S3_LINKS.sign_upload(key, max_bytes=1_000, seconds=600)
        assert signed.url == f"{S3_ORIGIN}/"
        assert signed.fields["key"] == key
        assert signed.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
        policy = json.loads(base64.b64decode(signed.fields["policy"]))
        assert ["content-length-range", 1, 1_000] in policy["conditions"]
        assert {"key": key} in policy["conditions"]
        assert {"bucket": BUCKET} in policy["conditions"]
        assert not [rule for rule in policy["conditions"] if isinstance(rule, list) and rule[0] == "starts-with"]
        assert policy["expiration"] == signed.expires_at
        expires = datetime.fromisoformat(signed.expires_at)
        assert before + timedelta(seconds=600) <= expires <= datetime.now(UTC) + timedelta(seconds=600)

    @pytest.mark.parametrize(
        ("file_name", "content_type"),
        [
            ("people-errors.csv", "text/csv; charset=utf-8"),
            ("PEOPLE.CSV", "text/csv; charset=utf-8"),
            ("people.json", "application/json"),
            ("people.jsonl", "application/jsonl"),
            ("people.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("people.html", "application/octet-stream"),
            ("people", "application/octet-stream"),
        ],
    )
    def test_a_download_has_a_name_a_type_and_a_limited_time(self, file_name: str, content_type: str) -> None:
        url = urlsplit(S3_LINKS.sign_download("results/a/1.csv", file_name=file_name, seconds=300))
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert f"{url.scheme}://{url.netloc}{url.path}" == f"{S3_ORIGIN}/results/a/1.csv"
        assert query["X-Amz-Expires"] == "300"
        assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
        assert query["response-content-type"] == content_type
        assert query["response-content-disposition"] == f'attachment; filename="{file_name}"'

    def test_a_client_that_signs_otherwise_is_refused(self) -> None:
        client = boto3.client("s3", region_name=REGION, aws_access_key_id="id", aws_secret_access_key="secret")
        links = S3Links(client=client, bucket=BUCKET, region=REGION)
        with pytest.raises(ValueError, match="s3v4"):
            links.sign_upload("uploads/a/1", max_bytes=1, seconds=1)
        with pytest.raises(ValueError, match="s3v4"):
            links.sign_download("results/a/1", file_name="1", seconds=1)


class TestFileNames:
    @pytest.mark.parametrize(
        ("file_name", "header"),
        [
            ("people errors.csv", 'attachment; filename="people errors.csv"'),
            ("Köln.csv", "attachment; filename=\"K_ln.csv\"; filename*=UTF-8''K%C3%B6ln.csv"),
            ('a"b.csv', "attachment; filename=\"a_b.csv\"; filename*=UTF-8''a%22b.csv"),
            ("50%.csv", "attachment; filename=\"50_.csv\"; filename*=UTF-8''50%25.csv"),
            ("a\\b/c.csv", "attachment; filename=\"a_b_c.csv\"; filename*=UTF-8''a%5Cb%2Fc.csv"),
            ("a'(1)*.csv", 'attachment; filename="a\'(1)*.csv"'),
            ("é'(1)*.csv", "attachment; filename=\"_'(1)*.csv\"; filename*=UTF-8''%C3%A9%27%281%29%2A.csv"),
            (
                "a\r\nX-Evil: 1.csv",
                "attachment; filename=\"a__X-Evil: 1.csv\"; filename*=UTF-8''a%0D%0AX-Evil%3A%201.csv",
            ),
            ("\ud800.csv", "attachment; filename=\"_.csv\"; filename*=UTF-8''%3F.csv"),
        ],
    )
    def test_a_name_is_offered_as_it_is_or_encoded(self, file_name: str, header: str) -> None:
        assert content_disposition(file_name) == header

    @settings(deadline=None)
    @given(st.text(st.characters()))
    def test_no_name_breaks_out_of_the_header(self, file_name: str) -> None:
        header = content_disposition(file_name)
        assert header.isascii()
        assert header.isprintable()
        assert header.count('"') == 2
