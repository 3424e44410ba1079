"""What keeps its things on disk answers as what keeps them in memory does."""

from __future__ import annotations

import io
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.benchmarks.capacity import Index
from tests.benchmarks.disk_backed_aws import DiskS3, DiskTable
from tests.benchmarks.metered_dynamodb import Table
from tests.benchmarks.metered_s3 import MeteredS3

INDEX = Index("bySource", ("source",), ())


def item(pk: str, sk: str, **attributes: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}, **{name: {"S": value} for name, value in attributes.items()}}


@pytest.fixture(params=["memory", "disk"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    return Table([INDEX]) if request.param == "memory" else DiskTable(tmp_path / "table", [INDEX])


@pytest.fixture(params=["memory", "disk"])
def s3(request: pytest.FixtureRequest, tmp_path: Path) -> MeteredS3:
    return MeteredS3() if request.param == "memory" else DiskS3(tmp_path)


class TestTable:
    def test_items_by_their_keys(self, table: Table) -> None:
        assert table.get(item("p", "s")) is None
        assert table.put(item("p", "s", name="a"), None) == 1
        assert table.put(item("p", "s", name="b"), item("p", "s", name="a")) == 1
        assert table.get(item("p", "s")) == item("p", "s", name="b")
        assert table.get(item("other", "s")) is None
        assert len(table) == 1

    def test_a_query_is_in_the_order_of_keys(self, table: Table) -> None:
        keys = ["a#10", "a#02", "b#01", "a#03"]
        for sk in keys:
            table.put(item("p", sk), None)
        assert [each["sk"]["S"] for each in table.query("p", "a#")] == ["a#02", "a#03", "a#10"]

    def test_what_is_deleted_is_gone_from_table_and_index(self, table: Table) -> None:
        table.put(item("p", "s", source="x"), None)
        assert [each["sk"]["S"] for each in table.query_index("bySource", "x")] == ["s"]
        assert table.delete(item("p", "s")) == 2
        assert table.get(item("p", "s")) is None
        assert list(table.query_index("bySource", "x")) == []
        assert len(table) == 0


def put_request(key: str, body: Any, query: str = "", **headers: str) -> SimpleNamespace:
    return SimpleNamespace(url=f"https://files.example/{key}{query}", body=body, headers=headers)


def read(body: Any) -> bytes:
    return body if isinstance(body, bytes) else body.read()


class TestBucket:
    def test_what_is_put_can_be_had(self, s3: MeteredS3) -> None:
        s3.answer("PutObject", put_request("a/b%20c", b"content"))
        status, body, headers = s3.answer("GetObject", put_request("a/b%20c", b""))
        assert (status, read(body), headers["Content-Length"]) == (200, b"content", "7")
        assert s3.objects["a/b c"] == b"content"
        assert list(s3.objects) == ["a/b c"]

    def test_parts_make_one_object(self, s3: MeteredS3) -> None:
        s3.answer("CreateMultipartUpload", put_request("k", b""))
        for number, body in ((1, b"one, "), (2, b"two")):
            s3.answer("UploadPart", put_request("k", io.BytesIO(body), f"?partNumber={number}"))
        s3.answer("CompleteMultipartUpload", put_request("k", b""))
        assert s3.objects["k"] == b"one, two"

    def test_the_checksum_is_the_same(self, tmp_path: Path) -> None:
        body = random.Random(1).randbytes(200_000)
        found = []
        for s3 in (MeteredS3(), DiskS3(tmp_path)):
            s3.answer("PutObject", put_request("k", body))
            found.append(s3.answer("HeadObject", put_request("k", b"")))
        assert found[0] == found[1]

    def test_a_plan_is_not_overwritten(self, s3: MeteredS3) -> None:
        s3.answer("PutObject", put_request("k", b"1"))
        with pytest.raises(NotImplementedError, match="there already"):
            s3.answer("PutObject", put_request("k", b"2", **{"If-None-Match": "*"}))

    def test_what_is_not_there_is_not_found(self, s3: MeteredS3) -> None:
        assert s3.answer("GetObject", put_request("k", b""))[0] == 404


def memory_of(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_large_object_is_never_in_memory(tmp_path: Path) -> None:
    s3 = DiskS3(tmp_path)
    (tmp_path / "large").write_bytes(b"x" * 10_000_000)

    def upload_and_download() -> None:
        with (tmp_path / "large").open("rb") as file:
            s3.answer("PutObject", put_request("k", file))
        body: Any = s3.answer("GetObject", put_request("k", b""))[1]
        with body:
            while body.read(65_536):
                pass

    assert memory_of(upload_and_download) < 1_000_000


def test_many_items_are_not_in_memory(tmp_path: Path) -> None:
    table = DiskTable(tmp_path / "table")

    def fill() -> None:
        for number in range(2_000):
            table.put(item("p", f"{number:08}", name="x" * 1_000), None)

    assert memory_of(fill) < 500_000
    assert len(table) == 2_000
